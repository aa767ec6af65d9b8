"""Figures of the confounded study, group by group: intercepts, and the effect of one unit of X on the chance of Y."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from figures.confounds.effects import ESTIMATORS, LECTURE, by_size, label_groups
from figures.drawing import style
from figures.drawing.draws import draws_of, interval_of, require_data
from models.confounds.study import read_study
from models.tables import Table, count, number, read

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from figures.drawing.protocols import NamedFit

TRUTH = Table("confounds_groups", (count("g", least=1), number("Z"), number("Ug")))  # with the truth, U


class Contrasts(NamedTuple):
    """p(Y=1 | X=1) - p(Y=1 | X=0) at Z = 0, in each group."""

    truth: np.ndarray  # (groups,)
    estimate: dict[str, np.ndarray]  # posterior means (groups,), by estimator

    def squared_error(self, estimator: str) -> float:
        """Mean over groups of the squared error of the posterior mean."""
        return float(np.mean((self.estimate[estimator] - self.truth) ** 2))


def intercepts(
    mf: NamedFit,
    mr: NamedFit,
    individuals: pd.DataFrame | str | Path | None = None,
    groups: pd.DataFrame | str | Path | None = None,
    a0: float = LECTURE["a0"],
) -> Figure:
    """Each group's intercept by fixed effects and by the multilevel estimator, and the truth a0 + U[g].

    Posterior means with 89% intervals on the log-odds scale; groups are in order from the smallest to the largest. If
    all members of a group have the same outcome, the likelihood sets no bound to the group's own intercept: fixed
    effects run off as far as their wide prior lets them (intervals that leave the frame have arrows), further than in
    any other group, while the multilevel estimator keeps the group near the others. On the whole its intercepts are too
    low, because its bxy takes over part of their effect.

    `groups` must have the column Ug, the truth; `a0` is the value that the data were simulated with. Otherwise data are
    as for `models.m0`. ValueError if a fit is of other data.
    """
    study, U = _study_and_truth(individuals, groups)  # noqa: N806 (the lecture's name)
    draws = {name: _intercepts("intercepts", name, fit, study, with_u=False) for name, fit in (("mf", mf), ("mr", mr))}
    truth, order = a0 + U, by_size(study.members)
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle(f"Intercepts of {truth.size} groups, two estimates and the truth", x=0.015, ha="left")
        handles, limits = {}, _limits(draws, truth)
        for shift, (name, a) in zip((-0.17, 0.17), draws.items(), strict=True):
            error = np.sqrt(np.mean((a.mean(axis=0) - truth) ** 2))
            label = f"{name}: {ESTIMATORS[name]} (root mean square error {error:.1f})"
            handles[label] = _draw_intercepts(axes, name, a[:, order], shift, limits)
        (true,) = axes.plot(truth[order], **_RING)
        true.set_gid("truth")
        handles["truth, a0 + U"] = true
        axes.set_ylim(limits)
        label_groups(axes, order)
        axes.set_xlabel("Group, from the smallest to the largest")
        axes.set_ylabel("Intercept (log odds)")
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2)
        return style.settled(figure)


def contrasts(
    m0: NamedFit,
    mf: NamedFit,
    mr: NamedFit,
    mrx: NamedFit,
    mru: NamedFit,
    individuals: pd.DataFrame | str | Path | None = None,
    groups: pd.DataFrame | str | Path | None = None,
    *,
    a0: float = LECTURE["a0"],
    effect: float = LECTURE["bXY"],
) -> Figure:
    """The effect of X = 1 against X = 0 on the chance that Y is 1, by group at Z = 0: five estimates and the truth.

    A dot is a group: its true difference of chances, p(X=1) - p(X=0), and its posterior mean by one estimator; on the
    dashed line, they are equal. A group's intercept decides how steep the logistic curve is at that group, so the same
    bxy gives different contrasts in different groups; the naive estimator has the same contrast for all. In the last
    panel, the mean squared error over groups, which bxy and the intercepts decide together: it is smallest for the two
    Mundlak machines, and largest for fixed effects.

    The intercepts of mrx and mru include their terms for the confound, buy Xbar[g] and buy u[g].

    `a0` and `effect` are the values that the data were simulated with; otherwise as `intercepts`.
    """
    study, U = _study_and_truth(individuals, groups)  # noqa: N806
    fits = dict(zip(ESTIMATORS, (m0, mf, mr, mrx, mru), strict=True))
    found = _contrasts(fits, study, a0 + U, effect)
    with style.applied():
        figure = style.blank()
        *panels, last = figure.subplots(2, 3).ravel()
        figure.suptitle("The effect of X on the chance of Y, group by group", x=0.015, ha="left")
        both = np.concatenate([found.truth, *found.estimate.values()])
        ends = both.min() - 0.06 * np.ptp(both), both.max() + 0.06 * np.ptp(both)
        for name, axes in zip(found.estimate, panels, strict=True):
            _draw_contrasts(axes, name, found, ends)
        panels[3].set_xlabel("True p(X=1) \N{MINUS SIGN} p(X=0)")
        panels[4].set_xlabel("True p(X=1) \N{MINUS SIGN} p(X=0)")
        for axes in (panels[0], panels[3]):
            axes.set_ylabel("Posterior mean")
        _draw_scores(last, found)
        return style.settled(figure)


_RING = {
    "marker": "o",
    "linestyle": "none",
    "markerfacecolor": "none",
    "markeredgewidth": 1.3,
    "markersize": 8,
    "color": style.INK,
    "zorder": 4,
}


def _study_and_truth(individuals, groups):
    """The study, and the true U of each group in the order of their numbers."""
    study = read_study(0, individuals, groups)
    columns = read(TRUTH, groups)
    return study, columns["Ug"][np.argsort(columns["g"])]


def _intercepts(figure, name, fit, study, with_u=True):
    """logit(p) at X = 0 and Z = 0, (draws, groups); `with_u`: with the estimator's term for U, if it has one."""
    n = study.Z.size
    require_data(figure, fit, {"X": study.X, "Y": study.Y, "group": study.group, "Z": study.Z})
    a = draws_of(figure, fit, "a", () if name == "m0" else (n,))
    level = np.broadcast_to(a[:, None], (a.size, n)) if name == "m0" else a
    if with_u and name == "mrx":
        return level + draws_of(figure, fit, "buy")[:, None] * study.Xbar
    if with_u and name == "mru":
        return level + draws_of(figure, fit, "buy")[:, None] * draws_of(figure, fit, "u", (n,))
    return level


