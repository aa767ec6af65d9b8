"""benchmarks.necks: the quantity that it measures is the one whose exact values it prints."""

import numpy as np
import pytest

import hmc
from benchmarks import necks
from benchmarks.posteriors import necks as posteriors
from figures.sampler import toys
from figures.sampler.toys.known import known_marginals


@pytest.mark.parametrize(
    ("model", "quantity", "log"),
    [(posteriors.funnel, necks.of_funnel, False), (toys.schools_centred, necks.of_schools, True)],
)
def test_a_quantity_is_the_column_of_its_parameter(model, quantity, log):
    fit = hmc.sample(model(), chains=1, warmup=20, draws=20, seed=1, workers=1, progress=False)
    values = fit[quantity().parameter]
    found = fit.unconstrained[..., necks.column_of(model(), quantity())]
    np.testing.assert_allclose(found, np.log(values) if log else values, rtol=1e-12)


def test_exact_values_of_the_schools_are_those_of_the_toy():
    """Two derivations of the same posterior, of the share below tau = 0.5."""
    known = known_marginals(toys.schools_centred(), toys.TOYS["schools_centred"].marginals(), {"tau": 0.5})
    assert necks.of_schools().below == pytest.approx(known["tau"]["neck"]["probability"], rel=1e-6)
