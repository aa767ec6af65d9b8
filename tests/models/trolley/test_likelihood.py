"""models.trolley.likelihood: its factors against `block_terms`, which is exact everywhere, and where each is used."""

import numpy as np
import pytest

import models
from models.trolley import simulate_study
from models.trolley.data import sort_by_response_and_scene
from models.trolley.likelihood import (
    D_PHI,
    FARTHEST,
    LOGS,
    PHI,
    WEIGHT,
    X,
    Y,
    add_slopes,
    factored_terms,
    far,
    general_terms,
)
from models.trolley.ordered_logit import LOWER, OVERLAP, ROOM, UPPER, describe_responses

FREE = np.array([-1.5, -0.3, 0.1, 0.2, -0.4, 0.3])
N = 37


def both_terms(k, phi, overlap_times=1.0):
    """Two arrays of 4 + N numbers, by factors and by `block_terms`: a block's sums, and the slope of each response."""
    responses, blocks = np.zeros((7, ROOM + 1)), np.zeros((2, LOGS + 1, N))
    with np.errstate(all="ignore"):  # 0 times infinity in what is thrown away, as compiled
        describe_responses(FREE, responses)
        response = responses[k]
        blocks[0, X], blocks[0, Y] = np.exp(phi - response[UPPER]), np.exp(response[LOWER] - phi)
        blocks[1, PHI], blocks[1, WEIGHT] = phi, 1.0
        sums = factored_terms(N, overlap_times * response[OVERLAP], blocks[0]), general_terms(N, response, blocks[1])
    return [np.append(ours, block[D_PHI]) for ours, block in zip(sums, blocks, strict=True)]


@pytest.mark.parametrize("k", range(7))
def test_factors_give_the_terms_of_every_response(k):
    for scale in (0.1, 3.0, 20.0):
        factored, general = both_terms(k, np.random.default_rng(k).normal(scale=scale, size=N))
        np.testing.assert_allclose(factored, general, rtol=1e-13, atol=1e-13)  # sums of 37 terms up to 60


def test_another_gap_between_cutpoints_is_noticed():
    """Negative twin."""
    factored, general = both_terms(3, np.random.default_rng(1).normal(size=N), overlap_times=1.001)
    assert np.abs(factored - general).max() > 1e-4


def general_twin(model):
    """The same model but for weights of 1 + 2e-16, of which none is 1: `block_terms` serves."""
    weight = np.full(model.data.row.size, np.nextafter(1.0, 2.0))
    return model.with_data(model.data._replace(weight=weight))


@pytest.mark.parametrize("build", [models.mRXma, models.mRXma2])
def test_the_density_is_the_same_by_factors_and_by_block_terms(build, positions):
    model = build(participants=6)
    general = general_twin(model)
    differ = 0
    for position in positions(model)[::5]:
        (value, gradient), (other, slopes) = model.evaluate(position), general.evaluate(position)
        assert value == pytest.approx(other, rel=1e-13)
        np.testing.assert_allclose(gradient, slopes, rtol=0, atol=1e-12 * (1.0 + np.abs(slopes).max()))
        differ += value != other or (gradient != slopes).any()
    assert differ > 0  # else both are the same code


def at_the_border(model, sign, beyond=0.0):
    """mRXma with effects of participants and stories at +-FARTHEST, cutpoints there on the other side, no slopes."""
    position = np.zeros(model.dimension)
    stories, people = model.data.stories, model.data.gender.size
    position[6 : 6 + stories + people] = sign * FARTHEST
    position[6 + stories] += sign * beyond
    position[:6] = np.append(-FARTHEST if sign > 0 else FARTHEST - 1.0, np.full(5, np.log(0.2)))
    return position


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_nothing_overflows_at_the_border_and_nothing_jumps(sign):
    model = models.mRXma(participants=6)
    at, beyond = at_the_border(model, sign), at_the_border(model, sign, beyond=1e-12)
    assert far(at[6:]) == 0 < far(beyond[6:])
    value, gradient = model.evaluate(at)
    assert np.isfinite(value)
    for other, slopes in (general_twin(model).evaluate(at), model.evaluate(beyond)):
        assert value == pytest.approx(other, rel=1e-12)
        np.testing.assert_allclose(gradient, slopes, rtol=0, atol=1e-10 * np.abs(slopes).max())


def test_the_slope_of_every_response_goes_to_its_participant_and_its_scene():
    rng = np.random.default_rng(3)
    cells = np.array([3, 5, 5, 9, 10])  # of a block of four scenes, one without responses
    participant, d_phi = rng.integers(0, 4, 12), rng.normal(size=7)
    before = rng.normal(size=4), rng.normal(size=4)
    d_participant, d_scene = (part.copy() for part in before)
    add_slopes(cells, participant, d_phi, d_participant, d_scene)
    np.add.at(before[0], participant[3:10], d_phi)
    np.add.at(before[1], [0, 0, 2, 2, 2, 2, 3], d_phi)
    np.testing.assert_allclose(d_participant, before[0], rtol=1e-13)
    np.testing.assert_allclose(d_scene, before[1], rtol=1e-13)


def test_nan_and_infinity_are_far():
    assert far(np.array([0.0, -FARTHEST, FARTHEST, np.nan, np.inf, -np.inf, 28.1])) == 4


def test_responses_are_sorted_by_response_then_scene_and_keep_their_order():
    rng = np.random.default_rng(5)
    response, scene = rng.integers(0, 7, 500), rng.integers(0, 9, 500)
    first, row = np.empty((7, 10), np.int64), np.empty(500, np.int64)
    sort_by_response_and_scene(response, scene, first, row)
    np.testing.assert_array_equal(row, np.lexsort((scene, response)))
    for k in range(7):
        for c in range(9):
            cell = row[first[k, c] : first[k, c + 1]]
            np.testing.assert_array_equal(cell, np.flatnonzero((response == k) & (scene == c)))


def test_a_study_read_and_one_simulated_are_sorted_alike():
    model = models.mRXma(simulate_study(participants=6).frame())
    rng = np.random.default_rng(2)
    made = model.simulate_data(model.simulate(rng, model.data), model.data, rng)
    for data in (model.data, made):
        cells = np.repeat(np.arange(7), np.diff(data.first[:, [0, -1]]).ravel()) * data.story.size + data.scene
        assert (np.diff(cells) >= 0).all()
        np.testing.assert_array_equal(
            data.first[:, :-1], np.searchsorted(cells, np.arange(7 * data.story.size)).reshape(7, -1)
        )
    assert made.participant.dtype == model.data.participant.dtype
