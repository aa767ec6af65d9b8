"""Effective draws for a thousand gradients: the lecture's models and six others, with every metric.

    python benchmarks/efficiency.py [--models NAME ...] [--metrics NAME ...] [--seeds N] [--chains N] [--warmup N]
                                    [--draws N] [--trolley Trolley.csv] [--json FILE] [--against PATH] [--nutpie]

Of the bulk ESS of all unconstrained coordinates the least and the middle one, over the gradients of the draws alone,
and over those of warm-up too; medians over the seeds, as of divergences, and the largest Rhat of any. No times: every
machine counts the same.

PATH is the folder of another checkout, with which the same fits are made with diag and dense; or a file that --json
wrote, from which the other checkout's fits are taken, or, if it was no comparison, its only ones. The ratios are those
of the best metric here to the better of these two there, column by column. The best of more metrics is larger by chance
alone: `--metrics NAME` compares a single one, such as the default. --nutpie samples the same densities with nutpie's
two metrics, where it is installed (extra `bench`), and prints the ratios to the better of them.
"""

import argparse
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import models
from benchmarks import nutpie_fits, posteriors
from benchmarks.efficiency_runs import Request, Worth
from hmc.settings import METRICS

ROOT = Path(__file__).parents[1]
THERE = ("diag", "dense")  # what ratios are to
COLUMNS = [(ess, with_warmup) for with_warmup in (False, True) for ess in ("min_ess", "median_ess")]
HEAD = f"{'':18}{'':16}{'of draws':>20}{'with warm-up':>20}"
SUBHEAD = f"{'min':>10}{'median':>10}" * 2


def main():
    """Measure and print; compare, if another checkout is given."""
    arguments = parsed()
    names = ("models", "metrics", "seeds", "chains", "warmup", "draws", "trolley")
    request = Request(**{name: getattr(arguments, name) for name in names})
    if arguments.nutpie:
        request = request._replace(metrics=[*request.metrics, *nutpie_fits.METRICS])
    print(f"Effective draws for 1000 gradients, {request.chains} x ({request.warmup} + {request.draws}), ", end="")
    print(f"seeds 1 to {request.seeds}\n{HEAD}\n{'':34}{SUBHEAD}{'divergences':>13}{'max Rhat':>10}")
    found = {"request": request._asdict()}
    if os.path.isfile(arguments.against or ""):
        found["there"] = earlier(arguments.against, request)
    found["fits"] = measured(ROOT, request)
    if arguments.against and "there" not in found:
        print(f"\nIn {arguments.against}")
        found["there"] = measured(arguments.against, request._replace(metrics=list(THERE)))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(found, indent=1), encoding="utf-8")
    ours, nutpies = parted(found["fits"])
    if "there" in found:
        there = {model: {m: fits for m, fits in row.items() if m in THERE} for model, row in found["there"].items()}
        print_ratios(f"The best metric here over the better of {' and '.join(THERE)} there", ours, there)
    if arguments.nutpie:
        print_ratios("Our best metric over nutpie's better one", ours, nutpies)


def parsed():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = [*models.names(), *posteriors.NAMES]
    some = [metric for metric in METRICS if metric != "unit"]
    parser.add_argument("--models", nargs="+", metavar="NAME", choices=known, default=known, help="only these")
    parser.add_argument("--metrics", nargs="+", choices=METRICS, default=some, help=f"(default {' '.join(some)})")
    parser.add_argument("--seeds", type=int, default=5, help="fits of each, with seeds 1, 2, ... (default 5)")
    parser.add_argument("--chains", type=int, default=4, help="(default 4)")
    parser.add_argument("--warmup", type=int, default=1000, help="transitions (default 1000)")
    parser.add_argument("--draws", type=int, default=1000, help="(default 1000)")
    parser.add_argument("--trolley", metavar="Trolley.csv", default="", help="the published table, for mRXma, mRXma2")
    parser.add_argument("--json", metavar="FILE", help="write all counts there")
    parser.add_argument("--against", metavar="PATH", help="another checkout, or a FILE of --json")
    parser.add_argument("--nutpie", action="store_true", help="also nutpie, on our densities")
    arguments = parser.parse_args()
    if arguments.nutpie and importlib.util.find_spec("nutpie") is None:
        parser.error("--nutpie: nutpie is not installed (pip install -e '.[bench]')")
    return arguments


