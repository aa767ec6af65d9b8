"""Claims: the statements of captions that could be false, each as a function of what its figure shows.

A caption is text for readers; a claim ties a phrase of it to the numbers. `CLAIMS` of each module is {name of a figure:
{phrase of its caption: claim}}, where a claim is a function of the figure's inputs (and of the options it was drawn
with, such as `data`), as `figures.draw` takes them, that returns whether the phrase is true of them. Where a phrase
only says how something is drawn, or follows from the meaning of its words, a text stands in place of the function and
says why it cannot be false. The tests demand a claim for every number and every comparative of a caption, and run all
claims on the fits of the lecture; the page of the lecture runs them on its own fits, and names those that do not hold
there (`untrue`).

    trolley, cafes, tadpoles, confounds, dags, sampler   as the rooms of the figures
    necks                                                of the figures of models that fail, in sampler
    chains                                               of the figures of any fit
    lecture                                              of the texts of its parts, models and tables
    common                                               phrases of many captions, such as "89% interval"
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import figures

Claim: TypeAlias = Callable[[Mapping[str, Any]], Any] | str  # a function, or why there is nothing to test

ROOMS = ("trolley", "cafes", "tadpoles", "confounds", "dags", "sampler", "necks", "chains", "lecture")


def words_of_the_lecture() -> dict[str, str]:
    """The lecture's own words, by "part:tadpoles", "model:mST" or "table:estimators"."""
    from figures.lecture.contents import PARTS, ShownModel
    from figures.lecture.tables import TABLES

    parts = {f"part:{part.name}": " ".join([part.question, *part.text]) for part in PARTS}
    cards = [content for part in PARTS for content in part.contents if isinstance(content, ShownModel)]
    tables = {f"table:{name}": f"{table.title}. {table.caption}" for name, table in TABLES.items()}
    return parts | {f"model:{card.name}": card.matters for card in cards} | tables


def text_of(name: str) -> str:
    """The caption of a still or film, its title and paragraphs as one text; or words of the lecture."""
    if name.startswith(("part:", "model:", "table:")):
        return words_of_the_lecture()[name]
    title, paragraphs = figures.caption(name)
    return " ".join([title, *paragraphs])


def of(name: str) -> dict[str, Claim]:
    """{phrase: claim} of a still or film, or of words of the lecture: its own, and those of `common` that its caption
    has.
    """
    own: dict[str, Claim] = {}
    for room in ROOMS:
        known = importlib.import_module(f"figures.claims.{room}").CLAIMS
        own |= known.get(name, known.get(name.partition(":")[0], {}))
    common = importlib.import_module("figures.claims.common").CLAIMS
    return own | {phrase: claim for phrase, claim in common.items() if phrase in text_of(name)}


def untrue(name: str, inputs: Mapping[str, Any], **options: Any) -> list[str]:
    """The phrases of the caption that are not true of these inputs, in the order of the caption.

    Inputs and options as for `figures.draw`. A figure of any fit finds its fit under its model's name.
    """
    kind, _, model = name.partition(":")
    shown = {**inputs, **options}
    if model and kind in figures.of_any_fit():
        fits = shown[model]
        shown["fit"] = fits[-1] if isinstance(fits, list) else fits
        shown["other metrics"] = shown.get(f"{figures.METRICS_OF}{model}", ())
    text = text_of(name)
    return sorted(
        (phrase for phrase, claim in of(name).items() if not (isinstance(claim, str) or claim(shown))), key=text.find
    )
