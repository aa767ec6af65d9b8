"""The lecture's explorables: the Python that a reader copies gives the draws that were seen, bit for bit.

With HMC_LONG_TESTS also in states of the seven other models, which take a minute to compile.
"""

import functools
import os

import numpy as np
import pytest

import hmc
import hmc.web
from figures.lecture import explorables
from models.confounds import simulate_study
from tests.hmc.helpers import node, running
from tests.hmc.helpers.lecture_page import LECTURE, RUNNER, tables_of_page

VISITS = [(1, 2), (2, 18), (1, 3), (1, 4), (3, 4), (4, 1), (5, 3)]
OWN = [LECTURE.tanks[0], (20, "pred", "small", 3), *LECTURE.tanks[20:30], (60, "no", "big", 0), (1, "pred", "big", 1)]
POOLING = {"tanks": None, "sigma": None, "predators": False, "form": "centred", "seed": 12}
CONFOUNDED = {"study": 1, "groups": 30, "individuals": 200, "bXY": 1, "bZY": -0.5, "sd_U": 1, "seed": 12}
STATES = [
    *({"kind": "cafes", "visits": VISITS[:n], "amnesia": False, "seed": 12} for n in (0, 1, 2, 7)),
    {"kind": "cafes", "visits": LECTURE.visits, "amnesia": False, "seed": 12},
    {"kind": "cafes", "visits": [(5, 0), (5, 20), (2, 60)], "amnesia": False, "seed": 2**40 + 7},
    {"kind": "cafes", "visits": VISITS * 8, "amnesia": False, "seed": 3},
    {"kind": "cafes", "visits": [], "amnesia": True, "seed": 12},
    {"kind": "cafes", "visits": VISITS, "amnesia": True, "seed": 12},
    *({"kind": "tanks", **POOLING, "sigma": sigma} for sigma in (0.1, 1.583, 5)),
    {"kind": "tanks", **POOLING},
    {"kind": "tanks", **POOLING, "predators": True},
    {"kind": "tanks", **POOLING, "tanks": LECTURE.tanks[:-1]},
    {"kind": "tanks", **POOLING, "tanks": OWN, "seed": 1},
    {"kind": "tanks", **POOLING, "tanks": OWN, "sigma": 0.37},
    {"kind": "tanks", **POOLING, "tanks": OWN, "predators": True},
    *({"kind": "schools", "schools": "centred", "target_accept": target, "seed": 12} for target in (0.8, 0.99)),
    {"kind": "schools", "schools": "noncentred", "target_accept": 0.65, "seed": 5},
    {"kind": "schools", "schools": "centred", "target_accept": 0.8, "seed": 12, "sampler": "walnuts"},
]
FURTHER_STATES = [
    {"kind": "tanks", **POOLING, "form": "noncentred"},
    {"kind": "tanks", **POOLING, "predators": True, "form": "noncentred", "sigma": 0.3},
    {"kind": "confounds", **CONFOUNDED, "study": 0},
    {"kind": "confounds", **CONFOUNDED},
    {"kind": "confounds", **CONFOUNDED, "study": 7, "groups": 60, "bXY": -0.3, "bZY": 0.7, "sd_U": 2.1},
]
FURTHER_MODELS = ("mSTnc", "mSTPnc", *explorables.MODELS["confounds"])
IS_LONG = bool(os.environ.get("HMC_LONG_TESTS"))
TRIED = STATES + FURTHER_STATES * IS_LONG


@functools.cache
def modules():
    """The bytes of the modules of states that are tried, by name."""
    names = [name for of in explorables.MODELS.values() for name in of]
    return {name: hmc.web.module(explorables.model(name)) for name in names if IS_LONG or name not in FURTHER_MODELS}


def _plain(state):
    return {name: str(value) for name, value in state.items()}


def draws_of(states, folder):
    """[([positions of each run], Python)] of states."""
    for name, module in modules().items():
        (folder / f"{name}.wasm").write_bytes(module)
    answers = node.ask("draws", runner=RUNNER, folder=str(folder), tables=tables_of_page(), states=states)
    return [
        (
            [np.fromfile(folder / f"{k}.{n}").reshape(run["shape"]) for n, run in enumerate(answer["runs"])],
            answer["python"],
        )
        for k, answer in enumerate(answers)
    ]


def fits_of(program):
    """The fits that a program makes."""
    names = {}
    exec(program, names)
    return list(names["fits"].values()) if "fits" in names else [names["fit"]]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    node.require()
    return draws_of(TRIED, tmp_path_factory.mktemp("draws"))


def test_there_are_twenty_states():
    assert len(STATES) >= 20
    every = STATES + FURTHER_STATES
    assert len({tuple(state.items()) for state in map(_plain, every)}) == len(every)


@pytest.mark.parametrize("k", range(len(TRIED)))
def test_the_copied_python_gives_the_same_draws(drawn, k):
    positions, program = drawn[k]
    fits = fits_of(program)
    assert len(positions) == len(fits)
    for position, fit in zip(positions, fits, strict=True):
        assert running.equal_bits(position, fit.unconstrained)


@pytest.mark.parametrize("change", [("[2, 18, ", "[2, 17, "), ("seed=12", "seed=13"), ("visits=7", "visits=6")])
def test_another_program_is_noticed(drawn, change):
    positions, program = drawn[3]
    assert change[0] in program
    assert not running.equal_bits(positions[0], fits_of(program.replace(*change))[0].unconstrained)


@pytest.mark.parametrize("size", [(30, 200), (10, 200), (30, 400)])
def test_studies_are_those_of_simulate_study(size):
    groups, individuals = size
    states = [
        {**CONFOUNDED, "study": study, "groups": groups, "individuals": individuals, "bXY": b, "bZY": z, "sd_U": s}
        for study, b, z, s in ((1, 1, -0.5, 1), (10, 0.1, 0.3, 2.3), (4, -0.7, -1.9, 0.1))
    ]
    found = node.ask("studies", runner=RUNNER, tables=tables_of_page(), states=states)
    for state, rows in zip(states, found, strict=True):
        effects = {name: state[name] for name in ("bXY", "bZY", "sd_U")}
        expected, of_groups = simulate_study(state["study"], groups=groups, individuals=individuals, **effects)
        assert rows["X"] == expected["X"].tolist()
        assert rows["Y"] == expected["Y"].tolist()
        assert rows["Z"] == of_groups["Z"].tolist()
        assert [g + 1 for g in rows["group"]] == expected["g"].tolist()


def test_programs_are_short_and_complete(drawn):
    for _, program in drawn:
        assert max(map(len, program.splitlines())) <= 120
        compile(program, "copied", "exec")
    assert hmc.__name__ in drawn[0][1]