def _contrasts(fits, study, level, effect):
    estimate = {}
    for name, fit in fits.items():
        at_0 = _intercepts("contrasts", name, fit, study)
        bxy = draws_of("contrasts", fit, "bxy")
        estimate[name] = (_chance(at_0 + bxy[:, None]) - _chance(at_0)).mean(axis=0)
    return Contrasts(_chance(level + effect) - _chance(level), estimate)


def _chance(log_odds):
    return 0.5 + 0.5 * np.tanh(0.5 * log_odds)  # no overflow at either end


def _limits(draws, truth):
    """A range for all means, the truth and the intervals of the multilevel estimator, with some room."""
    inner = [*(a.mean(axis=0) for a in draws.values()), *interval_of(draws["mr"]), truth]
    lowest, highest = np.min(inner), np.max(inner)
    room = 0.1 * (highest - lowest)
    return lowest - room, highest + room


def _draw_intercepts(axes, name, a, shift, limits):
    """Means and intervals side by side with those of the other estimator; arrows if an interval leaves the frame."""
    colour, place = style.model_colour(name), np.arange(a.shape[1]) + shift
    lower, upper = interval_of(a)
    interval = axes.vlines(place, lower, upper, color=colour, alpha=0.45, linewidth=3.5)
    interval.set_gid(f"interval-{name}")
    (mean,) = axes.plot(place, a.mean(axis=0), marker="o", linestyle="none", color=colour, markersize=6)
    mean.set_gid(f"mean-{name}")
    arrow = {"linestyle": "none", "color": colour, "markersize": 7, "clip_on": False, "zorder": 5}
    for cut, edge, marker in ((lower < limits[0], limits[0], "v"), (upper > limits[1], limits[1], "^")):
        if cut.any():
            height = np.full(cut.sum(), 0.98 * edge + 0.02 * np.mean(limits))
            (arrows,) = axes.plot(place[cut], height, marker=marker, **arrow)
            arrows.set_gid(f"cut-{marker}-{name}")
    return interval, mean


def _draw_contrasts(axes, name, found, ends):
    """A dot for each group, and the line on which estimate and truth are equal."""
    axes.plot(ends, ends, color=style.INK, dashes=(4, 3), linewidth=1.4, zorder=1, gid="truth")
    looks = {"color": style.model_colour(name), "markersize": 6, "alpha": 0.8, "markeredgewidth": 0}
    axes.plot(found.truth, found.estimate[name], "o", **looks, gid=f"contrast-{name}")
    axes.set(xlim=ends, ylim=ends)
    axes.locator_params(nbins=4)
    axes.set_title(f"{name}: {ESTIMATORS[name]}", loc="left")


def _draw_scores(axes, found):
    """The mean squared error of each estimator."""
    scores = [found.squared_error(name) for name in found.estimate]
    bars = axes.barh(range(len(scores)), scores, color=[style.model_colour(name) for name in found.estimate])
    for name, bar, score in zip(found.estimate, bars, scores, strict=True):
        bar.set_gid(f"score-{name}")
        axes.text(score, bar.get_y() + bar.get_height() / 2, f" {score:.4f}", va="center")
    axes.set_yticks(range(len(scores)), list(found.estimate))
    axes.set_ylim(len(scores) - 0.4, -0.6)
    axes.set_xlim(0.0, 1.5 * max(scores))
    axes.set_xticks([0.0])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("Mean squared error")
