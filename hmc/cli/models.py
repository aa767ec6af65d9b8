"""`hmc models`: the models of the lecture, and those that show how models fail."""

from __future__ import annotations

import argparse
from typing import Any


def add(subparsers: Any) -> None:
    command = subparsers.add_parser("models", help="list the models of the lecture, with formula, data and dimension")
    command.set_defaults(run=run)


def run(_options: argparse.Namespace) -> None:
    import models

    for name in [*models.names(), *models.counterexamples()]:
        described = models.describe(name)
        facts = f"dimension {described.dimension}; {described.data}"
        print(f"{name}  ({facts})\n    {described.summary}")
        for option in [option for option in described.options if option != "data"]:
            print(f"    --set {option}=...")
        print("".join(f"        {line}\n" for line in described.formula.splitlines()))
