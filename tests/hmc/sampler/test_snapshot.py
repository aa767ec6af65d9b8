"""hmc.sampler.snapshot: all that a chain's future depends on, and a density that is not what it was."""

import numpy as np
import pytest

import hmc
from hmc.sampler import snapshot
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
    for one, other in zip(back.state, taken.state, strict=True):
        for a, b in zip(one, other, strict=True) if hasattr(one, "_fields") else [(one, other)]:
            assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


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
