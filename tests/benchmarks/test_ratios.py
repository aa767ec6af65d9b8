"""benchmarks/measuring.py and ratios.py: what is counted of our fits, and which contestants a ratio is of."""

import inspect

import pytest

import hmc
import models
from benchmarks import measuring
from benchmarks.ratios import DEFAULT, MEASURES, NUTPIE, OURS, TUNED, Contestant, print_ratios, ratio
from diagnostics import ess_bulk

SPEED = "ess_per_second"


def figures(speed):
    """`Figures` of which every measure is `speed`."""
    return measuring.Figures(1.0, 1000.0, 400.0, speed, speed, speed, 0.0, 1.0, 1)


FOUND = {
    Contestant(OURS, "diag"): figures(60.0),
    Contestant(OURS, "dense"): figures(120.0),
    Contestant(OURS, DEFAULT, True): figures(90.0),
    Contestant(NUTPIE, "diag"): figures(10.0),
    Contestant(NUTPIE, "low rank"): figures(40.0),
    Contestant(NUTPIE, "diag", True): figures(15.0),
    Contestant(NUTPIE, "low rank", True): figures(30.0),
    Contestant(TUNED, "diag", True): figures(45.0),
}


def test_at_equal_warm_up_our_best_metric_counts():
    assert ratio(FOUND, SPEED, False) == (120.0, "dense", {"diag": 12.0, "low rank": 3.0})


def test_at_defaults_our_default_is_compared_with_the_better_of_tuned_and_untuned():
    assert ratio(FOUND, SPEED, True) == (90.0, DEFAULT, {"diag": 2.0, "low rank": 3.0})


def test_every_measure_is_printed_for_both_warm_ups_with_medians_and_minima(capsys):
    print_ratios({"mST": FOUND, "cafes": FOUND | {Contestant(NUTPIE, "diag"): figures(120.0)}})
    tables = [table.splitlines() for table in capsys.readouterr().out.strip().split("\n\n")]
    assert [table[0].partition(":")[0] for table in tables] == [title for title in MEASURES.values() for _ in range(2)]
    assert tables[0][2].split() == ["mST", "120", "dense", "12.00", "3.00", "3.00"]
    assert tables[0][4].split() == ["median", "6.50", "3.00", "2.00"]
    assert tables[0][5].split() == ["min", "1.00", "3.00", "1.00"]


def test_without_nutpie_our_values_are_printed_alone(capsys):
    print_ratios({"mST": {contestant: row for contestant, row in FOUND.items() if contestant.sampler == OURS}})
    assert capsys.readouterr().out.splitlines()[3].split() == ["mST", "120", "dense"]


@pytest.mark.parametrize("warmup", [30, None])
def test_counts_of_a_run_are_those_of_the_fit(warmup):
    """A warm-up of None is the default of `hmc.sample`."""
    run = measuring.ours(models.cafes(), metric="dense")
    if warmup is None:
        warmup, run = inspect.signature(hmc.sample).parameters["warmup"].default, measuring.with_default_warmup(run)
    row = measuring.figures(run(3, measuring.Length(2, 30, 100)))
    fit = hmc.sample(models.cafes(), 2, warmup, 100, 3, metric="dense", workers=1, progress=False)
    of_draws, in_warmup = fit.stats["n_steps"].sum(), fit.warmup_stats["n_steps"].sum()
    ess = min(ess_bulk(fit[p.name].reshape(2, 100, -1)).min() for p in models.cafes().parameters)
    assert row.gradients == of_draws + in_warmup
    assert row.ess_per_1000_gradients == pytest.approx(1000 * ess / (of_draws + in_warmup), rel=1e-12)
    assert row.ess_per_1000_of_draws == pytest.approx(1000 * ess / of_draws, rel=1e-12)
