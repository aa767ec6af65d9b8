"""The verdict on a fit: each fault is found, named, and told in words; a good fit has none."""

import re
import subprocess
import sys
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

import diagnostics as d
from diagnostics.findings import SEVERITIES, WORDS, percent

CHAINS, DRAWS = 4, 500


class Failure(NamedTuple):
    chain: int
    iteration: int
    reason: str


class FakeFit:
    """What a verdict asks of a fit: parameters a[1..3] and sigma, and the derived constant rho."""

    def __init__(self, chains=CHAINS, draws=DRAWS):
        rng = np.random.default_rng(12)
        self.unconstrained = rng.normal(size=(chains, draws, 4))
        self.parameters = [SimpleNamespace(name="a"), SimpleNamespace(name="sigma")]
        self.values = {
            "a": self.unconstrained[..., :3].copy(),
            "sigma": np.exp(self.unconstrained[..., 3]),
            "rho": np.ones((chains, draws)),
        }
        self.stats = {
            "diverging": np.zeros((chains, draws), dtype=bool),
            "reached_max_treedepth": np.zeros((chains, draws), dtype=bool),
            "tree_depth": np.full((chains, draws), 3),
            "energy": rng.normal(size=(chains, draws)),
        }
        self.chains = list(range(chains))
        self.failures = []
        self.interrupted = False
        self.seconds = 0.0612
        self.settings = {"target_accept": 0.8}

    def keys(self):
        return self.values.keys()

    def __getitem__(self, name):
        return self.values[name]


@pytest.fixture
def fit():
    return FakeFit()


def only(verdict, kind):
    """The one finding of that kind."""
    (found,) = [finding for finding in verdict if finding.kind == kind]
    return found


def kinds(verdict):
    return [finding.kind for finding in verdict]


def test_good_fit_has_no_findings_and_is_said_to_have_converged(fit):
    verdict = d.verdict(fit)
    assert list(verdict) == []
    assert verdict.worst is None
    assert verdict.trustworthy
    ess = min(
        d.ess_tail(fit["a"]).min(), d.ess_bulk(fit["a"]).min(), d.ess_tail(fit["sigma"]), d.ess_bulk(fit["sigma"])
    )
    rhat = max(d.rhat(fit["a"]).max(), d.rhat(fit["sigma"]))
    assert str(verdict) == (
        f"4 chains of 500 draws in 0.06 s, no divergences, Rhat at most {rhat:.3f}, "
        f"bulk and tail ESS at least {ess:.0f}: converged"
    )


def diverge(fit):
    fit.stats["diverging"][1, :7] = True


def saturate(fit):
    fit.stats["reached_max_treedepth"][2, 3:9] = True
    fit.stats["tree_depth"][2, 3:9] = 10


def slow_energy(fit):
    fit.stats["energy"][3] = fit.stats["energy"][3].cumsum()


def apart(fit):
    fit.values["a"][0, :, 2] += 0.4


def sticky(fit):
    fit.values["sigma"] = np.repeat(fit["sigma"][:, :20], 25, axis=1)


def sticky_tails(fit):
    # Each chain visits either tail once, for 25 draws: a fresh middle, but tails known from four visits each.
    fit.values["sigma"] = np.clip(fit["sigma"], 0.3, 3)
    fit.values["sigma"][:, 100:125] *= 100
    fit.values["sigma"][:, 300:325] /= 100


def stick(fit):
    fit.unconstrained[1] = fit.unconstrained[1, :1]


def trap(fit):
    fit.unconstrained[1] = 30.0 + 1e-6 * fit.unconstrained[1]
    fit.stats["lp"] = np.random.default_rng(1).normal(size=fit.stats["diverging"].shape)
    fit.stats["lp"][1] -= 5.2e4


class Remark(NamedTuple):
    chain: int
    kind: str
    amount: float
    text: str


def raise_exceptions(fit):
    fit.remarks = [Remark(k, "raised", 3.0 + k, f"log_density raised E ({3 + k} times)") for k in (0, 2, 3)]


def climb(fit):
    fit.remarks = [Remark(1, "climbed", -2.5e30, "its start has log density -2.5e+30; it climbed")]


def fix_parameter(fit):
    fit.values["sigma"][:] = 0.5


def lose(fit):
    fit.values["a"][3, 10:12, 1] = np.nan
    fit.values["rho"][0, 0] = np.inf


def fail(fit):
    fit.chains = [0, 1, 3, 4]
    fit.failures = [Failure(2, 57, "sigma = 7.1e+02, log density = nan")]


def stop_early(fit):
    fit.chains = [0, 1, 3]
    fit.failures = [Failure(number, 0, "interrupted before its first draw") for number in (2, 4)]
    fit.interrupted = True


