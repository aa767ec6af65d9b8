"""`hmc verify`: draws of any program against the exact posterior of a lecture model."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from hmc.cli.draws_file import KINDS, Draws, read_all


def add(subparsers: Any) -> None:
    """The command's options."""
    command = subparsers.add_parser(
        "verify",
        help="check draws of any program against the exact posterior of a lecture model",
        epilog="The exit status is 0 for draws that are consistent with the exact posterior, which one right set in "
        "1,000 is not; and 1 for others.",
    )
    command.add_argument("model", metavar="MODEL", help="a model of the lecture, with the bundled data")
    command.add_argument("files", metavar="DRAWS", nargs="+", help=f"files of draws, each with further chains: {KINDS}")
    command.add_argument(
        "--rename",
        metavar="THEIRS=OURS",
        action="append",
        default=[],
        help="a parameter that has another name in DRAWS, such as alpha=a or tau=sigma",
    )
    command.add_argument("--from-zero", action="store_true", help="names in DRAWS count elements from 0: a[0] is a[1]")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """`hmc verify`."""
    import models
    from diagnostics import verify

    models.data_of(options.model)  # a name that is not known is refused
    exact = models.exact.exact_values(options.model)
    if exact is None:
        known = ", ".join(name for name in models.names() if models.exact.exact_values(name))
        raise ValueError(f"{options.model} has no exact posterior; these have: {known}")
    draws = labelled(read_all(options.files, list(exact)), parsed_renames(options.rename), options.from_zero)
    if any(path.lower().endswith(".npy") for path in options.files):
        print(f"hmc: note: columns without names are taken for {', '.join(exact)}", file=sys.stderr)
    if not set(exact) <= set(draws):
        draws = with_derived(models.build(options.model), draws)
    found = verify(draws, exact)
    print(found)
    return 0 if found.consistent else 1


def parsed_renames(texts: Iterable[str]) -> dict[str, str]:
    """{their name: ours} of texts THEIRS=OURS; ValueError for others."""
    renames: dict[str, str] = {}
    for text in texts:
        theirs, equals, ours = text.partition("=")
        if not (theirs and equals and ours):
            raise ValueError(f"--rename {text} is not of the form THEIRS=OURS")
        if theirs in renames:
            raise ValueError(f"--rename {theirs} is given twice")
        renames[theirs] = ours
    return renames


def labelled(draws: Draws, renames: dict[str, str], from_zero: bool) -> Draws:
    """The draws (chains, draws) of every scalar by our names, which count elements from 1: `a.1` and `a[1]` are `a[1]`.

    ValueError for names that are the same afterwards, for an element 0 without `from_zero`, and for a name in
    `renames` that no draws have.
    """
    from diagnostics.precis import element_labels

    found: Draws = {}
    unused = dict(renames)
    for name, values in draws.items():
        base, index = _parsed_name(name, from_zero)
        for theirs in (name, base):
            unused.pop(theirs, None)
        whole = renames.get(name, renames.get(base, base) + index)
        elements = np.moveaxis(values.reshape(*values.shape[:2], -1), 2, 0)
        for label, element in zip(element_labels(whole, values.shape[2:]), elements, strict=True):
            if label in found:
                raise ValueError(f"two columns of the draws are called {label}; one of them is {name}")
            found[label] = element
    if unused:
        raise ValueError(f"--rename {next(iter(unused))}: the draws have no such name; they have {', '.join(draws)}")
    return found


def _parsed_name(name: str, from_zero: bool) -> tuple[str, str]:
    """(name, index) of an element's name, the index as we write it: of `a.1` ("a", "[1]"), of `a` ("a", "")."""
    match = re.fullmatch(r"(.+?)(?:\[([\d, ]+)\]|((?:\.\d+)+))", name)
    if match is None:
        return name, ""
    numbers = [int(number) + from_zero for number in re.findall(r"\d+", match[2] or match[3])]
    if 0 in numbers:
        raise ValueError(f"{name} in the draws: elements are counted from 1; give --from-zero if they count from 0")
    return match[1], f"[{','.join(map(str, numbers))}]"


def with_derived(model: Any, draws: Draws) -> Draws:
    """The draws, with the model's derived quantities where they lack some and have all of its parameters.

    A non-centred model's a, say, from draws of a_bar, sigma and z.
    """
    from diagnostics.precis import element_labels
    from hmc.results.derived import derived_draws

    labels = {p.name: element_labels(p.name, p.shape) for p in model.parameters}
    if model.derived is None or not all(label in draws for names in labels.values() for label in names):
        return draws
    stacked = {p.name: np.stack([draws[label] for label in labels[p.name]], axis=-1) for p in model.parameters}
    chains, size = next(iter(stacked.values())).shape[:2]
    positions = np.empty((chains, size, model.dimension))
    for place in np.ndindex(chains, size):
        positions[place] = model.unconstrain(
            {p.name: stacked[p.name][place].reshape(p.shape) for p in model.parameters}
        )
    return labelled(derived_draws(model, positions), {}, False) | draws
