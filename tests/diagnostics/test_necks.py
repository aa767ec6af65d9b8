"""Divergences in a neck are told from those by chance, and only those in a neck call for WALNUTS."""

import numpy as np
import pytest

import diagnostics as d
import hmc
from diagnostics.necks import neck
from figures.sampler.toys import schools_centred


class Draws:
    """A fit as `verdict` takes it, of two independent quantities."""

    failures, interrupted, seconds, chains = (), False, 1.0, (0, 1, 2, 3)

    def __init__(self, seed, algorithm="nuts"):
        rng = np.random.default_rng(seed)
        self.values = {"tau": rng.exponential(size=(4, 1000)), "theta": rng.normal(size=(4, 1000, 8))}
        self.unconstrained = np.concatenate([self.values["tau"][..., None], self.values["theta"]], axis=2)
        self.settings = {"algorithm": algorithm}
        names = ("diverging", "reached_max_treedepth")
        self.stats = {name: np.zeros((4, 1000), bool) for name in names} | {"energy": rng.normal(size=(4, 1000))}

    def keys(self):
        return self.values.keys()

    def __getitem__(self, name):
        return self.values[name]

    def diverge(self, where):
        self.stats["diverging"] |= where
        return self


LABELS = np.array(["tau", *(f"theta[{i}]" for i in range(1, 9))], dtype=object)


def in_neck(fit, count):
    """The lowest values of tau, some of them."""
    return fit["tau"] <= np.partition(fit["tau"].ravel(), count)[count]


@pytest.mark.parametrize("count", [15, 60, 300])
def test_divergences_at_one_end_of_a_quantity_are_a_neck(count):
    fit = Draws(1)
    assert neck(fit.diverge(in_neck(fit, count)), LABELS) == ("tau", "small")
    fit = Draws(2)
    assert neck(fit.diverge(fit["theta"][..., 3] > 2.0), LABELS) == ("theta[4]", "large")


@pytest.mark.parametrize("count", [1, 3, 10, 100])
def test_divergences_anywhere_are_none(count):
    for seed in range(40):
        fit = Draws(seed)
        where = np.zeros(4000, bool)
        where[np.random.default_rng(seed + 100).choice(4000, count, replace=False)] = True
        assert neck(fit.diverge(where.reshape(4, 1000)), LABELS) is None


def test_a_few_divergences_are_chance_even_at_one_end():
    fit = Draws(3)
    assert neck(fit.diverge(in_neck(fit, 2)), LABELS) is None


def test_divergences_in_a_row_count_once():
    fit = Draws(4)
    fit.values["tau"][2, 100:140] = 1e-3  # the chain is caught in one place
    fit.stats["diverging"][2, 100:140] = True
    assert neck(fit, LABELS) is None


def test_quantities_that_are_constant_or_not_finite_are_passed_over():
    fit = Draws(5)
    fit.diverge(in_neck(fit, 60))
    fit.values["theta"][..., 0], fit.values["theta"][1, 2, 1] = 1.0, np.nan
    assert neck(fit, LABELS) == ("tau", "small")
    fit.values["tau"][:] = 2.0
    assert neck(fit, LABELS) is None
    assert neck(Draws(6), LABELS) is None  # no divergences


def advice(fit):
    (found,) = [finding for finding in d.verdict(fit) if finding.kind == "divergences"]
    return str(found)


def test_the_verdict_advises_walnuts_for_a_neck_alone():
    fit = Draws(7)
    by_chance = advice(fit.diverge(np.random.default_rng(1).random((4, 1000)) < 0.002))
    assert "walnuts" not in by_chance
    assert "mostly" not in by_chance
    fit = Draws(7)
    in_a_neck = advice(fit.diverge(in_neck(fit, 40)))
    assert "; mostly where tau is small): the posterior bends more sharply there" in in_a_neck
    assert 'or try algorithm="walnuts", whose steps are smaller where the posterior bends. A log' in in_a_neck


def test_a_chain_that_is_caught_calls_for_walnuts_and_a_density_that_is_wrong_everywhere_does_not():
    """As the centred eight schools catch a chain at a small tau: all of its transitions diverge, and it stays."""
    fit = Draws(8)
    fit.values["tau"][2], fit.values["theta"][2] = 0.01, 0.3
    fit.unconstrained[2] = 0.01
    fit.stats["diverging"][2] = True
    assert neck(fit, LABELS) is None  # a single place
    assert 'try algorithm="walnuts"' in advice(fit)
    fit.stats["diverging"][:] = True
    assert "walnuts" not in advice(fit)
    other = Draws(8, "walnuts")
    other.stats["diverging"][2] = True
    assert "walnuts" not in advice(other)


@pytest.mark.parametrize("algorithm", ["walnuts", "hmc"])
def test_it_does_not_advise_it_to_other_algorithms(algorithm):
    fit = Draws(7, algorithm)
    assert "walnuts" not in advice(fit.diverge(in_neck(fit, 40)))


def test_nuts_in_the_centred_eight_schools_is_told_of_the_neck():
    fit = hmc.sample(schools_centred(), draws=4000, metric="diag", workers=1, progress=False)
    text = advice(fit)
    assert "; mostly where tau is small): the posterior bends" in text
    assert 'try algorithm="walnuts"' in text
