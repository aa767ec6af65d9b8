"""hmc.record.narrate: what is said of a transition is what is in its record."""

import math
import re
from typing import NamedTuple

import numpy as np
import pytest

import hmc
import models
from hmc.record import record, record_from
from hmc.record.narrate import LEGEND, distance_moved, narrate, watch
from hmc.sampler.outcome import DIVERGENCE, MAX_DEPTH, SUBTREE_U_TURN, U_TURN
from models.densities import normal


class Bend(NamedTuple):
    width: float


def ridge_density(position, data, gradient):
    """A bend of two dimensions: y ~ Normal(x^2 / 2, width), x ~ Normal(0, 1)."""
    x, y = position[0], position[1]
    across, d_y, d_mean, _ = normal(y, 0.5 * x * x, data.width)
    along, d_x, _, _ = normal(x, 0.0, 1.0)
    gradient[0] = d_x + d_mean * x
    gradient[1] = d_y
    return across + along


@pytest.fixture(scope="module")
def ridge():
    return hmc.Model(ridge_density, Bend(0.1), [hmc.Parameter("x"), hmc.Parameter("y")], name="ridge")


@pytest.fixture(scope="module")
def records(ridge):
    found = [
        *record(models.mST(), transitions=4, warmup=60),
        *record_from(ridge, [0.5, 0.1], 0.15, transitions=40, max_depth=4),
        *record_from(ridge, [-3.0, 4.5], 0.6, transitions=8),
    ]
    ends = {r.outcome.termination for r in found}
    assert ends == {U_TURN, SUBTREE_U_TURN, DIVERGENCE, MAX_DEPTH}
    return found


def near(text, value):
    """Whether a number said is a value to three significant digits."""
    return text == "not a number" if math.isnan(value) else float(text) == pytest.approx(value, rel=6e-3)


def test_title_and_start_say_which_transition_and_its_energy(records):
    for r in records:
        title, start, *_ = narrate(r).splitlines()
        assert title.startswith(f"{r.model}, chain 1, draw {r.iteration - r.warmup + 1}: NUTS in ")
        assert near(title.rpartition(" ")[2], r.step_size)
        total, potential, kinetic = map(float, re.findall(r"-?\d+\.\d\d", start))
        assert total == pytest.approx(r.leaves[0].energy, abs=0.006)
        assert potential == pytest.approx(-r.leaves[0].log_density, abs=0.006)
        assert kinetic == pytest.approx(0.5 * (r.leaves[0].momentum ** 2).sum(), abs=0.006)
        assert ("where the chain begins" in start) == (r.iteration == 0)


DOUBLING = re.compile(
    r"Doubling (\d+), (\w+): (?:(\d+) of )?(\d+) leapfrog steps?, lea\w+ (-?\d+)(?: to (-?\d+))?; (.*)\."
)


def test_each_doubling_is_told_with_its_steps_leaves_and_energy_errors(records):
    for r in records:
        told = [DOUBLING.fullmatch(line).groups() for line in narrate(r).splitlines() if line.startswith("Doubling")]
        assert len(told) == len(r.doublings)
        for (n, direction, taken, planned, first, last, errors), doubling in zip(told, r.doublings, strict=True):
            assert int(n) == doubling.number
            assert direction == ("forwards" if doubling.is_forward else "backwards")
            assert int(planned) == 2 ** (doubling.number - 1)
            assert int(taken or planned) == len(doubling.leaves)
            assert int(first) == doubling.leaves[0].number
            assert int(last or first) == doubling.leaves[-1].number
            said = re.findall(r"-?[\d.]+(?:e[+-]\d+)?|inf|not a number", errors)
            real = [leaf.energy_error for leaf in doubling.leaves]
            if not any(map(math.isnan, real)):
                assert near(said[0], min(real))
                assert near(said[-1], max(real))


def test_proposals_are_told_as_they_were_drawn(records):
    pattern = re.compile(
        r"  The new leaves weigh (\S+) together, those before (\S+): leaf (-?\d+), drawn from them, (becomes the "
        r"proposal|has a chance of (\S+) to become the proposal, and (does|does not: it stays leaf (-?\d+)))\."
    )
    seen = set()
    for r in records:
        told = [m.groups() for line in narrate(r).splitlines() if (m := pattern.fullmatch(line))]
        finals = [join for join in r.joins if join.is_final]
        assert len(told) == len(finals)
        for (new, old, leaf, how, chance, verdict, stayed), join in zip(told, finals, strict=True):
            assert near(new, join.weights[1])
            assert near(old, join.weights[0])
            assert int(leaf) == join.proposals[1]
            ratio = join.weights[1] / join.weights[0]
            assert ratio >= 1.0 if how == "becomes the proposal" else near(chance, ratio)
            assert (stayed is None) == (join.taken == join.proposals[1])
            assert stayed is None or int(stayed) == join.taken
            seen.add(verdict and verdict[:8])
    assert seen == {None, "does", "does not"}


