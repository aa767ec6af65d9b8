"""Settings are checked before anything runs; a message names the argument and its value."""

import inspect
import math

import numpy as np
import pytest

import hmc
from hmc.settings import Settings, check_settings

GOOD = {
    "chains": 4, "warmup": 10, "draws": 10, "seed": 1, "target_accept": 0.8, "max_depth": 10, "algorithm": "nuts",
    "path_length": None, "metric": "diag", "adaptation": "gradients", "initial": None, "keep_warmup": False,
}  # fmt: skip
STATIC, WALNUTS = {"algorithm": "hmc"}, {"algorithm": "walnuts"}

BAD = [
    {"chains": 0}, {"chains": -1}, {"chains": True}, {"chains": 2.0}, {"chains": "4"}, {"chains": None},
    {"warmup": -1}, {"warmup": 0.5}, {"warmup": False}, {"draws": 0}, {"draws": math.inf}, {"draws": [10]},
    {"seed": -1}, {"seed": 1.5}, {"seed": "a"}, {"seed": True}, {"max_depth": 0}, {"max_depth": 100},
    {"target_accept": 0}, {"target_accept": 1}, {"target_accept": 1.5}, {"target_accept": math.nan},
    {"target_accept": "0.8"}, {"target_accept": True}, {"target_accept": None}, {"target_accept": np.complex128(0.8)},
    {"algorithm": "gibbs"}, {"algorithm": None}, {"algorithm": "NUTS"}, {"metric": "diagonal"}, {"metric": None},
    {"adaptation": "stan"}, {"adaptation": 3}, {"path_length": 1.0},
    STATIC | {"path_length": 0.0}, STATIC | {"path_length": -1.0}, STATIC | {"path_length": math.inf},
    {"tolerance": 1.0}, STATIC | {"tolerance": 1.0}, WALNUTS | {"path_length": 1.0},
    WALNUTS | {"tolerance": 0.0}, WALNUTS | {"tolerance": -1.0}, WALNUTS | {"tolerance": math.inf},
    WALNUTS | {"tolerance": math.nan}, WALNUTS | {"tolerance": "3"}, WALNUTS | {"tolerance": True},
    STATIC | {"path_length": math.nan}, STATIC | {"path_length": "long"}, STATIC | {"path_length": True},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD, ids=str)
def test_wrong_argument_is_refused_by_name_and_value(change):
    name, value = list(change.items())[-1]
    with pytest.raises(ValueError, match=name) as caught:
        check_settings(**GOOD | change)
    message = str(caught.value)
    assert repr(value) in message or str(value) in message or change.get("path_length") == 1.0
    assert "\n" not in message


def test_good_settings_are_kept_as_plain_numbers():
    settings = check_settings(
        **GOOD | {"chains": np.int32(3), "seed": np.uint64(2**63), "target_accept": np.float32(0.5)}
    )
    assert (settings.chains, settings.seed, settings.target_accept) == (3, 2**63, 0.5)
    assert {type(settings.chains), type(settings.seed)} == {int}
    assert type(settings.target_accept) is float


def test_the_defaults_are_those_of_sample():
    parameters = inspect.signature(hmc.sample).parameters
    assert Settings._field_defaults == {name: parameters[name].default for name in Settings._fields}


def test_no_warmup_and_one_draw_are_good():
    assert check_settings(**GOOD | {"warmup": 0, "draws": 1, "chains": 1, "max_depth": 1, "seed": 0}).draws == 1


def test_seed_of_none_is_drawn_afresh():
    seeds = {check_settings(**GOOD | {"seed": None}).seed for _ in range(4)}
    assert len(seeds) == 4  # of 2^64
    assert all(isinstance(seed, int) and seed >= 0 for seed in seeds)


def test_tolerance_is_3_unless_given():
    assert check_settings(**GOOD | WALNUTS).tolerance == 3.0
    assert check_settings(**GOOD | WALNUTS | {"tolerance": 1}).tolerance == 1.0


def test_path_length_is_a_quarter_period_unless_given():
    assert check_settings(**GOOD | STATIC).path_length == math.pi / 2
    assert check_settings(**GOOD | STATIC | {"path_length": 3}).path_length == 3.0
