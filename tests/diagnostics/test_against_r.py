"""Every convergence statistic agrees with R's posterior 1.7.1 on every array, edge cases included."""

import numpy as np
import pytest

import diagnostics as d

STATISTICS = {
    "rhat": d.rhat,
    "rhat_basic": d.rhat_basic,
    "rhat_basic_nosplit": lambda x: d.rhat_basic(x, split=False),
    "ess_basic": d.ess_basic,
    "ess_basic_nosplit": lambda x: d.ess_basic(x, split=False),
    "ess_bulk": d.ess_bulk,
    "ess_tail": d.ess_tail,
    "ess_mean": d.ess_mean,
    "ess_sd": d.ess_sd,
    "ess_median": d.ess_median,
    "ess_q05": lambda x: d.ess_quantile(x, 0.05),
    "ess_q95": lambda x: d.ess_quantile(x, 0.95),
    "ess_q055": lambda x: d.ess_quantile(x, 0.055),
    "ess_q945": lambda x: d.ess_quantile(x, 0.945),
    "mcse_mean": d.mcse_mean,
    "mcse_sd": d.mcse_sd,
    "mcse_median": d.mcse_median,
    "mcse_q05": lambda x: d.mcse_quantile(x, 0.05),
    "mcse_q95": lambda x: d.mcse_quantile(x, 0.95),
}

# An offset of 1e6 against an sd of 1e-3 leaves 7 digits: R, ArviZ and we differ by 1e-7 (R centres in long
# double).
TOLERANCE = {"large_offset": 1e-6}


def agree(ours, theirs, tolerance=1e-8):
    theirs = np.nan if theirs is None else float(theirs)
    return bool(np.isclose(ours, theirs, rtol=tolerance, atol=0, equal_nan=True))


def disagreements(statistic, name, r_draws, r_posterior):
    """The cases in which `statistic` is not what R gives for `name`."""
    found = []
    for case, draws in r_draws.items():
        expected = r_posterior["posterior_1_7_1"][case][name]
        if case == "tiny_4x3":
            continue  # R's own slip, and a test of its own below
        if (case, name) == ("each_chain_constant", "rhat"):
            # Infinite in truth; R's 2.5e15 is rounding noise of long double.
            is_right = expected > 1e10 and statistic(draws) > 1e10
        else:
            is_right = agree(statistic(draws), expected, TOLERANCE.get(case, 1e-8))
        if not is_right:
            found.append((case, statistic(draws), expected))
    return found


@pytest.mark.parametrize("name", STATISTICS)
def test_statistic_is_what_r_gives_in_every_case(name, r_draws, r_posterior):
    assert disagreements(STATISTICS[name], name, r_draws, r_posterior) == []


def test_all_statistics_of_the_reference_are_compared(r_posterior):
    summaries = {
        "mean",
        "sd",
        "median",
        "PI89_lo",
        "PI89_hi",
        "HPDI89_lo",
        "HPDI89_hi",
    }  # test_precis; HPDI: none
    for case in r_posterior["posterior_1_7_1"].values():
        assert set(case) - summaries == set(STATISTICS)


BROKEN = {
    "rhat": lambda x: d.rhat_basic(d.rank_normalize(x)),  # no folding: blind to scale
    "ess_bulk": d.ess_mean,  # no ranks
    "ess_sd": lambda x: d.ess_mean(np.abs(x - x.mean())),  # posterior 1.4.0's definition
    "ess_tail": lambda x: d.ess_quantile(x, 0.05),  # one tail only
    "ess_mean": lambda x: d.ess_basic(x, split=False),  # chains not split
    "mcse_mean": lambda x: x.std() / np.sqrt(d.ess_mean(x)),  # divisor S
    "mcse_median": lambda x: d.mcse_quantile(x, 0.51),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # inf - inf in the broken ones
def test_broken_statistic_does_not_agree_with_r(name, r_draws, r_posterior):
    assert len(disagreements(BROKEN[name], name, r_draws, r_posterior)) >= 5


def test_ess_sd_by_distance_is_the_older_r(r_draws, r_posterior):
    for case in ("iid_normal", "ar1_p09", "one_chain"):
        older = r_posterior["ess_sd_of_posterior_1_4_0"][case]
        assert agree(BROKEN["ess_sd"](r_draws[case]), older)


def test_three_draws_cannot_be_split_and_r_takes_chains_for_draws(r_draws, r_posterior):
    draws, expected = r_draws["tiny_4x3"], r_posterior["posterior_1_7_1"]["tiny_4x3"]
    for name in ("rhat", "rhat_basic", "ess_basic", "ess_bulk", "ess_tail", "ess_mean", "ess_sd"):
        assert np.isnan(STATISTICS[name](draws)), name
    for name in ("mcse_mean", "mcse_sd", "mcse_median"):
        assert np.isnan(STATISTICS[name](draws)), name
    # R's halves: the four chains' first draws as one chain of four, and their last draws.
    as_r_splits = draws[:, [0, 2]].T
    assert agree(d.rhat_basic(as_r_splits, split=False), expected["rhat_basic"])
    assert agree(d.ess_basic(as_r_splits, split=False), expected["ess_basic"])
    assert agree(d.rhat_basic(draws, split=False), expected["rhat_basic_nosplit"])
    assert agree(d.ess_basic(draws, split=False), expected["ess_basic_nosplit"])


# Why ArviZ 0.23.4 gives another number where it does. diagnostics/README.md says it to readers.
ARVIZ_REASON = {
    "constant": "ArviZ gives the number of draws for constant draws",
    "each_chain_constant": "as for constant draws, of indicators; Rhat is rounding noise in both",
    "with_inf": "ArviZ gives numbers for infinite draws",
    "one_chain": "ArviZ wants two chains for Rhat",
    "bernoulli02": "ArviZ gives the number of draws where the quantile's indicator is constant",
    "large_offset": "rounding, 1e-7 relative",
    "tiny_4x5": "ArviZ gives ESS from half-chains of two draws",
    "tiny_4x3": "R's slip with three draws",
}


def test_every_disagreement_with_arviz_has_a_reason(r_draws, r_posterior):
    differing = r_posterior["arviz_0_23_4_where_different"]
    assert {entry["case"] for entry in differing} == set(ARVIZ_REASON)
    for entry in differing:
        if entry["case"] == "tiny_4x3" or (entry["case"], entry["metric"]) == ("each_chain_constant", "rhat"):
            continue  # no number of R's to agree with
        ours = STATISTICS[entry["metric"]](r_draws[entry["case"]])
        assert agree(ours, entry["R_head"], TOLERANCE.get(entry["case"], 1e-8)), entry
