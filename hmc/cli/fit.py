"""`hmc fit`: a model's posterior, its table, and a verdict on the draws."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from hmc.cli.model_argument import build, is_simulated
from hmc.cli.shared import (
    MODEL_HELP,
    add_digits,
    add_sampling,
    check_digits,
    kept_in,
    sample,
    start_workers_early,
    status_of,
)


def add(subparsers: Any) -> None:
    command = subparsers.add_parser(
        "fit",
        help="sample a model's posterior and print its table",
        epilog="The exit status is 0 if all chains gave their draws; the last lines say whether to trust them.",
    )
    command.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    command.add_argument(
        "--depth", type=int, choices=(1, 2), help="2 shows vectors too (default 1; 2 for a model of vectors alone)"
    )
    command.add_argument("--prob", type=float, default=0.89, help="probability of the interval (default 0.89)")
    command.add_argument("--exact", action="store_true", help="exact posterior means and z-scores beside the estimates")
    command.add_argument(
        "--out", metavar="FILE", help="save the fit, for hmc.load; FILE.nc is NetCDF for ArviZ, FILE.csv the draws"
    )
    command.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="save the progress in FILE; the same command continues from it, and with more --draws goes further",
    )
    add_digits(command)
    add_sampling(command)
    command.set_defaults(run=run, keeps_in="checkpoint")


def run(options: argparse.Namespace) -> int:
    start_workers_early(options)
    import numpy as np

    import models
    from diagnostics import verdict
    from diagnostics.formatting import plain_text
    from diagnostics.precis import summary
    from hmc.cli.out import check_fit_fits, check_out, with_derived, write_out

    if not 0.0 < options.prob < 1.0:
        raise ValueError(f"--prob {options.prob} is not between 0 and 1")
    check_digits(options)
    if options.out:
        check_out(options)
    model = build(options.model, options.data, options.set)
    exact = models.exact_posterior(options.model) if options.exact else None
    if options.exact and (exact is None or options.data or options.set):
        raise ValueError(f"{options.model}: no exact posterior is stored" + (" for your data" if exact else ""))
    if options.out:
        check_fit_fits(model, options)
    fit = sample(options.model, model, options, checkpoint=options.checkpoint)
    if fit.interrupted and options.checkpoint:
        print(f"hmc: interrupted{kept_in(options)}", file=sys.stderr)
    fit, is_whole = write_out(fit, options.out) if options.out else with_derived(fit)
    depth = options.depth or (1 if any(not parameter.shape for parameter in model.parameters) else 2)
    table = summary(fit, depth=depth, prob=options.prob)
    if exact:
        error = summary(fit, depth=depth, mcse=True).columns["mcse_mean"]
        known = np.array([exact[name][0] if name in exact else np.nan for name in table.labels])
        table.columns.update(exact=known, z=(table.columns["mean"] - known) / error)
    if is_simulated(options.model, model):
        print(model.name)
    print(plain_text(table.labels, table.columns, options.digits))
    if table.note:
        print(table.note)
    print(verdict(fit))
    return status_of(fit) if is_whole else 1