def interrupt(fit):
    fit.interrupted = True


@pytest.mark.parametrize(
    ("break_it", "kind", "severity", "concerns", "numbers"),
    [
        (diverge, "divergences", "warning", ("chain 2",), {"count": 7, "total": 2000, "share": 0.0035}),
        (saturate, "saturated_trees", "note", ("chain 3",), {"count": 6, "total": 2000, "share": 0.003, "depth": 10}),
        (slow_energy, "ebfmi", "warning", ("chain 4",), {"threshold": 0.3}),
        (apart, "rhat", "warning", ("a[3]",), {"count": 1, "total": 5, "threshold": 1.01}),
        (sticky, "ess_bulk", "warning", ("sigma",), {"count": 1, "total": 5, "required": 400}),
        (sticky_tails, "ess_tail", "warning", ("sigma",), {"count": 1, "total": 5, "required": 400}),
        (stick, "stuck", "error", ("chain 2",), {"count": 1}),
        (trap, "trapped", "error", ("chain 2",), {"count": 1}),
        (raise_exceptions, "raised", "note", ("chain 4", "chain 3", "chain 1"), {"count": 3, "amount": 6.0}),
        (climb, "climbed", "note", ("chain 2",), {"count": 1, "amount": -2.5e30}),
        (fix_parameter, "constant", "error", ("sigma",), {"value": 0.5}),
        (lose, "not_finite", "error", ("a[2]", "rho"), {"count": 3}),
        (fail, "failure", "warning", ("chain 3",), {"iteration": 57}),
        (interrupt, "interrupted", "note", (), {"draws": 500}),
        (stop_early, "unreached", "note", ("chain 3", "chain 5"), {"count": 2}),
    ],
)
def test_each_fault_is_found_with_its_severity_place_and_numbers(break_it, kind, severity, concerns, numbers, fit):
    assert kind not in kinds(d.verdict(fit))
    break_it(fit)
    found = only(d.verdict(fit), kind)
    assert (found.severity, found.concerns) == (severity, concerns)
    assert {name: found.numbers[name] for name in numbers} == numbers
    assert all(name.lower() in found.message.lower() for name in concerns)
    assert str(found) == f"{severity}: {found.message} {found.advice}"
    assert len(found.advice) > 20


def test_finding_of_divergences_reads(fit):
    diverge(fit)
    verdict = d.verdict(fit)
    assert str(only(verdict, "divergences")) == (
        "warning: 7 of 2000 transitions diverged (0.35%; chain 2): the posterior bends more sharply there than the "
        "steps can follow, so a part of it may be missing from the draws. Rerun with a higher target_accept (0.95), "
        "`--target-accept 0.95`; if some remain, see which parameters are extreme there, and give these tighter "
        "priors. A log density that is NaN there diverges too: `hmc check MODEL` (in Python "
        "`hmc.check(model)`) finds it."
    )
    assert ", 7 divergences, " in verdict.summary
    assert verdict.summary.endswith(": take care, read the warnings first")


def test_finding_of_a_failed_chain_reads(fit):
    fail(fit)
    assert only(d.verdict(fit), "failure").message == (
        "Chain 3 failed after 57 transitions: sigma = 7.1e+02, log density = nan."
    )


def test_chains_that_a_stopped_run_did_not_reach_are_no_fault_of_the_model(fit):
    stop_early(fit)
    verdict = d.verdict(fit)
    assert verdict.trustworthy
    assert re.match(r"4 chains of 500 draws in \d+\.\d\d s, stopped early, no divergences, ", verdict.summary)
    assert only(verdict, "unreached").message == "The run was stopped before chain 3 and chain 5 had a draw."
    assert "failure" not in kinds(verdict)
    fit.failures.append(Failure(5, 57, "sigma = 7.1e+02, log density = nan"))
    assert only(d.verdict(fit), "failure").concerns == ("chain 6",)
    fit.interrupted = False  # by whoever ran it: then "interrupted" is a reason like others
    assert kinds(d.verdict(fit)).count("failure") == 3


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "0.00%"), (1e-5, "under 0.01%"), (4.9e-5, "under 0.01%"), (6e-5, "0.01%"), (0.5, "50.00%")],
)
def test_a_share_that_is_not_nothing_is_not_called_nothing(share, said):
    assert percent(share) == said


def test_many_divergences_are_an_error_and_ask_for_more_than_was_tried(fit):
    fit.stats["diverging"][:, ::20] = True
    fit.settings["target_accept"] = 0.95
    found = only(d.verdict(fit), "divergences")
    assert found.severity == "error"
    assert "(0.99)" in found.advice


