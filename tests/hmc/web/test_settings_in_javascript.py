"""The JavaScript that prepares a chain does as the Python does: generators, schedules of warm-ups, sizes, refusals."""

import inspect
import math
import re
import types
from pathlib import Path

import numpy as np
import pytest

import hmc
from hmc import settings as python_settings
from hmc.sampler import adaptation, starting
from hmc.sampler.chain import MacroOrders, make_buffers, make_record
from hmc.web import building, layout
from hmc.web.driver import TOLD, Arguments, Own
from tests.hmc.helpers import node

KINDS = [(metric, "gradients") for metric in python_settings.METRICS]
KINDS += [(metric, "windows") for metric in python_settings.METRICS if metric != "low_rank"]
DEFAULTS = {"chains": 1, "warmup": 60, "draws": 7, "seed": 1, "target_accept": 0.8, "max_depth": 6, "metric": "auto"}
DEFAULTS |= {"algorithm": "nuts", "path_length": None, "adaptation": "gradients"}


def settings_of(**given):
    return python_settings.check_settings(**{**DEFAULTS, "initial": None, "keep_warmup": False, **given})


def test_generators_are_numpys():
    seeds = [0, 1, 12, 2**31, 2**32 - 1, 2**32, 2**64 - 1, 2**64 + 5, 2**127 + 3, 2**128, 2**200 + 2**40 + 7]
    pairs = [(seed, chain) for seed in seeds for chain in (0, 1, 3, 99_999)]
    answers = node.ask("generators", seeds=[(str(seed), chain) for seed, chain in pairs])
    for (seed, chain), words in zip(pairs, answers, strict=True):
        bits = starting.chain_rng(settings_of(seed=seed), chain).bit_generator.state["state"]
        expected = [*divmod(bits["state"], 2**64), *divmod(bits["inc"], 2**64)]
        assert [int(word) for word in words] == expected, (seed, chain)


@pytest.mark.parametrize(("metric", "by"), KINDS)
def test_schedules_of_warm_ups_are_those_of_the_sampler(metric, by):
    asked = [{"warmup": warmup, "metric": metric, "adaptation": by} for warmup in [*range(330), 500, 1000, 2000, 9999]]
    answers = node.ask("plans", constants=building.CONSTANTS, settings=asked)
    for each, answer in zip(asked, answers, strict=True):
        plan = starting.plan_of(settings_of(**each))
        assert answer["plan"] == plan.tolist(), each
        assert answer["capacity"] == adaptation.most_kept(plan), each


def test_a_schedule_of_another_constant_is_noticed():
    asked = {"warmup": 1000, "metric": "auto", "adaptation": "gradients"}
    constants = {**building.CONSTANTS, "ROTATE": adaptation.CLEAR}
    (answer,) = node.ask("plans", constants=constants, settings=[asked])
    assert answer["plan"] != starting.plan_of(settings_of(**asked)).tolist()


def flat(position, data, gradient):
    """A density of no shape at all."""
    gradient[:] = 0.0
    return 0.0


def arguments_of(settings, dimension):
    """The arguments of a chain as `hmc.sample` makes them."""
    cell, rng = np.zeros(1, np.int64), np.random.default_rng(1)
    state = starting.start(types.SimpleNamespace(dimension=dimension), (flat, None), settings, 0, rng, cell)
    orders = starting.make_orders(settings, cell, cell)
    # A module has room for what WALNUTS alone needs, whatever the algorithm.
    macro = orders.macro if settings.algorithm == "walnuts" else MacroOrders(math.inf, 0)
    orders = orders._replace(macro=macro)
    record = make_record(orders.until - orders.first_kept, orders.until, dimension, "walnuts")
    buffers = make_buffers(state, settings.max_depth, "walnuts")
    own = Own(starts=0, step_size=0.0, momentum=np.zeros(0))
    return dict(layout.leaves(Arguments(0, own, state, buffers, orders, record, np.zeros(len(TOLD)))))


OTHERS = [{"algorithm": "hmc", "path_length": 0.7}, {"warmup": 0}, {"warmup": 5}, {"max_depth": 3, "draws": 41}]
OTHERS += [{"keep_warmup": True}, {"algorithm": "walnuts", "tolerance": 1.25}, {"algorithm": "walnuts", "warmup": 39}]
CASES = [{"metric": metric, "adaptation": by, **other} for metric, by in KINDS for other in ({}, *OTHERS)]


