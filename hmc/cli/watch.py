"""`hmc watch`: the sampler's steps in words."""

from __future__ import annotations

import argparse
from typing import Any

from hmc.cli.model_argument import build
from hmc.cli.shared import MODEL_HELP, add_chain, add_data, of_chain


def add(subparsers: Any) -> None:
    command = subparsers.add_parser("watch", help="describe the sampler's steps in words")
    command.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    command.add_argument("--transitions", type=int, default=1, help="how many (default 1)")
    command.add_argument("--after", type=int, metavar="N", help="transitions to run before (default: the warm-up)")
    command.add_argument("--chain", type=int, default=1, help="which chain, from 1 (default 1)")
    add_chain(command)
    add_data(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from hmc.record.narrate import watch
    from hmc.settings import check_whole

    check_whole("--chain", options.chain, least=1)
    arguments = of_chain(options, options.model)
    arguments |= {"transitions": options.transitions, "after": options.after, "chain": options.chain - 1}
    initial = arguments["initial"]
    chains = len(initial) if isinstance(initial, list) else max(4, options.chain)
    print(watch(build(options.model, options.data, options.set), chains=chains, **arguments))
