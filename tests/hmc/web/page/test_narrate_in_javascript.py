"""The page's words for a transition are those of `hmc watch`; its events are what happened, in order."""

import itertools
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import hmc
import models
from figures.sampler import toys
from hmc.record import record, record_from
from hmc.record.narrate import narrate
from hmc.sampler.metric import LowRank
from hmc.sampler.outcome import DIVERGENCE, IRREVERSIBLE, MAX_DEPTH, PATH_END, SUBTREE_U_TURN, U_TURN
from hmc.web.page.source_lines import PLACES
from tests.hmc.helpers import node
from tests.hmc.helpers.recorded import record_as_json

RUNNER = Path(__file__).with_name("run.mjs")


def ask(call, **arguments):
    return node.ask(call, runner=RUNNER, **arguments)


class Scale(NamedTuple):
    scale: float


def bend_density(position, data, gradient):
    """A bend: y ~ Normal(x^2 / 2, scale), x ~ Normal(0, 1)."""
    x, y = position[0], position[1]
    across = (y - 0.5 * x * x) / data.scale
    gradient[0] = across / data.scale * x - x
    gradient[1] = -across / data.scale
    return -0.5 * across * across - 0.5 * x * x


def far_density(position, data, gradient):
    """A normal so narrow that a chain climbs from its start, some 1."""
    z = position[0] / data.scale
    gradient[0] = -z / data.scale
    return -0.5 * z * z


@pytest.fixture(scope="module")
def records():
    bend = hmc.Model(bend_density, Scale(0.1), [hmc.Parameter("x"), hmc.Parameter("y")], name="bend")
    far = hmc.Model(far_density, Scale(1e-6), [hmc.Parameter("x")], name="far")
    dense = np.array([[1.0, 0.4], [0.4, 0.5]])
    tilted = LowRank(np.array([1.0, 0.7]), np.array([[0.6, 0.8]]), np.array([2.5]))
    found = [
        *record(models.mST(), transitions=4, warmup=60),
        *record(models.cafes(), transitions=3, warmup=200, metric="low_rank"),
        *record(models.mST(), transitions=2, warmup=60, after=59, chain=1),
        *record_from(bend, [0.5, 0.1], 0.15, transitions=30, max_depth=4),
        *record_from(bend, [0.5, 0.1], 0.05, transitions=2, max_depth=1),
        *record_from(bend, [0.5, 0.1], 0.1, transitions=10, inverse_metric=dense),
        *record_from(bend, [0.5, 0.1], 0.1, transitions=10, inverse_metric=tilted),
        *record_from(bend, [-3.0, 4.5], 0.6, transitions=8),
        *record_from(bend, [0.5, 0.1], 0.17, algorithm="hmc", path_length=2.0, transitions=20),
        *record_from(bend, [-3.0, 4.5], 2.0, algorithm="hmc", path_length=20.0),
        *record(far, transitions=2, warmup=30, after=0),
        *record_from(toys.funnel(), [0.1, -4.0], 1.0, algorithm="walnuts", transitions=30, seed=4),
        *record_from(toys.funnel(), [0.1, -4.0], 1e9, algorithm="walnuts", transitions=2),
    ]
    ends = {U_TURN, SUBTREE_U_TURN, DIVERGENCE, MAX_DEPTH, PATH_END, IRREVERSIBLE}
    assert {r.outcome.termination for r in found} == ends
    assert any(r.climb for r in found)
    return found


@pytest.fixture(scope="module")
def as_json(records):
    return [record_as_json(r) for r in records]


def test_the_words_are_those_of_watch(records, as_json):
    told = ask("narrate", records=as_json)
    for recorded, text in zip(records, told, strict=True):
        assert text.splitlines() == narrate(recorded).splitlines()


def test_a_changed_record_has_other_words(records, as_json):
    """The negative twin: a number that differs in the third digit is seen."""
    changed = [{**r, "step_size": r["step_size"] * 1.01, "chain": r["chain"]} for r in as_json]
    for recorded, text in zip(records, ask("narrate", records=changed), strict=True):
        assert text != narrate(recorded)


def test_numbers_are_those_of_python():
    rng = np.random.default_rng(3)
    sizes = 10.0 ** rng.uniform(-320, 308, 4000)
    usual = rng.normal(0, 1, 4000) * 10.0 ** rng.integers(-7, 8, 4000)
    ties = [n / 8 * sign for n in range(-40, 4000) for sign in (1, -1)]  # 0.125: between two decimals
    ends = [0.0, -0.0, 1e21, -1e21, 1.5e300, 5e-324, 9.995, 0.0009995, 99.95, 999.5, -999.5, 1e-4, 9.9999e-5, 2.5e22]
    values = [*sizes, *usual, *ties, *ends, 12345.0, 1.005e3, 1.015e5, math.inf, -math.inf]
    as_texts = [str(x).replace("inf", "Infinity") if math.isinf(x) else float(x) for x in values]
    for x, (fixed, three) in zip(values, ask("numbers", values=as_texts), strict=True):
        if not (x == 0.0 and math.copysign(1, x) < 0):  # JSON has no -0
            assert (fixed, three) == (f"{x:.2f}", f"{x:.3g}"), x
    assert ask("numbers", values=["NaN"]) == [["nan", "not a number"]]


def test_events_are_all_that_happened_in_order(records, as_json):
    seen = set()
    for recorded, events in zip(records, ask("events", records=as_json), strict=True):
        kinds = [event["kind"] for event in events]
        seen |= {event["source"] for event in events}
        assert [e["leaf"]["number"] for e in events if "leaf" in e] == [leaf.number for leaf in recorded.leaves]
        joins = [e["join"] for e in events if e["kind"] in ("join", "final_join")]
        assert [(j["doubling"], j["earlier"], j["later"], j["taken"]) for j in joins] == [
            (j.doubling, list(j.earlier), list(j.later), j.taken) for j in recorded.joins
        ]
        several = [leaf for leaf in recorded.leaves if len(leaf.walks) > 1]
        assert [e["walk"]["level"] for e in events if e["kind"] == "walk"] == [
            w.level for leaf in several for w in leaf.walks
        ]
        assert kinds[bool(recorded.climb)] == "momentum"
        assert kinds[-2:] == ["end", "draw"]
        assert kinds.count("doubling") == len(recorded.doublings)
        assert kinds.count("proposal") == kinds.count("final_join") == sum(j.is_final for j in recorded.joins)
        for before, event in itertools.pairwise(events):
            if event["kind"] == "join":  # right behind the leaf that completes it, or that leaf's join before
                assert before["kind"] in ("leaf", "join")
                reached = before["leaf"]["number"] if before["kind"] == "leaf" else before["join"]["later"][1]
                assert event["join"]["later"][1] == reached
            assert event["kind"] != "proposal" or before["kind"] == "final_join"
    assert seen <= set(PLACES)
    assert set(PLACES) - seen == {"first_metric", "first_guess", "adapt_step_size", "adapt_metric"}


def test_events_speak_the_words_of_watch(records, as_json):
    """What both tell, they tell alike: start, proposals, verdicts, ends and the draw."""
    for recorded, events in zip(records, ask("events", records=as_json), strict=True):
        lines = {line.strip() for line in narrate(recorded).splitlines()}
        own = {"doubling", "walk", "leaf", "join"}
        assert all(event["text"] in lines for event in events if event["kind"] not in own)
        shared = [line for line in lines if not line.startswith(("Doubling ", "Path: ")) and "step size" not in line]
        assert {*shared} <= {event["text"] for event in events}
