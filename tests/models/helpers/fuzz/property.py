"""What must be true of every input, damaged or not: it is accepted and understood, or refused and told why.

Accepted: the oracle can hold it too, and the model's log density agrees with the independent formula. Refused: a
ValueError of one short line that names the data set, and the row and column where the fault is a cell's; and the oracle
cannot hold it either. Nothing else: no other exception, and no warning, which pytest makes one.
"""

import math
import os
import random
import zlib
from collections import Counter
from datetime import date

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import models

EXAMPLES = 9000  # for all models, half of frames and half of files
DATA_SETS = {"cafes": ("cafes",), "mRS": ("trolley_counts", "trolley"), "mRXma": ("trolley",), "mRXma2": ("trolley",)}
CONFOUNDS = ("confounds_individuals", "confounds_groups", "confounds")
LONGEST_MESSAGE = 300


def check(name, inputs, verdict, log_density):
    """Give `inputs`, {option: data}, to the model `name`; whether it accepts them. AssertionError where it should not,
    or where all else is not as it must be.

    `verdict`: what the oracle says of them, (tables, None) or (None, Fault). `log_density(model, position, tables)`:
    the independent formula.
    """
    tables, fault = verdict
    options = {"sigma": 0.7} if name == "mST_fixed" else {}
    try:
        model, refusal = models.build(name, **inputs, **options), None
    except ValueError as error:
        refusal = str(error)
    if refusal is not None:
        assert fault is not None, f"{name} refuses what it can hold: {refusal}"
        check_message(refusal, name, fault)
        return False
    assert fault is None, f"{name} accepts what it cannot hold: {fault}"
    for seed in (1, 2):
        position = np.random.default_rng(seed).normal(0.0, 0.6, model.dimension)
        value, exact = model.evaluate(position)[0], float(log_density(model, position, tables))
        assert math.isfinite(value) or value == -math.inf, f"{name} has the log density {value}"
        assert value == exact or abs(value - exact) <= 1e-9 * abs(exact), f"{name}: {value!r}, but exactly {exact!r}"
    return True


def check_message(message, name, fault):
    """AssertionError unless it is one short line that says in which data set, row and column the fault is."""
    data_sets = DATA_SETS.get(name, ("reedfrogs",) if name.startswith("mST") else CONFOUNDS)
    assert message.startswith(tuple(f"{data_set}: " for data_set in data_sets)), message
    assert message.isprintable(), f"more than a line, or what cannot be printed: {message!r}"
    assert len(message) < LONGEST_MESSAGE, f"{len(message)} characters: {message}"
    if fault.row is not None:
        assert f": row {fault.row}: " in message, f"row {fault.row} is the first with a fault, not: {message}"
    if fault.column is not None:
        assert f"{fault.column} " in message.partition(": row ")[2], f"column {fault.column}, not: {message}"


def seed_of(config):
    """--hypothesis-seed; else that of the date: every day tries other inputs, and all runs of a day the same."""
    chosen = config.getoption("--hypothesis-seed")
    return int(chosen) if chosen else int(date.today().strftime("%Y%m%d"))


def examples_each():
    """How many inputs every model gets from each of the two tests, so that HMC_FUZZ_EXAMPLES are reached in all."""
    return math.ceil(int(os.environ.get("HMC_FUZZ_EXAMPLES", EXAMPLES)) / (2 * len(models.names())))


def damage(kinds):
    """A strategy: (which of several tables, one or two steps of `kinds`).

    The steps' numbers come of a hash. Left to draw them, hypothesis tries many inputs that are near copies of others,
    and each of a hundred values should have its turn.
    """
    names = [kind.__name__ for kind in kinds]
    drawn = st.tuples(
        st.sampled_from(range(4)),
        st.integers(0, 2**32 - 1),
        st.sampled_from(names),
        st.sampled_from([None] * len(names) + names),
    )
    return drawn.map(_steps)


def _steps(drawn):
    which, salt, *names = drawn
    rng = random.Random(salt)
    return which, [(name, *(rng.randrange(10_000) for _ in range(3))) for name in names if name]


def fuzz(name, strategy, try_one, seed, phases=(Phase.generate, Phase.shrink)):
    """How many of `examples_each()` values of `strategy` the model `name` accepted, which `try_one(drawn)` says.

    The first that fails is made as small as can be, and printed with the seed that finds it again.
    """
    seen, examples = Counter(), examples_each()

    @hypothesis.seed(seed + zlib.crc32(name.encode()))
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,  # the first input compiles the model's density
        derandomize=False,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow],  # for the same reason
    )
    @given(strategy)
    def run(drawn):
        seen[try_one(drawn)] += 1

    print(f"to repeat: --hypothesis-seed={seed}")
    run()
    assert seen.total() >= examples
    return seen[True]
