"""A chain through a position: the position has its place, and nothing else tells it from the chain's other draws."""

import numpy as np
import pytest

from diagnostics import uniformity
from hmc.replication import replicate
from hmc.sampler import chain_through as through_module
from hmc.sampler.chain_through import chain_through
from hmc.settings import check_settings
from tests.hmc.helpers import running
from tests.hmc.helpers.bell import bell_of

GIVEN = {
    "chains": 1, "warmup": 60, "draws": 40, "seed": 1, "target_accept": 0.8, "max_depth": 10, "algorithm": "nuts",
    "path_length": None, "metric": "diag", "adaptation": "gradients", "initial": None, "keep_warmup": False,
}  # fmt: skip
SETTINGS = check_settings(**GIVEN)
POSITION = np.array([0.1, -0.2, 0.3, 0.4])


def through(position, place, **changes):
    settings = check_settings(**GIVEN | changes)
    return chain_through(running.grouped_model(), settings, position, place, np.zeros(2, np.int64))


@pytest.mark.parametrize("algorithm", ["nuts", "walnuts", "hmc"])
@pytest.mark.parametrize("place", [0, 1, 17, 40])
def test_the_position_has_its_place(place, algorithm):
    draws, stats = through(POSITION, place, algorithm=algorithm)
    assert draws.shape == (1, 41, 4)
    assert running.equal_bits(draws[0, place], POSITION)
    densities = [running.grouped_model().evaluate(draw)[0] for draw in draws[0]]
    assert running.equal_bits(stats["lp"][0], np.array(densities))
    assert {values.shape for name, values in stats.items() if name != "lp"} == {(1, 40)}


def test_the_kernel_does_not_know_the_position():
    other = through(POSITION + 2.0, 30)[1]["step_size"]
    step_size = through(POSITION, 7)[1]["step_size"]
    assert (step_size == step_size[0, 0]).all()
    assert running.equal_bits(step_size, other)


def test_the_parts_before_and_after_are_of_other_random_numbers():
    draws = through(POSITION, 20)[0][0]
    assert not np.isin(draws[:20], draws[21:]).any()


def test_a_position_without_density_is_refused():
    with pytest.raises(ValueError, match="grouped: the log density is -inf at the position to go through"):
        through(np.array([0.0, 0.0, 0.0, 800.0]), 3)


def test_a_chain_that_is_stopped_says_so():
    with pytest.raises(KeyboardInterrupt):
        chain_through(running.grouped_model(), SETTINGS, POSITION, 3, np.array([1, 0]))


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_stop_in_any_part_leaves_no_draws(call, monkeypatch):
    """Above all in the last: rows that were never filled would be taken for draws, and ranked."""
    cells, calls, advance = np.zeros(2, np.int64), [], through_module.compiled_advance

    def stopping(algorithm):
        def stopped(*arguments):
            calls.append(1)
            if len(calls) == call:
                cells[0] = 1
            return advance(algorithm)(*arguments)

        return stopped

    monkeypatch.setattr(through_module, "compiled_advance", stopping)
    with pytest.raises(KeyboardInterrupt):
        chain_through(running.grouped_model(), SETTINGS, POSITION, 3, cells)
    assert len(calls) == call


MODEL = bell_of(1.0, 0.02)
KEPT = 19
# Steps as fit the second component, and one or two a transition: the chain does not get across the first.
SLOW = {"metric": "unit", "max_depth": 1}


def at_a_random_place(rng, model):
    return (model.data.scale * rng.standard_normal(2), int(rng.integers(KEPT + 1))), model


def at_the_first_place(rng, model):
    return (model.data.scale * rng.standard_normal(2), 0), model


def too_wide(rng, model):
    return (1.5 * model.data.scale * rng.standard_normal(2), int(rng.integers(KEPT + 1))), model


def sampler(truth, fitted, settings, cells):
    return chain_through(fitted, settings, *truth, cells)


def ranks(truth, fitted, draws, stats):
    return (draws[0] < truth[0]).sum(axis=0)


def p_values(design, **settings):
    """Of the ranks of 1,000 truths, drawn by `design`, among the draws of their chains: for each component."""
    options = {"warmup": 50, "draws": KEPT, "workers": 1, "progress": False} | settings
    done = replicate(MODEL, ranks, 1000, design=design, sampler=sampler, **options)
    assert done.failures == []
    return uniformity(np.array(done.results), KEPT).p_value


@pytest.mark.parametrize("settings", [{}, SLOW])
def test_ranks_are_uniform_however_slowly_the_chain_moves(settings):
    assert (p_values(at_a_random_place, **settings) > 1e-3).all()


def test_ranks_at_a_fixed_place_of_a_slow_chain_are_not():
    """A walk's first position is often its lowest or its highest (the arcsine law)."""
    assert p_values(at_the_first_place, **SLOW)[0] < 1e-6


@pytest.mark.parametrize("settings", [{}, SLOW])
def test_positions_of_another_distribution_show_where_the_chain_moves(settings):
    wide, narrow = p_values(too_wide, **settings)
    assert narrow < 1e-4
    assert (wide < 1e-4) == (settings == {})
