"""Damaged DataFrames, and data that are no DataFrames at all, given to every model: understood, or refused.

With test_fuzz_files.py these are over 5,000 inputs a run. Every day has a seed of its own; what fails is printed with
it, and --hypothesis-seed=SEED finds it again. More of them, for as long as you like:

    HMC_FUZZ_EXAMPLES=100000 .venv/bin/python -m pytest -q tests/models/tables/test_fuzz_frames.py
"""

import importlib

import numpy as np
import pytest
from hypothesis import Phase

import models
from models.confounds import study
from models.reedfrogs import tanks
from models.tables import at_most, columns, label, number, read
from models.trolley import data

CAFES = importlib.import_module("models.cafes")  # `models.cafes` is the model
EVERY_MODEL = pytest.mark.parametrize("name", models.names())


def tried(name, fuzz, drawn):
    """Whether the model accepts what was drawn; see `check` in fuzz/property.py."""
    which, steps = drawn
    choices = fuzz.tables.of_model(name)
    inputs = dict(choices[which % len(choices)])
    option = list(inputs)[which % len(inputs)]
    inputs[option] = fuzz.frames.damaged(inputs[option], steps)
    return fuzz.property.check(name, inputs, fuzz.oracle.judged(name, inputs), fuzz.oracle.log_density)


def run(name, fuzz, seed, **options):
    """How many damaged inputs the model accepts; see `fuzz` in fuzz/property.py."""
    strategy = fuzz.property.damage(fuzz.frames.STEPS)
    return fuzz.property.fuzz(name, strategy, lambda drawn: tried(name, fuzz, drawn), seed, **options)


@EVERY_MODEL
def test_damaged_frames_are_understood_or_refused(name, fuzz, pytestconfig):
    seed = fuzz.property.seed_of(pytestconfig)
    accepted = run(name, fuzz, seed)
    assert 0.1 < accepted / fuzz.property.examples_each() < 0.9


def test_there_are_over_5000_inputs(fuzz, monkeypatch):
    monkeypatch.delenv("HMC_FUZZ_EXAMPLES", raising=False)
    assert 2 * len(models.names()) * fuzz.property.examples_each() >= 5000  # each of which is tried, or the test fails


@EVERY_MODEL
def test_undamaged_tables_are_understood(name, fuzz):
    for inputs in fuzz.tables.of_model(name):
        assert fuzz.property.check(name, inputs, fuzz.oracle.judged(name, inputs), fuzz.oracle.log_density)


@EVERY_MODEL
def test_data_of_another_kind_are_refused(name, fuzz):
    for inputs in fuzz.tables.of_model(name):
        for option, frame in inputs.items():
            for make in fuzz.frames.OTHER_KINDS:
                wrong = {**inputs, option: make(frame)}
                assert not fuzz.property.check(name, wrong, (None, fuzz.oracle.Fault()), None)


def nothing(*arguments):
    """Stands in for a check that is left out."""


COLUMNS = {column.name: column for column in tanks.TANKS.columns}
WITHOUT_RANGES = tuple(number(name) if name in ("density", "surv") else COLUMNS[name] for name in COLUMNS)
WITHOUT_WORDS = tuple(label(name) if name in ("pred", "size") else COLUMNS[name] for name in COLUMNS)

ACCEPTS, REFUSES = "accepts what it cannot hold", "refuses what it can hold"
OF_ANOTHER_ROW = r"row \d+ is the first with a fault, not: "

# What is broken: the model that shows it, and the part of the validator, with what replaces it; what is noticed.
BROKEN = {
    "whole numbers": ("mST", columns, "_is_whole", lambda text: True, ACCEPTS),
    "ranges of numbers": ("mSTnomem", tanks, "TANKS", tanks.TANKS._replace(columns=WITHOUT_RANGES), ACCEPTS),
    "words": ("mSTP", tanks, "TANKS", tanks.TANKS._replace(columns=WITHOUT_WORDS), ACCEPTS),
    "columns that bound each other": ("mSTnc", tanks, "TANKS", tanks.TANKS._replace(checks=()), ACCEPTS),
    "a bound the other way": (
        "mSTG",
        tanks,
        "TANKS",
        tanks.TANKS._replace(checks=(at_most("density", "surv"),)),
        f"{REFUSES}|{OF_ANOTHER_ROW}",
    ),
    "bounds of an index": ("mr", study, "_order_of_groups", np.argsort, ACCEPTS),
    "numbers in order": ("cafes", CAFES, "_read", lambda data: read(CAFES.CAFES, data), ACCEPTS),
    "missing values": ("mRS", columns, "MISSING", frozenset(), f"{ACCEPTS}|{OF_ANOTHER_ROW}"),
    "hidden characters": ("mRS", columns, "DAMAGE", columns.NUMBER, f"{ACCEPTS}|{OF_ANOTHER_ROW}"),
    "keys that stand twice": ("mRS", data, "_refuse_pairs_twice", nothing, ACCEPTS),
    "what differs between rows": ("mRXma", data, "_refuse_changes", nothing, ACCEPTS),
    "predictors that are constant": ("mSTP", tanks, "require_variation", nothing, ACCEPTS),
    "spread within groups": ("mru", study, "_refuse_constants", nothing, ACCEPTS),
    "names of columns and rows": (
        "m0",
        columns,
        "shown",
        lambda value, most=0: str(value),
        r"more than a line|\d+ characters: |column \w+, not: .*Exceeds the limit",  # of digits in a text
    ),
    "the density": ("mST_fixed", tanks, "log_choose", lambda n, k: 0.0, "mST_fixed: -[.0-9]+, but exactly -"),
}


@pytest.mark.parametrize("part", BROKEN)
def test_a_broken_validator_is_noticed_within_as_many_inputs(part, fuzz, monkeypatch):
    """Negative twin: one part of the validator left out or turned around, and the same property fails."""
    name, module, attribute, replacement, noticed = BROKEN[part]
    monkeypatch.setattr(module, attribute, replacement)
    with pytest.raises(AssertionError, match=noticed):
        run(name, fuzz, 1, phases=[Phase.generate])