@pytest.mark.parametrize(
    ("share", "severity"), [(0.0005, "warning"), (0.009, "warning"), (0.011, "error"), (0.5, "error")]
)
def test_one_percent_of_divergences_is_an_error(share, severity, fit):
    fit.stats["diverging"].flat[: round(2000 * share)] = True
    assert only(d.verdict(fit), "divergences").severity == severity


def test_findings_name_a_quantity_by_its_label_in_the_table(fit):
    fit.values["a[3]"] = fit["rho"] + np.nan
    assert only(d.verdict(fit), "not_finite").concerns == ("a[3]_",)


def test_statistics_in_findings_are_those_of_the_draws(fit):
    apart(fit)
    sticky(fit)
    sticky_tails_of_a = np.repeat(fit["a"][:, :50, 0], 10, axis=1)
    fit.values["a"][:, :, 0] = sticky_tails_of_a
    slow_energy(fit)
    verdict = d.verdict(fit)
    every = np.concatenate([fit["a"], fit["sigma"][..., None]], axis=2)
    assert only(verdict, "rhat").numbers["largest"] == d.rhat(every).max()
    assert only(verdict, "ess_bulk").numbers["least"] == d.ess_bulk(every).min()
    assert only(verdict, "ess_tail").numbers["least"] == d.ess_tail(every).min()
    assert only(verdict, "ebfmi").numbers["least"] == d.ebfmi(fit.stats["energy"]).min()