def earlier(path, request):
    """The other checkout's fits in a file that --json wrote, or its only ones; ends if their settings are others."""
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    for name in ("seeds", "chains", "warmup", "draws", "trolley"):
        if content["request"][name] != getattr(request, name):
            raise SystemExit(f"{path} has {name} = {content['request'][name]!r}, not {getattr(request, name)!r}")
    return content.get("there", content["fits"])


def measured(checkout, request):
    """{model: {metric: [`Worth` of each seed as a list]}} of a checkout; prints the rows as they come."""
    checkout = str(Path(checkout).resolve())
    request = request._replace(trolley=request.trolley and str(Path(request.trolley).resolve()))
    script = str(Path(__file__).with_name("efficiency_runs.py"))
    command = [sys.executable, script, checkout, json.dumps(request._asdict())]
    environment = os.environ | {"PYTHONPATH": checkout}
    fits = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=checkout) as process:
        for row in map(json.loads, process.stdout):
            if "missing" in row:
                print(f"{row['model']:18}is not there: {row['missing']}", flush=True)
                continue
            fits.setdefault(row["model"], {})[row["metric"]] = row["fits"]
            print_row(row["model"], row["metric"], [Worth(*fit) for fit in row["fits"]])
    if process.returncode:
        raise SystemExit(f"the fits of {checkout} ended with status {process.returncode}")
    return fits


def efficiency(fits, column):
    """The median over the seeds of effective draws for 1000 gradients, of a column of COLUMNS."""
    ess, with_warmup = column
    return statistics.median(fit.per_1000(getattr(fit, ess), with_warmup) for fit in fits)


def print_row(model, metric, fits):
    """One model with one metric."""
    print(f"{model:18}{metric:16}", end="")
    for column in COLUMNS:
        print(f"{efficiency(fits, column):10.1f}", end="")
    divergences = statistics.median(fit.divergences for fit in fits)
    print(f"{divergences:13.0f}{max(fit.rhat for fit in fits):10.3f}", flush=True)


def best(by_metric, column):
    """(efficiency, metric) of the metric that is best in a column."""
    return max((efficiency([Worth(*fit) for fit in fits], column), metric) for metric, fits in by_metric.items())


def parted(found):
    """(ours, nutpie's) of fits {model: {metric: fits}}."""
    is_theirs = nutpie_fits.METRICS.keys().__contains__
    ours = {model: {m: fits for m, fits in row.items() if not is_theirs(m)} for model, row in found.items()}
    return ours, {model: {m: fits for m, fits in row.items() if is_theirs(m)} for model, row in found.items()}


def ratios(here, there):
    """{model: a ratio for each of COLUMNS}: the best metric here over the best there, of models with fits in both."""
    found = {}
    for model in here:
        if there.get(model):
            pairs = [(best(here[model], column)[0], best(there[model], column)[0]) for column in COLUMNS]
            found[model] = [ours / theirs if theirs else math.inf for ours, theirs in pairs]
    return found


def print_ratios(title, here, there):
    """The ratios, and their medians and minima over the lecture's models, the other posteriors, and all."""
    found = ratios(here, there)
    print(f"\n{title}\n{HEAD}\n{'':34}{SUBHEAD}  best here")
    for model, row in found.items():
        print_numbers(model, "", row, f"  {best(here[model], COLUMNS[0])[1]}")
    groups = {"lecture": models.names(), "posteriors": posteriors.NAMES, "all": found}
    for label, group in groups.items():
        rows = [found[model] for model in group if model in found]
        for summary in (statistics.median, min) if rows else ():
            print_numbers(f"{label} ({len(rows)})", summary.__name__, [summary(c) for c in zip(*rows, strict=True)])


def print_numbers(label, more, row, ending=""):
    """A row of ratios."""
    print(f"{label:18}{more:16}{''.join(f'{ratio:10.2f}' for ratio in row)}{ending}")


if __name__ == "__main__":
    main()