def test_turns_are_told_where_and_by_what_the_sampler_saw_them(records):
    kinds = set()
    for r in records:
        text = narrate(r)
        assert ("turns back on itself" in text) == (r.outcome.termination in (U_TURN, SUBTREE_U_TURN))
        assert text.count("does not turn") == sum(join.is_final and not join.is_turning for join in r.joins)
        if "turns back on itself" not in text:
            continue
        (line,) = [line for line in text.splitlines() if "turns back on itself" in line]
        assert line.startswith("  A part of it") == (r.outcome.termination == SUBTREE_U_TURN)
        join = r.joins[-1]
        whole = join.checks[0]
        assert ("from end to end" in line) == whole.is_turning
        assert ("across the join only" in line) == (not whole.is_turning)
        kinds.add(whole.is_turning)
        shown = [whole] if whole.is_turning else [check for check in join.checks if check.is_turning]
        ends = [pair for c in shown for pair in ((c.first, c.along_first), (c.last, c.along_last)) if pair[1] <= 0]
        told = re.findall(r"leaf (-?\d+) \(its momentum times the sum: ([^)]+)\)", line)
        assert [int(leaf) for leaf, _ in told] == [leaf for leaf, _ in ends]
        assert all(near(said, along) for (_, said), (_, along) in zip(told, ends, strict=True))
        stretches = re.findall(r"the momenta of leaves (-?\d+) to (-?\d+)", line)
        assert [tuple(map(int, s)) for s in stretches] == [tuple(sorted((c.first, c.last))) for c in shown]
    assert kinds == {True, False}


def test_the_end_is_told_as_it_was(records):
    for r in records:
        text, termination = narrate(r), r.outcome.termination
        assert ("The trajectory ends: U-turn." in text) == (termination == U_TURN)
        assert ("The doubling is given up: none of its leaves" in text) == (termination in (SUBTREE_U_TURN, DIVERGENCE))
        assert ("Divergence at leaf" in text) == (termination == DIVERGENCE)
        assert (f"after {r.outcome.tree_depth} doublings, the most allowed" in text) == (termination == MAX_DEPTH)
        if termination == DIVERGENCE:
            leaf, error = re.search(r"Divergence at leaf (-?\d+): an energy error of (.+?), where", text).groups()
            assert int(leaf) == r.leaves[-1].number
            assert near(error, r.leaves[-1].energy_error)


def test_the_draw_is_told_with_where_it_is(records):
    for r in records:
        line = narrate(r).splitlines()[-1]
        depth, steps, rate = re.search(
            r"tree depth (\d+), (\d+) leapfrog steps?, acceptance rate (\S+)\.$", line
        ).groups()
        assert (int(depth), int(steps)) == (r.outcome.tree_depth, r.outcome.n_steps)
        assert near(rate, r.outcome.acceptance_rate)
        assert line.startswith(f"Draw: leaf {r.chosen}, ")
        assert ("stays where it was" in line) == (r.chosen == 0)
        if r.chosen:
            n, way, far = re.search(r"(\d+) leapfrog steps? (\w+) from the start and (\S+) stand", line).groups()
            assert int(n) * (1 if way == "forwards" else -1) == r.chosen
            assert near(far, distance_moved(r))
            after = float(re.search(r"log density from -?\d+\.\d+ to (-?\d+\.\d+)", line).group(1))
            assert after == pytest.approx(r.outcome.log_density, abs=0.006)


def test_distance_is_in_the_metric_s_standard_deviations(ridge):
    variances = np.array([4.0, 0.25])
    (plain,) = record_from(ridge, [0.5, 0.1], 0.1, inverse_metric=variances, seed=4)
    expected = np.hypot(*((plain.draw - plain.leaf(0).position) / [2.0, 0.5]))
    assert distance_moved(plain) == pytest.approx(expected, rel=1e-12)
    assert distance_moved(plain._replace(inverse_metric=np.diag(variances))) == pytest.approx(expected, rel=1e-12)
    assert expected > 0.0


def test_a_static_path_is_told_accepted_or_rejected(ridge):
    verdicts = set()
    for r in record_from(ridge, [0.5, 0.1], 0.17, algorithm="hmc", path_length=2.0, transitions=20):
        title, _, path, verdict, draw = narrate(r).splitlines()
        assert ": static HMC in 2 dimensions" in title
        n = r.outcome.n_steps
        assert path.startswith(f"Path: {n} leapfrog steps, leaves 1 to {n}; energy errors")
        assert ("is accepted" in verdict) == (r.chosen != 0)
        assert ("stays where it was" in draw) == (r.chosen == 0)
        assert "tree depth" not in draw
        verdicts.add(r.chosen != 0)
    assert verdicts == {True, False}
    (lost,) = record_from(ridge, [-3.0, 4.5], 2.0, algorithm="hmc", path_length=20.0)
    assert lost.outcome.termination == DIVERGENCE
    assert narrate(lost).splitlines()[3].startswith(f"Divergence at leaf {lost.leaves[-1].number}: ")


def test_words_of_one_record_do_not_fit_another(records):
    """The negative twin: what is told depends on the record."""
    told = [narrate(r) for r in records]
    assert len(set(told)) == len(told)
    r = records[0]
    assert narrate(r._replace(chosen=0)) != told[0]


def test_watch_tells_the_recorded_transitions_in_lines_of_a_width():
    arguments = {"transitions": 3, "warmup": 30, "after": 29, "chain": 1}
    text = watch(models.mST(), **arguments)
    legend, *told = text.split("\n\n")
    assert [part.split(":")[0] for part in told] == [
        "mST, chain 2, warm-up transition 30 of 30",
        "mST, chain 2, draw 1",
        "mST, chain 2, draw 2",
    ]
    assert max(map(len, text.splitlines())) <= 100
    whole = "\n\n".join([LEGEND, *map(narrate, record(models.mST(), **arguments))])
    assert legend.startswith("A leaf is a point")
    assert re.sub(r"\s+", " ", text) == re.sub(r"\s+", " ", whole)