def test_worst_parameters_are_named_first_and_the_rest_counted(fit):
    fit.values["b"] = np.random.default_rng(3).normal(size=(CHAINS, DRAWS, 2, 4))
    for k in range(8):
        fit.values["b"][0, :, k // 4, k % 4] += 0.5 + k / 4
    found = only(d.verdict(fit), "rhat")
    assert found.concerns[:3] == ("b[2,4]", "b[2,3]", "b[2,2]")
    assert len(found.concerns) == 8
    assert "(b[2,4], b[2,3], b[2,2] and 5 more)" in found.message


def test_chains_far_apart_are_an_error(fit):
    fit.values["a"][0, :, 2] += 3
    assert only(d.verdict(fit), "rhat").severity == "error"
    assert not d.verdict(fit).trustworthy


def test_advised_number_of_draws_would_reach_the_ess_asked_for(fit):
    sticky(fit)
    found = only(d.verdict(fit), "ess_bulk")
    needed = int(found.advice.split()[1])
    exactly = DRAWS * 400 / found.numbers["least"]
    assert exactly <= needed <= 1.1 * exactly  # rounded up to two digits


def test_constant_derived_quantity_is_no_fault_but_counts_as_parameter_without_a_list_of_them(fit):
    assert "constant" not in kinds(d.verdict(fit))
    del fit.parameters
    assert only(d.verdict(fit), "constant").concerns == ("rho",)


def test_indicator_of_a_usual_event_is_no_fault(fit):
    fit.values["usual"] = (fit["a"][..., 0] < 2.5).astype(float)
    assert np.isnan(d.ess_tail(fit["usual"]))  # its quantiles are constant
    assert list(d.verdict(fit)) == []


def test_lost_draws_do_not_hide_the_convergence_of_the_rest(fit):
    lose(fit)
    apart(fit)
    assert {"not_finite", "rhat"} <= set(kinds(d.verdict(fit)))


def test_one_chain_is_warned_of_and_four_are_not():
    verdict = d.verdict(FakeFit(chains=1))
    assert only(verdict, "single_chain").severity == "warning"
    assert verdict.summary.startswith("1 chain of 500 draws")
    assert "single_chain" not in kinds(d.verdict(FakeFit(chains=4)))


def test_few_draws_are_noted_and_very_few_cannot_be_judged():
    assert "few_draws" not in kinds(d.verdict(FakeFit(draws=100)))
    assert only(d.verdict(FakeFit(draws=99)), "few_draws").severity == "note"
    assert "too_few_draws" not in kinds(d.verdict(FakeFit(draws=6)))
    for draws in (1, 5):
        verdict = d.verdict(FakeFit(draws=draws))
        assert kinds(verdict) == ["too_few_draws"]
        assert "Rhat unknown, ESS unknown: DO NOT TRUST" in verdict.summary


def test_fit_interrupted_before_its_first_draw_is_judged_too():
    fit = FakeFit(draws=0)
    fit.interrupted = True
    assert kinds(d.verdict(fit)) == ["too_few_draws", "interrupted"]


def test_findings_come_worst_first_and_the_summary_follows_the_worst(fit):
    for break_it in (interrupt, saturate, diverge, apart, fix_parameter, lose):
        break_it(fit)
    verdict = d.verdict(fit)
    severities = [finding.severity for finding in verdict]
    assert severities == sorted(severities, key=SEVERITIES.index)
    assert set(severities) == set(SEVERITIES)
    assert verdict.worst == "error"
    assert verdict.summary.endswith("DO NOT TRUST these numbers yet")
    assert str(verdict).splitlines() == [verdict.summary, *map(str, verdict)]


def test_notes_alone_leave_a_fit_trustworthy(fit):
    saturate(fit)
    verdict = d.verdict(fit)
    assert verdict.worst == "note"
    assert verdict.trustworthy
    assert ", 6 trees at full depth, " in verdict.summary
    assert verdict.summary.endswith(": converged")


@pytest.mark.filterwarnings("ignore:.*(p_waic|k-hat) is over")
def test_criteria_are_judged_in_the_words_of_their_own_warnings(fit, log_liks):
    log_lik = log_liks["mST"]
    waic, loo = d.waic(log_lik), d.psis_loo(log_lik)
    verdict = d.verdict(fit, waic, loo)
    assert kinds(verdict) == ["p_waic", "pareto_k"]
    penalty, k_hat = verdict
    assert penalty.concerns[0] == f"observation {waic.pointwise.p_waic.argmax() + 1}"
    assert penalty.numbers["count"] == (waic.pointwise.p_waic > 0.4).sum()
    assert k_hat.concerns[0] == f"observation {loo.pareto_k.argmax() + 1}"
    assert k_hat.numbers["largest"] == loo.pareto_k.max()
    assert "k-hat is over 0.70 for" in k_hat.message
    assert k_hat.advice == "Leave these observations out exactly, by refitting."
    assert penalty.advice.startswith("Check it by leaving them out")


def test_criteria_without_warnings_are_no_findings(fit, log_liks):
    log_lik = log_liks["mST"] / 10
    assert list(d.verdict(fit, d.waic(log_lik), d.psis_loo(log_lik))) == []


def test_criteria_of_another_kind_are_refused(fit):
    with pytest.raises(TypeError, match="a result of waic or psis_loo, not a float"):
        d.verdict(fit, 200.3)


def test_a_fit_is_not_changed_by_its_verdict(fit):
    lose(fit)
    before = {name: fit[name].copy() for name in fit.keys()}  # noqa: SIM118
    d.verdict(fit)
    for name, values in before.items():
        np.testing.assert_array_equal(fit[name], values)


def test_remarks_are_told_once_a_kind_and_leave_a_fit_trustworthy(fit):
    raise_exceptions(fit)
    fit.remarks += [Remark(1, "climbed", -2.5e30, "its start has log density -2.5e+30; it climbed")]
    verdict = d.verdict(fit)
    assert verdict.trustworthy
    told = {found.kind: found.message for found in verdict}
    assert told == {
        "raised": "Chain 4: log_density raised E (6 times); likewise chain 3 and chain 1.",
        "climbed": "Chain 2: its start has log density -2.5e+30; it climbed.",
    }


def test_stuck_chains_get_a_start_from_one_that_moves(fit):
    trap(fit)
    fit.unconstrained[3] = 1.0
    fit.stats["lp"][3] = -1e30
    best = int(np.median(fit.stats["lp"], axis=1).argmax())
    verdict = d.verdict(fit)
    start = f"Start all chains where chain {best + 1} has been: initial=fit.unconstrained[{best}, -1]."
    for kind in ("stuck", "trapped"):
        assert only(verdict, kind).advice.startswith(start)
        assert "`hmc check MODEL`" in only(verdict, kind).advice
    assert only(verdict, "trapped").message.startswith("Chain 2 hardly moved")
    fit.unconstrained[:] = fit.unconstrained[:, :1]
    assert only(d.verdict(fit), "stuck").advice.startswith("Start elsewhere")


def test_chains_in_narrow_modes_of_like_density_are_not_called_stuck(fit):
    fit.unconstrained[:2] += 1e5
    fit.stats["lp"] = np.random.default_rng(1).normal(size=fit.stats["diverging"].shape)
    assert not {"stuck", "trapped"} & {*kinds(d.verdict(fit))}


def test_every_kind_of_finding_has_a_test_here():  # add the test, then the name
    tested = {
        "single_chain",
        "few_draws",
        "too_few_draws",
        "failure",
        "interrupted",
        "unreached",
        "stuck",
        "divergences",
    }
    tested |= {"trapped", "raised", "climbed"}
    tested |= {"coarse_density", "saturated_trees", "ebfmi", "not_finite", "constant", "rhat", "ess_bulk", "ess_tail"}
    assert tested == set(WORDS)


def test_verdict_needs_neither_scipy_nor_pandas(fit, monkeypatch):
    code = "import sys, diagnostics; print(*{'scipy', 'pandas'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
    for name in ("scipy", "scipy.special", "pandas"):
        monkeypatch.setitem(sys.modules, name, None)  # importing it now fails
    assert d.verdict(fit).trustworthy
