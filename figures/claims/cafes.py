"""Claims about the robot's beliefs; `shown["cafes"]` are the fits by number of visits."""

from __future__ import annotations

import numpy as np

from figures.cafes import learning
from figures.claims.draws import mean, sd
from models.cafes import CAFES
from models.tables import read


def _table(shown):
    return read(CAFES, shown.get("data"))


def _mean_waits(shown):
    """(visits + 1, cafes) posterior means of log waits."""
    return np.array([mean(fit, "a") for fit in shown["cafes"]])


def _first_wait_is_short_and_moves_all(shown):
    table, level = _table(shown), _mean_waits(shown)
    is_short = table["cafe"][0] == 1 and table["wait"][0] < np.exp(level[0]).min()
    return bool(is_short and (level[1] < level[0] - 0.25).all())


def _second_wait_is_long_and_widens(shown):
    table, level = _table(shown), _mean_waits(shown)
    is_long = table["cafe"][1] == 2 and table["wait"][1] > np.exp(level[1]).max()
    before, after = (sd(shown["cafes"][k], "a")[2:] for k in (1, 2))
    return bool(is_long and (level[2] > level[1]).all() and (after > before).all())


def _cafe_5_moves_before_its_visit(shown):
    first = int(np.flatnonzero(_table(shown)["cafe"] == 5)[0])  # visits seen when its first one begins
    level = _mean_waits(shown)[:, 4]
    return bool(first > 1 and abs(level[first] - level[0]) > 0.1)


def _own_cafe_and_others_move(shown):
    """On average over the visits, by over 0.05 and 0.02 in the log of the mean wait."""
    own, others = _moves(shown)
    return bool(own.mean() > 0.05 and others.mean() > 0.02)


def _early_visits_move_others(shown):
    _, others = _moves(shown)
    return bool(others[:5].sum() > 10.0 * others[-5:].sum())


def _moves(shown):
    """(of the cafe visited, of the others on average): how far each visit moves the mean of log waits, (visits,)."""
    steps = np.abs(np.diff(_mean_waits(shown), axis=0))
    visited = _table(shown)["cafe"].astype(int)[: len(steps)] - 1
    own = steps[np.arange(len(steps)), visited]
    return own, (steps.sum(axis=1) - own) / (steps.shape[1] - 1)


def _curves_are_ordered(shown):
    found = learning.curves()
    early = slice(0, 5)
    return bool(
        (found.memory[early] < found.amnesia[early]).all()
        and (found.memory[1:5] < found.average[1:5]).all()
        and np.argmax(found.amnesia - found.memory) == 0
    )


def _curves_meet(shown):
    found = learning.curves()
    last = [errors[-1] for errors in found]
    return np.ptp(last) < 0.1 * min(last)


CLAIMS = {
    "learning_curves": {
        "Memory learns faster": _curves_are_ordered,
        "200 simulated robots has made 5 visits to each of 10 cafes": lambda shown: (
            (learning.ROBOTS, learning.VISITS, learning.KNOWN) == (200, 5, 10)
        ),
        "Memory has the smaller error before the first visit and after each of the first four, and it is worth most at "
        "the beginning": _curves_are_ordered,
        "has a larger error than memory there too": _curves_are_ordered,
        "Later the cafe's own waits decide, and the curves meet": _curves_meet,
        "in nothing else": "they see the same waits",
    },
    "cafes_sheet": {
        "out of 20": lambda shown: _table(shown)["visit"].size == 20 == len(shown["cafes"]) - 1,
        "prior, the same for all": lambda shown: (
            np.ptp(sd(shown["cafes"][0], "a")) < 0.05 and np.ptp(mean(shown["cafes"][0], "a")) < 0.05
        ),
        "nobody visited": "the number of visits is written into each panel",
        "one short wait at cafe 1 moves every curve to shorter waits": _first_wait_is_short_and_moves_all,
        "One long wait at cafe 2 then moves them back and makes them wider": _second_wait_is_long_and_widens,
        "the belief about cafe 5 has changed before the first visit there": _cafe_5_moves_before_its_visit,
    },
    "cafes_film": {
        "five cafes": lambda shown: _table(shown)["cafe"].max() == 5,
        "A visit moves the curve of its own cafe, and also the others": _own_cafe_and_others_move,
        "The first five visits move the other cafes by more than ten times as much as the last five do": (
            _early_visits_move_others
        ),
    },
}