@pytest.mark.parametrize("dimension", [1, 5, starting.LARGEST_DENSE, starting.LARGEST_DENSE + 1, 900])
def test_arguments_are_those_of_the_sampler(dimension):
    cases = CASES if dimension < 900 else [{"metric": metric} for metric in ("auto", "low_rank", "diag")]
    asked = [{**DEFAULTS, **case} for case in cases]
    answers = node.ask("arguments", constants=building.CONSTANTS, settings=asked, dimension=dimension)
    for case, answer in zip(cases, answers, strict=True):
        expected = arguments_of(settings_of(**case), dimension)
        assert {*answer["numbers"], *answer["arrays"]} < {*expected}
        for name, kind, extents in layout.described():
            value = expected[name]
            if extents is None:
                is_later = name == "data" or name.startswith("state.")  # written by the module and whoever runs it
                assert is_later or answer["numbers"].get(name, 0) == value, (case, name)
                continue
            shape = tuple(answer["sizes"].get(extent, extent) for extent in extents)
            is_unused = answer["sizes"]["capacity"] == 0 and ("buffers.fit" in name or "window" in name)
            assert is_unused or value.shape == shape, (case, name)
            assert value.dtype.str == kind
            if name.startswith("state.metric.") or name == "orders.plan":
                given = answer["arrays"][name]
                filled = np.array(given + [0] * (value.size - len(given)))  # the memory of a module begins as zeros
                np.testing.assert_array_equal(np.ravel(value), filled, err_msg=str((case, name)))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"chains": 0}, "chains = 0 is not a whole number of at least 1"),
        ({"draws": 1.5}, "draws = 1.5 is not a whole number of at least 1"),
        ({"warmup": -1}, "warmup = -1 is not a whole number of at least 0"),
        ({"max_depth": 21}, "max_depth = 21 is more than 20"),
        ({"seed": -3}, "seed = -3 is not a whole number of at least 0; beyond 2^53, give a BigInt"),
        ({"metric": "flat"}, "metric = flat is none of auto, diag, dense, low_rank, unit"),
        ({"algorithm": "gibbs"}, "algorithm = gibbs is none of nuts, walnuts, hmc"),
        ({"target_accept": 1}, "target_accept = 1 is not a number between 0 and 1"),
        ({"path_length": 2}, 'path_length is for algorithm = "hmc"; NUTS finds its own'),
        ({"path_length": 2, "algorithm": "walnuts"}, 'path_length is for algorithm = "hmc"; WALNUTS finds its own'),
        ({"tolerance": 2}, 'tolerance = 2 is for algorithm = "walnuts", whose steps adapt to it'),
        ({"tolerance": 0, "algorithm": "walnuts"}, "tolerance = 0 is not a number between 0 and Infinity"),
        ({"metric": "low_rank", "adaptation": "windows"}, 'metric = "low_rank" is fitted to draws and gradients'),
        ({"keep_warmup": 1}, "keep_warmup = 1 is neither true nor false"),
        ({"initial": [1.0, 2.0]}, "initial has 2 numbers, not 3"),
        ({"initial": [[0, 0, 0]] * 2}, "initial has 2 positions for 4 chains"),
        ({"cores": 2}, "cores is none of chains, warmup, draws, seed"),
    ],
)
def test_a_wrong_setting_is_refused_by_name_and_value(wrong, says):
    first, right = node.ask("refusals", constants=building.CONSTANTS, settings=[wrong, {}])
    assert first is not None
    assert first.startswith(says)
    assert right is None


def test_defaults_are_those_of_sample():
    defaults = {name: p.default for name, p in inspect.signature(hmc.sample).parameters.items()}
    defaults["path_length"] = building.CONSTANTS["QUARTER_PERIOD"]  # that of None
    defaults["tolerance"] = building.CONSTANTS["TOLERANCE"]
    answer = node.ask("defaults", constants=building.CONSTANTS)
    assert {*answer} >= {"chains", "warmup", "draws", "seed", "metric", "target_accept"}
    assert answer == {name: defaults[name] for name in answer}


def test_the_docs_name_all_settings():
    page = (Path(hmc.__file__).parents[1] / "docs" / "explore.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    assert {*node.ask("defaults", constants=building.CONSTANTS)} <= named
