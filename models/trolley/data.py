"""The trolley data: answers 1 to 7 of 331 people to 12 stories, 9,930 in all, as counts or as rows.

Cushman, Young & Hauser (2006). The project bundles only how often each story was given each answer. The published
table, a row an answer, is another project's file: it is read from wherever the user keeps it.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmc.jit.kernel import allocating
from models.tables import Columns, Table, TableData, choice, count, further_names, label, names_in, number, read, shown
from models.tables.variation import require_variation, standardised
from models.trolley.ordered_logit import RESPONSES

SOURCE = (
    "the published Trolley.csv is part of the R package rethinking (github.com/rmcelreath/rethinking, data/Trolley.csv)"
)

MOST_RESPONSES = 10**7  # of counts: every response they stand for has a log likelihood of its own

# In order of length of schooling; the first is the baseline.
EDUCATION = (
    "Elementary School",
    "Middle School",
    "Some High School",
    "High School Graduate",
    "Some College",
    "Bachelor's Degree",
    "Master's Degree",
    "Graduate Degree",
)


_STORY_AND_RESPONSE = (label("story"), count("response", least=1, most=RESPONSES))
COUNTS = Table("trolley_counts", (*_STORY_AND_RESPONSE, count("count")), source=SOURCE)
STORY_ROWS = Table("trolley", _STORY_AND_RESPONSE, source=SOURCE)
ROWS = Table(
    "trolley",
    (
        *_STORY_AND_RESPONSE,
        label("id"),
        count("male", most=1),
        choice("edu", *EDUCATION),
        number("age"),
        *(count(name, most=1) for name in ("action", "intention", "contact")),
    ),
    source=SOURCE,
)
# A table of counts has at least this share of all pairs of story and response; a few rows have fewer.
_FULL = 0.5


class StoryResponses(NamedTuple):
    """How often each story was given each response, and the responses one by one."""

    counts: NDArray[np.float64]  # (7, stories) whole numbers as float64; row 0 counts the response 1
    story: NDArray[np.int64]  # (responses,) from 0, in the order of the stories' labels
    response: NDArray[np.int64]  # (responses,) from 0


class Answers(NamedTuple):
    """Responses with all data on participants and scenes; "sorted" is by response, then by scene, else in the table's
    order.

    A scene is a story as it was shown to a participant, with or without action, intention and contact. The predictor of
    a response is a number of its participant plus one of its scene and gender, so those two are numbered together.
    """

    first: NDArray[np.int64]  # (7, scenes + 1): sorted responses first[k, c] to first[k, c + 1] are k + 1, to scene c
    row: NDArray[np.int64]  # (responses,) where a sorted response stands in the table
    participant: NDArray[np.uint32]  # (responses,) sorted; unsigned: Numba looks no sign up
    scene: NDArray[np.int64]  # (responses,) sorted: index of the arrays of scenes below
    weight: NDArray[np.float64]  # (responses,) 1, or 0 for a response left out (see hmc.Model.without)
    scene_gender: NDArray[np.int64]  # (scenes,) 0 female, 1 male
    story: NDArray[np.int64]  # (scenes,)
    action: NDArray[np.float64]  # (scenes,) 0 or 1
    intention: NDArray[np.float64]  # (scenes,)
    contact: NDArray[np.float64]  # (scenes,)
    gender: NDArray[np.int64]  # (participants,) 0 female, 1 male
    education: NDArray[np.int64]  # (participants,) index of EDUCATION
    age: NDArray[np.float64]  # (participants,) standardised over the responses
    stories: int


def read_story_responses(data: TableData = None) -> StoryResponses:
    """`StoryResponses` of counts (columns story, response, count) or of rows (story, response); None: bundled counts.

    Stories are numbered in the order of their labels; counts that are not there are 0. A story may have counts of 0
    alone: its intercept follows its prior. ValueError where the table is wrong, has a story and response twice, or
    counts that sum to 0 or to more than 10,000,000; and where it looks like counts, with another name for them.
    """
    is_counted = data is None or _has_counts(names_in(COUNTS, data))
    columns = read(COUNTS if is_counted else STORY_ROWS, data)
    labels, story = np.unique(columns["story"], return_inverse=True)
    response = columns["response"].astype(np.int64) - 1
    counts = np.zeros((RESPONSES, labels.size))
    if not is_counted:
        np.add.at(counts, (response, story), 1.0)
        if counts.max() == 1.0 and counts.mean() >= _FULL:
            _refuse_unnamed_counts(further_names(STORY_ROWS, data))
        return StoryResponses(counts, story.astype(np.int64), response)
    _refuse_pairs_twice(story, response)
    counts[response, story] = columns["count"]
    repeats = columns["count"].astype(np.int64)
    if repeats.sum() == 0:
        raise ValueError("trolley_counts: all counts are 0")
    if repeats.sum() > MOST_RESPONSES:
        raise ValueError(f"trolley_counts: the counts sum to {repeats.sum()}; at most {MOST_RESPONSES} can be held")
    return StoryResponses(counts, np.repeat(story, repeats).astype(np.int64), np.repeat(response, repeats))


def _has_counts(names: list[str]) -> bool:
    """Whether one of the columns is `count`; ValueError where only a similar name is there."""
    if "count" in names:
        return True
    for name in names:
        if "".join(name.split()).casefold() in ("count", "counts"):
            raise ValueError(
                f"trolley_counts: a column is called {shown(name)}, not count: rename it, or leave it out if the "
                "rows are responses, one each"
            )
    return False


def _refuse_unnamed_counts(names: list[str]) -> None:
    """ValueError for a table that has most stories and responses once each, as rows rarely have, and other columns."""
    if names:
        raise ValueError(
            "trolley: no story and response appear twice, as in a table of counts, but no column is called count: "
            f"rename the one with the counts, or, if the rows are responses, leave out {shown(', '.join(names))}"
        )


def _refuse_pairs_twice(story: NDArray[np.int64], response: NDArray[np.int64]) -> None:
    seen: dict[tuple[int, int], int] = {}
    for row, pair in enumerate(zip(story.tolist(), response.tolist(), strict=True), start=1):
        if pair in seen:
            raise ValueError(f"trolley_counts: row {row}: its story and response are those of row {seen[pair]}")
        seen[pair] = row


def read_answers(data: TableData) -> Answers:
    """`Answers` of the published table, or of a frame or file with its columns.

    Participants and stories are numbered in the order of their labels. ValueError where the table is wrong, where a
    participant's gender, education or age differs between rows, or where education, age, action, intention or contact
    is the same in all rows. One gender may have no participants: its slopes follow their priors.
    """
    return answers_of(read(ROWS, data))


def answers_of(columns: Columns) -> Answers:
    """`Answers` of the columns of ROWS, arrays that are checked cell by cell; see `read_answers`."""
    stories, story = np.unique(columns["story"], return_inverse=True)
    _, first_row, participant = np.unique(columns["id"], return_index=True, return_inverse=True)
    education = np.array([EDUCATION.index(text) for text in columns["edu"]])
    for name in ("male", "edu", "age"):
        _refuse_changes(name, columns[name], columns["id"], first_row[participant])
    for name in ("action", "intention", "contact", "edu"):
        require_variation(ROWS.name, name, columns[name])
    age = standardised(ROWS.name, "age", columns["age"])
    keys = (columns["male"], story, columns["action"], columns["intention"], columns["contact"])
    scenes, scene = np.unique(np.stack(keys, axis=1).astype(np.float64), axis=0, return_inverse=True)
    scene = scene.reshape(-1)  # some releases of NumPy give it the shape of a column
    response = columns["response"].astype(np.int64) - 1
    first, order = np.empty((RESPONSES, len(scenes) + 1), np.int64), np.empty(response.size, np.int64)
    sort_by_response_and_scene(response, scene, first, order)
    return Answers(
        first=first,
        row=order,
        participant=participant[order].astype(np.uint32),
        scene=scene[order],
        weight=np.ones(response.size),
        scene_gender=scenes[:, 0].astype(np.int64),
        story=scenes[:, 1].astype(np.int64),
        action=scenes[:, 2],
        intention=scenes[:, 3],
        contact=scenes[:, 4],
        gender=columns["male"][first_row].astype(np.int64),
        education=education[first_row],
        age=age[first_row],
        stories=stories.size,
    )


def _refuse_changes(name: str, values: NDArray[Any], ids: NDArray[Any], first_row: NDArray[np.int64]) -> None:
    """ValueError where a participant's value is not that of the participant's first row."""
    for row in np.flatnonzero(values != values[first_row])[:1]:
        first = first_row[row]
        raise ValueError(
            f"trolley: row {row + 1} (id {shown(ids[row])}): {name} = {_text(values[row])}, but "
            f"{_text(values[first])} in row {first + 1}"
        )


def _text(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


@allocating
def sort_by_response_and_scene(response, scene, first, row):
    """Fill `first` (7, scenes + 1) and `row` with the order of responses (n,), from 0, as in `Answers`: by response,
    then by scene; equal ones keep their order."""
    scenes = first.shape[1] - 1
    place = np.zeros(RESPONSES * scenes + 1, np.int64)  # of the next response k to scene c: place[k * scenes + c]
    for i in range(response.size):
        place[response[i] * scenes + scene[i] + 1] += 1
    for cell in range(1, place.size):
        place[cell] += place[cell - 1]
    for k in range(RESPONSES):
        for c in range(scenes + 1):
            first[k, c] = place[k * scenes + c]
    for i in range(response.size):
        cell = response[i] * scenes + scene[i]
        row[place[cell]] = i
        place[cell] += 1


def outcome(data: Answers) -> dict[str, NDArray[np.int64]]:
    """The responses, 1 to 7, in the order of the table's rows."""
    response = np.empty(data.row.size, np.int64)
    response[data.row] = 1 + np.repeat(np.arange(RESPONSES), data.first[:, -1] - data.first[:, 0])
    return {"response": response}
