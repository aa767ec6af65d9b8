"""Findings, the parts of a verdict, and their wording."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from .cells import of_verdict

Severity: TypeAlias = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

NAMED = 3  # how many of the worst a sentence names; `Finding.concerns` has all

CHECK = "`hmc check MODEL` (in Python `hmc.check(model)`) looks for mistakes in the density."

# Advice that depends on whether the draws show a centred hierarchy: with one, without one.
NON_CENTRED = "write `{varying}` in non-centred form: {varying} = mean + {scale} * z (as in mSTnc)"
AGAINST_DIVERGENCES = NON_CENTRED, "see which parameters are extreme there, and give these tighter priors"
AGAINST_LOW_EBFMI = (
    NON_CENTRED + ", or give {scale} a tighter prior",
    "look for parameters with long tails, and give these tighter priors",
)
INSTEAD_OF_DRAWS = NON_CENTRED, "look for parameters about which the data say little, and give these tighter priors"

# Advice for divergences of NUTS that lie in a neck.
OR_WALNUTS = ', or try algorithm="walnuts", whose steps are smaller where the posterior bends'

# Advice for a run whose metric does not know correlations.
OTHER_METRIC = 'or try metric="auto", which learns correlations'

# By kind: the finding and its meaning; the advice.
WORDS = {
    "failure": (
        "{named} failed after {iteration} transitions: {reason}.",
        "The other chains are valid. The model may be at fault: look at its density.",
    ),
    "unreached": (
        "The run was stopped before {named} had a draw.",
        "The draws of the others are valid.",
    ),
    "interrupted": (
        "The run was stopped early, after {draws} draws a chain.",
        "For all draws, run it again to the end.",
    ),
    "too_few_draws": (
        "{draws} draws a chain are too few to judge by: Rhat and ESS need {fewest}.",
        "Draw more (draws=1000).",
    ),
    "few_draws": ("{draws} draws a chain are few: ESS can hardly reach {required}.", "Draw more (draws=1000)."),
    "single_chain": (
        "There is one chain: Rhat compares its two halves, and says little about parts of the posterior it never saw.",
        "Run 4 chains (chains=4).",
    ),
    "raised": (
        "{concerns[0]}: {text}{likewise}.",
        "Look at the density there. Where a matrix has no Cholesky factor, `hmc.numerics.cholesky` says so without an "
        "exception.",
    ),
    "climbed": (
        "{concerns[0]}: {text}{likewise}.",
        "The draws are as good as any; a start that is nearer (initial=...) needs no climb.",
    ),
    "stuck": (
        "{named} never moved: all draws of a chain are the same.",
        "{remedy}",
    ),
    "trapped": (
        "{named} hardly moved: the draws of a chain span less than a thousandth of what all chains do, at log "
        "densities as low as {log_density:.2g}, where {other} has {best:.2g}.",
        "{remedy}",
    ),
    "divergences": (
        "{count} of {total} transitions diverged ({percent}; {named}{where}): the posterior bends more sharply there "
        "than the steps can follow, so a part of it may be missing from the draws.",
        "Rerun with a higher target_accept ({target_accept}), `--target-accept {target_accept}`; if some remain, "
        "{remedy}{or_walnuts}. A log density that is NaN there diverges too: `hmc check MODEL` (in Python "
        "`hmc.check(model)`) finds it.",
    ),
    "saturated_trees": (
        "{count} of {total} trajectories ({percent}; {named}) were cut off at {depth} doublings, before they turned "
        "back: the draws are valid, but each is closer to the last than necessary.",
        "If ESS is low, allow longer ones (max_depth={deeper}){or_metric}.",
    ),
    "ebfmi": (
        "E-BFMI is under {threshold} ({named}; the lowest {least:.2f}): the chain changes its energy too slowly, so it "
        "may not reach the tails of the posterior.",
        "{remedy}.",
    ),
    "not_finite": (
        "{count} draws are NaN or infinite, of {named}: a formula is undefined or overflows there.",
        "Look at these draws, and at the constraint or derived quantity that gives them.",
    ),
    "constant": (
        "Every draw is the same for {named} ({value:g}), but a posterior density has some spread.",
        "Check whether the log density depends on it. " + CHECK,
    ),
    "rhat": (
        "Rhat is over {threshold} for {count} of {total} quantities, the largest {largest:.3f} ({named}): the chains "
        "or their halves do not agree on the posterior.",
        "Run longer (warmup and draws); if they still disagree, look at the trace plots: chains that stay apart mean "
        "several modes, or parameters that the data cannot tell apart.{further}",
    ),
    "coarse_density": (
        "The log density is as large as {largest:.1e}, where neighbouring numbers are {spacing:.2g} apart: the "
        "differences that decide whether a proposal is accepted are rounded.",
        "Leave the large constant out of the log density.",
    ),
    "ess_bulk": (
        "Bulk ESS is under {required} ({per_chain} a chain) for {count} of {total} quantities, the lowest {least:.0f} "
        "({named}): their means are only as precise as those of so many independent draws.",
        "{remedy}",
    ),
    "ess_tail": (
        "Tail ESS is under {required} ({per_chain} a chain) for {count} of {total} quantities, the lowest {least:.0f} "
        "({named}): the ends of their intervals are only as precise as with so many independent draws.",
        "{remedy}",
    ),
}


class Finding(NamedTuple):
    """One thing that is wrong with a fit, or worth knowing about it. `str` gives a line of text."""

    severity: Severity  # "error": do not use the numbers; "warning": find out first; "note": good to know
    kind: str  # "divergences", "rhat", "ess_bulk", ...: a key of WORDS, or one of cautions.KINDS
    concerns: tuple[
        str, ...
    ]  # parameters ("a[3]"), chains ("chain 2") or observations, worst first; empty: the whole fit
    numbers: Mapping[str, float]  # the numbers found, by name
    message: str  # the finding and its meaning
    advice: str  # what to do

    def __str__(self) -> str:
        return f"{self.severity}: {self.message} {self.advice}"


class Verdict:
    """All findings of a fit, worst first, and `summary`, a line. Iterates over the findings; `str` is all text.

    `chosen_metric` says which metric the run chose, and why; "" where it was not asked to choose.
    """

    def __init__(self, summary: str, findings: Iterable[Finding], chosen_metric: str = "") -> None:
        self.summary = summary
        self.chosen_metric = chosen_metric
        self.findings = tuple(findings)

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding; None if there is none."""
        return self.findings[0].severity if self.findings else None

    @property
    def trustworthy(self) -> bool:
        """Whether there is neither an error nor a warning; there may be notes."""
        return self.worst in (None, "note")

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __str__(self) -> str:
        metric = [f"Metric: {self.chosen_metric}."] if self.chosen_metric else []
        return "\n".join([*metric, self.summary, *map(str, self.findings)])

    def __repr__(self) -> str:
        return f"<Verdict {self.worst or 'no findings'}: {self.summary}>"

    def _repr_html_(self) -> str:
        return of_verdict(self)


def finding(
    kind: str, severity: Severity, concerns: Iterable[str], numbers: Mapping[str, float], **further: object
) -> Finding:
    """A finding in the WORDS of its kind, which `further` values complete."""
    concerns = tuple(concerns)
    given = {"named": listed(concerns), "concerns": concerns, "percent": percent(numbers.get("share", 0.0))}
    texts = (words.format(**given, **numbers, **further) for words in WORDS[kind])
    message, advice = (text[:1].upper() + text[1:] for text in texts)
    return Finding(severity, kind, concerns, numbers, message, advice)


def percent(share: float) -> str:
    """A share to a hundredth of a percent; one that is not 0 is not called 0."""
    return "under 0.01%" if 0 < share < 5e-5 else f"{share:.2%}"


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are, as in a sentence."""
    listed = [*names[:NAMED], *([f"{len(names) - NAMED} more"] if len(names) > NAMED else [])]
    return " and ".join(filter(None, [", ".join(listed[:-1]), *listed[-1:]]))
