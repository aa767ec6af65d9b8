"""Figures of trolley problems: the effects of stories and people on the answers, in the data and by the models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from figures.drawing import style
from figures.drawing.draws import PROBABILITY, summary_of
from models.tables import names_in, read
from models.trolley.data import COUNTS, ROWS, STORY_ROWS, read_story_responses
from models.trolley.study import simulate_study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from figures.drawing.protocols import NamedFit

PERCENT = f"{100 * PROBABILITY:.0f}%"
LEVELS = np.arange(1, 8)  # answers: how permissible
SIMULATED = "(simulated data)"  # models.trolley adds this to the name of a model of such data


class ResponseSummary(NamedTuple):
    """Responses from 1 to 7 by cluster, arrays (clusters,), in ascending order of the mean."""

    label: np.ndarray
    mean: np.ndarray
    lower: np.ndarray  # quartiles: half of the responses are between them
    upper: np.ndarray


def story_responses(data: pd.DataFrame | str | Path | None = None) -> Figure:
    """How permissible people find the action, story by story: mean response, and the middle half of responses.

    Stories differ in their means, but the responses to one story differ more: the shortest bar is longer than the
    distance between the highest mean and the lowest.

    `data`: counts or rows as for `mRS`; None for the bundled counts. ValueError if they are wrong.
    """
    responses = read_story_responses(data)
    answers = _answers(_story_labels(data)[responses.story], responses.response + 1)
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        title = f"{responses.story.size:,} responses to {answers.label.size} stories"
        figure.suptitle(title, x=0.015, ha="left")
        place = np.arange(answers.label.size)
        _draw_answers(axes, place, answers, 1.0)
        axes.set_xticks(place, answers.label)
        axes.set_xlabel("Story, from the least to the most permissible")
        return _with_legend(figure, axes)


def participant_responses(data: pd.DataFrame | str | Path | None = None) -> Figure:
    """How permissible people find the action, person by person: mean response, and the middle half of responses.

    In these data the means of people spread more widely than the means of stories do. A response depends on both, so a
    model needs both kinds of clusters to separate them.

    Without the published file these people are simulated, and the title says so: then the figure shows how such data
    look, and says nothing about real people.

    `data`: the path of the published Trolley.csv, or a DataFrame with its columns, as for `mRXma`; None for a simulated
    study, and the title says so. ValueError if they are wrong.
    """
    columns = read(ROWS, simulate_study().frame() if data is None else data)
    answers = _answers(columns["id"], columns["response"])
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        title = f"{columns['id'].size:,} responses of {answers.label.size} participants"
        figure.suptitle(f"{title} {SIMULATED}" if data is None else title, x=0.015, ha="left")
        _draw_answers(axes, np.arange(1, answers.label.size + 1), answers, min(1.0, 40 / answers.label.size))
        axes.set_xlabel("Participant, from the least to the most permissive")
        return _with_legend(figure, axes)


def story_effects(fit: NamedFit, data: pd.DataFrame | str | Path | None = None) -> Figure:
    """The effect of each story on the responses, by a model with amnesia: posterior mean and 89% interval of b.

    A b above 0 moves responses towards more permissible. The bars are long because all effects could move together, and
    the cutpoints with them: the difference between any two stories is known better than any single effect, with less
    than half its standard deviation.

    Amnesia: what the model learns about eleven stories does nothing for the twelfth, whose prior is still Normal(0, 1).

    `fit` has draws of b (chains, draws, stories), as of `mRS`; `data` are those of the fit, for the stories' labels.
    ValueError if it has no b, or one of another number of stories.
    """
    effects, labels = _summary(fit, "b"), _story_labels(data)
    if labels.size != effects.shape[1]:
        raise ValueError(f"story_effects: the fit is of {effects.shape[1]} stories, the data are of {labels.size}")
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle(f"{fit.name}: effects of stories", x=0.015, ha="left")
        order = _draw_effects(axes, effects, style.model_colour(_model(fit)), "b")
        axes.set_xticks(np.arange(labels.size) + 1, labels[order])
        axes.set(xlabel="Story, from the least to the most permissible", ylabel="b (logits)")
        axes.margins(x=0.03)
        return _with_legend(figure, axes)


def cluster_effects(fit: NamedFit) -> Figure:
    """The varying intercepts of stories and of participants, each drawn from a population that the model learns.

    Points are posterior means, bars 89% intervals, in order of the mean. The band is one standard deviation of the
    population on both sides of 0, at the posterior mean of sigmaS and sigmaU: it is wider for participants, who differ
    more. A participant has fewer responses than a story, so the bars of participants are longer.

    `fit` has draws of as, au, sigmaS and sigmaU, as of `mRXma` and `mRXma2`. ValueError if one is missing.
    """
    panels = (("as", "sigmaS", "Stories"), ("au", "sigmaU", "Participants"))
    shown = [(_summary(fit, effect), _draws(fit, spread).mean()) for effect, spread, _ in panels]
    colour = style.model_colour(_model(fit))
    with style.applied():
        figure = style.blank()
        figure.suptitle(f"{fit.name}: varying intercepts", x=0.015, ha="left")
        grid = figure.subplots(1, 2, sharey=True, width_ratios=(1, 2))
        for axes, (name, spread, title), (effects, sigma) in zip(grid, panels, shown, strict=True):
            axes.axhspan(
                -sigma, sigma, color=style.GUIDE, alpha=0.18, linewidth=0, gid=spread, label="population: 1 sd"
            )
            _draw_effects(axes, effects, colour, name)
            axes.set_title(f"{title}: {spread} = {sigma:.2f}", loc="left")
            axes.set_xlabel(f"{title}, in order of the mean")
            axes.xaxis.get_major_locator().set_params(integer=True)
        grid[0].set_ylabel("Intercept (logits)")
        return _with_legend(figure, grid[1])


def _story_labels(data):
    """The labels of the stories, in the order in which the models number them."""
    is_counted = data is None or "count" in names_in(COUNTS, data)
    return np.unique(read(COUNTS if is_counted else STORY_ROWS, data)["story"])


def _answers(label, response):
    """`ResponseSummary` of responses with these labels."""
    labels = np.unique(label)
    groups = [response[label == each] for each in labels]
    mean = np.array([group.mean() for group in groups])
    lower, upper = np.array([np.quantile(group, [0.25, 0.75]) for group in groups]).T
    order = np.argsort(mean, kind="stable")
    return ResponseSummary(labels[order], mean[order], lower[order], upper[order])


def _draw_answers(axes, place, answers, room):
    """Bars and points for clusters; `room`: the size of marks as a part of their full size."""
    looks = {"color": style.INK, "alpha": 0.3, "linewidth": 7 * room, "gid": "half"}
    axes.vlines(place, answers.lower, answers.upper, **looks, label="middle half of responses")
    size = {"markersize": 3 + 5 * room, "markeredgecolor": "white", "markeredgewidth": room}
    axes.plot(place, answers.mean, "o", color=style.INK, **size, label="mean response", gid="mean")
    axes.set(ylim=(0.8, 7.2), yticks=LEVELS, ylabel="Response (7: most permissible)")
    axes.margins(x=0.03)


def _summary(fit, name):
    """(3, clusters): posterior mean and ends of the central interval of each."""
    draws = _draws(fit, name)
    return summary_of(draws.reshape(-1, draws.shape[2]))


def _draws(fit, name):
    if name not in fit.keys():  # noqa: SIM118 (keys are the contract)
        raise ValueError(f"{fit.name} has no {name}; it has {', '.join(fit.keys())}")
    return np.asarray(fit[name])


def _draw_effects(axes, effects, colour, name):
    """Points and bars in ascending order of the mean, places from 1; returns the order."""
    order = np.argsort(effects[0], kind="stable")
    mean, low, high = effects[:, order]
    place = np.arange(1, mean.size + 1)
    room = np.clip(40 / mean.size, 0.3, 1.0)
    axes.axhline(0.0, color=style.GUIDE, dashes=(5, 3), linewidth=1.2, zorder=0)
    looks = {"color": colour, "alpha": 0.45, "linewidth": 5 * room, "gid": f"interval {name}"}
    axes.vlines(place, low, high, **looks, label=f"{PERCENT} interval")
    size = {"markersize": 3 + 5 * room, "markeredgecolor": "white", "markeredgewidth": room}
    axes.plot(place, mean, "o", color=colour, **size, label="posterior mean", gid=f"mean {name}")
    return order


def _model(fit):
    """The name of the fit's model without its note on the data."""
    return fit.name.removesuffix(SIMULATED).strip()


def _with_legend(figure, axes):
    """The finished figure, with the legend of `axes`."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return style.settled(figure)
