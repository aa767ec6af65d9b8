"""hmc.results.gathering: chains of any lengths become one fit, and nothing of a chain is lost, doubled or mixed up."""

import numpy as np
import pytest

from hmc.errors import ChainError, Failure, InitializationError, Remark
from hmc.results.gathering import gather, joined_metrics, raise_for_no_draws, records
from hmc.results.identity import identity_of
from hmc.running.tasks import ChainResult
from hmc.sampler import snapshot
from hmc.sampler.chain import make_record
from hmc.sampler.metric import LowRank
from hmc.sampler.starting import chain_rng, start
from hmc.settings import check_settings
from tests.hmc.helpers import running

WARMUP, DRAWS = 3, 5


def settings_of(**changes):
    options = {"chains": 2, "warmup": WARMUP, "draws": DRAWS, "seed": 1, "target_accept": 0.8, "max_depth": 5}
    options |= {"algorithm": "nuts", "path_length": None, "metric": "diag", "adaptation": "gradients", "initial": None}
    return check_settings(**{**options, "keep_warmup": False, **changes})


def record_of(chain, draws, *, keep_warmup=False, dimension=4):
    """A record whose numbers tell the chain and the transition: 100 a chain and one a transition."""
    kept = draws + (WARMUP if keep_warmup else 0)
    record = make_record(kept, WARMUP + draws, dimension)
    transitions = 100 * chain + np.arange(WARMUP + draws)
    for name in record._fields[1:]:
        getattr(record, name)[:] = transitions % 2 if getattr(record, name).dtype == bool else transitions
    record.position[:] = transitions[-kept:, None] if kept else 0.0
    return record


def result_of(chain, draws, settings, *, at=None):
    """A chain's result; `at` is the transition of its snapshot, None for none."""
    model = running.grouped_model()
    record = record_of(chain, draws, keep_warmup=settings.keep_warmup)
    kept = None
    if at is not None:
        rng = chain_rng(settings, chain)
        begin = start(model, (lambda position, data, gradient: 0.0, None), settings, chain, rng, np.zeros(1, np.int64))
        kept = snapshot.take(begin._replace(iteration=at), rng, settings.warmup)
    return ChainResult(chain, record, np.full(4, 1.0 + chain), kept, None, (Remark(chain, "raised", 1.0, "no"),))


def fit_of(results, settings, failures=(), *, interrupted=False):
    model = running.grouped_model()
    how = {"identity": identity_of(model), "interrupted": interrupted, "seconds": 1.5}
    return gather(model, settings, results, list(failures), **how)


@pytest.mark.parametrize("keep_warmup", [False, True])
@pytest.mark.parametrize("lengths", [(5, 5), (5, 2), (1, 5), (2, 2)])
def test_every_draw_is_in_the_fit_or_in_its_tail_at_its_place(lengths, keep_warmup):
    settings = settings_of(keep_warmup=keep_warmup)
    fit = fit_of([result_of(2 * i, length, settings) for i, length in enumerate(lengths)], settings)
    common = min(lengths)
    assert fit.chains == [0, 2]
    assert fit.unconstrained.shape == (2, common, 4)
    assert fit.warmup_stats["lp"].shape == (2, WARMUP)
    assert set(fit.ragged) == {chain for chain, length in zip((0, 2), lengths, strict=True) if length > common}
    for i, (chain, length) in enumerate(zip((0, 2), lengths, strict=True)):
        tail = fit.ragged.get(chain, {"unconstrained": np.empty((0, 4)), "stats": {"lp": np.empty(0)}})
        transitions = 100.0 * chain + np.arange(WARMUP + length)
        positions = np.concatenate([fit.unconstrained[i], tail["unconstrained"]])
        assert (positions == transitions[WARMUP:, None]).all()
        assert positions.shape == (length, 4)
        for name in fit.ragged.get(chain, {"stats": {}})["stats"]:
            assert len(tail["stats"][name]) == length - common
        lp = np.concatenate([fit.warmup_stats["lp"][i], fit.stats["lp"][i], tail["stats"]["lp"]])
        assert (lp == transitions).all()
        if keep_warmup:
            assert (fit.warmup[i] == transitions[:WARMUP, None]).all()
    assert (fit.warmup is None) == (not keep_warmup)
    assert [remark.chain for remark in fit.remarks] == [0, 2]
    assert (fit.inverse_metric[:, 0] == [1.0, 3.0]).all()


