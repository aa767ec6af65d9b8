"""hmc.sampler.snapshot: all that a chain's future depends on, and a density that is not what it was."""

import numpy as np
import pytest

import hmc
from hmc.sampler import snapshot
from hmc.sampler.metric import DENSE, DIAGONAL, LOW_RANK, RANK, identity
from tests.hmc.helpers import running

MODEL = running.grouped_model()


@pytest.fixture(scope="module")
def taken():
    fit = hmc.sample(MODEL, chains=1, warmup=40, draws=10, metric="dense", workers=1, progress=False)
    return fit.snapshots[0]


def test_moments_end_with_the_warmup(taken):
    assert taken.state.moments.draw_mean.shape == (2, 0)
    rng = np.random.default_rng(1)
    during = snapshot.take(taken.state._replace(iteration=39, moments=np.zeros(3)), rng, warmup=40)
    assert during.state.moments.shape == (3,)


def test_a_snapshot_is_the_same_after_the_way_through_arrays(taken):
    back = snapshot.from_arrays(snapshot.to_arrays(taken))
    assert back.generator == taken.generator
    assert leaves(back.state) == leaves(taken.state)


def leaves(values):
    """The bytes of all numbers in nested NamedTuples."""
    if hasattr(values, "_fields"):
        return [leaf for value in values for leaf in leaves(value)]
    return [np.asarray(values).tobytes()]


@pytest.mark.parametrize(("kind", "rank"), [(DIAGONAL, 0), (LOW_RANK, 2), (DENSE, 0)])
def test_after_warm_up_a_metric_has_no_spare_room(taken, kind, rank):
    metric = identity(3, kind, 3)
    metric.form[RANK] = rank
    kept = snapshot.take(taken.state._replace(iteration=40, metric=metric), np.random.default_rng(1), warmup=40)
    assert kept.state.metric.factor.shape == (3 if kind == DENSE else rank, 3)
    during = snapshot.take(taken.state._replace(iteration=39, metric=metric), np.random.default_rng(1), warmup=40)
    assert during.state.metric.factor.shape == metric.factor.shape


@pytest.mark.parametrize("what", ["density", "gradient"])
@pytest.mark.parametrize(("change", "is_seen"), [(1e-6, True), (1e-11, False)])
def test_a_density_that_is_off_by_a_millionth_is_another(taken, what, change, is_seen):
    """But not one whose sum was taken in another order."""
    density, data = MODEL.density()
    draw = snapshot.last_draw(taken.state)

    def other(position, address, gradient):
        value = density(position, address, gradient)
        gradient[0] += change * (1.0 + np.abs(gradient).max()) if what == "gradient" else 0.0
        return value + (change * (1.0 + abs(value)) if what == "density" else 0.0)

    with np.errstate(all="ignore"):
        found = snapshot.contradicts(draw, other, data)
    assert (found is not None) is is_seen
    if is_seen:
        assert found.startswith("the log density of a draw was" if what == "density" else "gradient[0] of a draw was")
