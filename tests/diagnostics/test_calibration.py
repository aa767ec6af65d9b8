"""The words of a calibration, from ranks that are made up, and the places of truths."""

import numpy as np
import pytest

from diagnostics.calibration import placed_truth
from diagnostics.calibration_verdict import Calibration, band_level
from diagnostics.ecdf import ecdf_band, uniformity
from tests.hmc.helpers import running

THINNED, LEVEL = 9, 0.99


def calibration(ranks, **changes):
    ranks = np.asarray(ranks).reshape(-1, 1)
    content = {
        "name": "m", "names": ("a",), "ranks": ranks, "numbers": np.arange(len(ranks)), "thinned": THINNED,
        "level": LEVEL, "band": ecdf_band(len(ranks), THINNED, band_level(LEVEL, 1)),
        "uniformity": uniformity(ranks, THINNED), "effective": np.full(len(ranks), 100.0), "diverged": 0,
        "failures": (), "interrupted": False, "settings": {}, "seconds": 1.0,
    }  # fmt: skip
    return Calibration(**content | changes)


def kinds(found):
    return [finding.kind for finding in found.verdict.findings]


EVERY = np.tile(np.arange(THINNED + 1), 40)
WRONG = {
    "so draws are too low": np.minimum(EVERY + 1, 9),
    "so draws are too high": np.maximum(EVERY - 1, 0),
    "so draws vary too much": np.clip(EVERY, 2, 7),
    "so draws vary too little": np.where(EVERY < 5, EVERY // 2, 9 - (9 - EVERY) // 2),
}


@pytest.mark.parametrize("said", WRONG)
def test_the_shape_of_wrong_ranks_is_told(said):
    found = calibration(WRONG[said])
    assert not found.passed
    assert said in str(found)


def test_uniform_ranks_pass_without_a_word():
    assert calibration(EVERY).passed
    assert kinds(calibration(EVERY)) == []


def test_symmetric_ranks_are_said_to_be_neither_too_low_nor_too_high():
    """However many there are: the centre of ranks 0 to 9 is 4.5."""
    ranks = np.repeat(np.arange(10), 40 * np.array([140, 20, 140, 100, 100, 100, 100, 140, 20, 140]))
    assert "so draws vary too little" in str(calibration(ranks))


@pytest.mark.parametrize(("count", "are_few"), [(90, True), (99, True), (100, False), (110, False)])
def test_replications_are_few_below_a_hundred(count, are_few):
    assert ("few_replications" in kinds(calibration(np.resize(EVERY, count)))) == are_few


@pytest.mark.parametrize(
    ("idle", "severity"), [(0, None), (20, None), (21, "note"), (200, "note"), (201, "error"), (400, "error")]
)
def test_chains_that_hardly_move_are_told_where_they_are_many(idle, severity):
    effective = np.where(np.arange(400) < idle, 9.9, 10.0)
    found = [f.severity for f in calibration(EVERY, effective=effective).verdict.findings if f.kind == "idle"]
    assert found == ([severity] if severity else [])


@pytest.mark.parametrize(("failed", "severity"), [(0, None), (1, "warning"), (21, "warning"), (22, "error")])
def test_failed_replications_are_told_and_many_are_a_fault(failed, severity):
    failures = tuple((500 + i, "no") for i in range(failed))
    found = [f.severity for f in calibration(EVERY, failures=failures).verdict.findings if f.kind == "failures"]
    assert found == ([severity] if severity else [])


def test_a_truth_has_any_place_among_the_draws_with_the_same_probability():
    model = running.grouped_model(
        simulate=lambda rng, data: np.zeros(4), simulate_data=lambda position, data, rng: data
    )
    rng = np.random.default_rng(1)
    counts = np.bincount([placed_truth(rng, model, thinned=2)[0].place for _ in range(900)], minlength=3)
    assert len(counts) == 3
    assert np.abs(counts - 300).max() < 5 * np.sqrt(900 * 2 / 9)  # 5 standard deviations of a binomial count