def test_chains_are_released_as_they_are_copied():
    settings = settings_of()
    results = [result_of(chain, DRAWS, settings) for chain in range(2)]
    fit = fit_of(results, settings, [Failure(3, 0, "no")])
    assert results == []
    assert fit.failures == [Failure(3, 0, "no")]


@pytest.mark.parametrize(("interrupted", "shown"), [(False, "2 draws; a"), (True, "2 draws, interrupted; a")])
def test_a_fit_says_how_long_it_is_and_whether_it_was_interrupted(interrupted, shown):
    settings = settings_of()
    fit = fit_of([result_of(0, 5, settings), result_of(1, 2, settings)], settings, interrupted=interrupted)
    assert repr(fit) == f"<Fit grouped: 2 chains of {shown}, tau>"


@pytest.mark.parametrize(
    ("ends", "can_go_on"), [((8, 8), True), ((8, 7), False), ((3, 3), False), ((8, None), False), ((2, 2), False)]
)
def test_a_fit_can_go_on_where_every_chain_reached_the_end(ends, can_go_on):
    settings = settings_of()
    fit = fit_of([result_of(i, DRAWS, settings, at=end) for i, end in enumerate(ends)], settings)
    assert (fit.snapshots is not None) == can_go_on
    assert not can_go_on or [kept.state.iteration for kept in fit.snapshots] == [8, 8]


@pytest.mark.parametrize("keep_warmup", [False, True])
def test_records_are_those_that_were_gathered(keep_warmup):
    settings = settings_of(keep_warmup=keep_warmup)
    fit = fit_of([result_of(i, DRAWS, settings) for i in range(2)], settings)
    for chain, record in enumerate(records(fit)):
        assert running.equal_bits(record, record_of(chain, DRAWS, keep_warmup=keep_warmup))


@pytest.mark.parametrize(
    ("metric", "warmup", "is_told"),
    [("auto", WARMUP, True), ("auto", 0, False), ("diag", WARMUP, False), ("diag", 0, False)],
)
def test_the_metric_that_was_chosen_is_told_where_the_choice_was_open(metric, warmup, is_told):
    settings = settings_of(metric=metric)._replace(warmup=warmup)
    fit = fit_of([result_of(i, DRAWS, settings) for i in range(2)], settings)
    assert ("chosen_metric" in fit.settings) == is_told


DIAGONALS = np.array([[4.0, 1.0, 9.0], [1.0, 2.0, 3.0]])
STRETCHED = LowRank(np.array([1.0, 2.0, 3.0]), np.array([[0.6, 0.8, 0.0]]), np.array([7.0]))
FULL = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])


@pytest.mark.parametrize(
    "metrics",
    [
        [*DIAGONALS],
        [FULL, 2.0 * FULL],
        [FULL, DIAGONALS[0]],
        [DIAGONALS[0], FULL],
        [STRETCHED, STRETCHED],
        [STRETCHED, DIAGONALS[0]],
        [DIAGONALS[1], STRETCHED],
    ],
)
def test_each_chain_keeps_its_metric_in_the_form_that_holds_them_all(metrics):
    joined = joined_metrics(metrics)
    if isinstance(joined, LowRank):
        found = joined.matrix()
    else:
        found = np.array([np.diag(metric) if metric.ndim == 1 else metric for metric in joined])
    for metric, matrix in zip(metrics, found, strict=True):
        expected = metric.matrix() if isinstance(metric, LowRank) else np.diag(metric) if metric.ndim == 1 else metric
        np.testing.assert_allclose(matrix, expected, rtol=1e-15, atol=1e-15)
    is_diagonal = all(isinstance(metric, np.ndarray) and metric.ndim == 1 for metric in metrics)
    assert isinstance(joined, LowRank) or joined.ndim == (2 if is_diagonal else 3)


NO_START, OTHER = InitializationError("no start"), ZeroDivisionError("by zero")


@pytest.mark.parametrize(
    ("errors", "raised", "message"),
    [
        ([NO_START, OTHER], InitializationError, "no start"),
        ([OTHER, NO_START], ChainError, r"^grouped: no chain gave draws; chain 3 failed after 7 transitions: first$"),
        ([OTHER, KeyboardInterrupt()], KeyboardInterrupt, "before any chain had a draw"),
        ([None, None], ChainError, "chain 3 failed after 7"),
    ],
)
def test_a_run_without_draws_raises_what_ended_its_first_chain(errors, raised, message):
    with pytest.raises(raised, match=message) as caught:
        raise_for_no_draws(running.grouped_model(), [Failure(2, 7, "first"), Failure(0, 1, "second")], errors)
    assert caught.value.__cause__ is (errors[0] if raised is ChainError else None)
