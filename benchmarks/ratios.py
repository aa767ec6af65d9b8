"""How many times nutpie's efficiency ours is, from the figures of `models.py`: at equal warm-up, and at defaults."""

import statistics
from typing import NamedTuple

from benchmarks.measuring import digits

OURS, NUTPIE, TUNED = "ours", "nutpie", "nutpie tuned"
DEFAULT = "default"  # of a metric
MEASURES = {
    "ess_per_second": "Least ESS per second",
    "ess_per_1000_gradients": "Least ESS for 1000 gradients, warm-up included",
    "ess_per_1000_of_draws": "Least ESS for 1000 gradients of the draws",
}


class Contestant(NamedTuple):
    """A sampler, with a metric, on a model."""

    sampler: str  # OURS, NUTPIE, or TUNED: nutpie on a model written for speed
    metric: str  # one of ours or of nutpie's; DEFAULT: the one that `hmc.sample` takes unless told
    default_warmup: bool = False  # as many transitions as the sampler takes unless told; else as many for each

    def __str__(self):
        words = [self.sampler, self.metric]
        return ", ".join(words + ["default warm-up"] * (self.default_warmup and self.metric != DEFAULT))


class Ratio(NamedTuple):
    """Ours over nutpie's, of one measure of one model."""

    ours: float  # the measure itself
    metric: str  # ours
    by_metric: dict  # {nutpie's metric: ratio}; of a tuned and an untuned model the better counts


def ratio(figures, measure, default_warmup):
    """The `Ratio` of {Contestant: Figures}, those with the default warm-up or those with an equal one.

    Of ours with an equal warm-up the metric that is best in this measure counts; with the default one there is one.
    """
    values = {c: getattr(row, measure) for c, row in figures.items() if c.default_warmup == default_warmup}
    best = max((c for c in values if c.sampler == OURS), key=values.get)
    theirs = {}
    for contestant, value in values.items():
        if contestant.sampler != OURS:
            theirs[contestant.metric] = max(value, theirs.get(contestant.metric, 0.0))
    return Ratio(values[best], best.metric, {metric: values[best] / value for metric, value in theirs.items()})


def print_ratios(results):
    """Of results {model: {Contestant: Figures}} every measure, at equal and at default warm-up; medians and minima."""
    for measure, title in MEASURES.items():
        for default_warmup, words in ((False, "equal warm-up, our best metric"), (True, "both at their defaults")):
            rows = {model: ratio(figures, measure, default_warmup) for model, figures in results.items()}
            print_table(f"{title}: {words}", rows)


def print_table(title, rows):
    """A table of {model: Ratio}: our value, and how many times it is nutpie's of each metric, and of its better one."""
    metrics = list(next(iter(rows.values())).by_metric)
    head = [f"/ {metric}" for metric in metrics] + ["/ better"] * bool(metrics)
    print(f"\n{title}\n{'':14}{'ours':>10}  {'metric':10}{''.join(f'{words:>12}' for words in head)}")
    table = [[*row.by_metric.values(), *([min(row.by_metric.values())] if metrics else [])] for row in rows.values()]
    for (model, row), numbers in zip(rows.items(), table, strict=True):
        print(f"{model:14}{digits(row.ours):>10}  {row.metric:10}{''.join(f'{number:12.2f}' for number in numbers)}")
    for summary in (statistics.median, min) if metrics else ():
        print(f"{summary.__name__:36}{''.join(f'{summary(column):12.2f}' for column in zip(*table, strict=True))}")
