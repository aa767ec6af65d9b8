"""`hmc verify`: draws of any program against the exact posterior of a lecture model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from hmc.cli.shared import DRAWS_FILES

if TYPE_CHECKING:
    from hmc.cli.draws_file import Draws


def add(subparsers: Any) -> None:
    command = subparsers.add_parser(
        "verify",
        help="check draws of any program against the exact posterior of a lecture model",
        epilog="The exit status is 0 if the draws are consistent with the exact posterior, else 1. One correct set of "
        "draws in 1,000 fails by chance.",
    )
    command.add_argument("model", metavar="MODEL", help="a model of the lecture, with the bundled data")
    command.add_argument(
        "files", metavar="DRAWS", nargs="+", help=f"files of draws; each adds its chains: {DRAWS_FILES}"
    )
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
    import models
    from diagnostics import verify
    from hmc.cli.draws_file import read_all
    from hmc.cli.draws_names import labelled, refuse_unknown, with_derived

    models.data_of(options.model)  # a name that is not known is refused
    exact = models.exact.exact_values(options.model)
    if exact is None:
        known = ", ".join(name for name in models.names() if models.exact.exact_values(name))
        raise ValueError(f"{options.model} has no exact posterior; these have: {known}")
    renames = parsed_renames(options.rename)
    if renames:
        refuse_unknown(renames, models.build(options.model), exact)
    draws = labelled(read_all(options.files, list(exact)), renames, options.from_zero)
    if not set(exact) <= set(draws):
        draws = with_derived(models.build(options.model), draws)
    # Others need not even be draws.
    matched = {name: values for name, values in draws.items() if name in exact} or draws
    for note in _notes(options.files, matched, exact):
        print(f"hmc: note: {note}", file=sys.stderr)
    found = verify(matched, exact)
    print(found)
    return 0 if found.consistent else 1


def _notes(paths: Iterable[str], draws: Draws, exact: Iterable[str]) -> Iterator[str]:
    """How arrays were read whose axes or columns have no names."""
    endings = {path.lower().rpartition(".")[2] for path in paths}
    if "npy" in endings:
        yield f"columns without names are taken for {', '.join(exact)}"
    chains, size = next(iter(draws.values())).shape[:2]
    if endings & {"npy", "npz"} and chains > size:
        yield f"the first axis is taken for chains: {chains} of {size} draws"


def parsed_renames(texts: Iterable[str]) -> dict[str, str]:
    """{their name: ours} of texts THEIRS=OURS; ValueError for others."""
    renames: dict[str, str] = {}
    for text in texts:
        theirs, equals, ours = (part.strip() for part in text.partition("="))
        if not (theirs and equals and ours):
            raise ValueError(f"--rename {text} is not of the form THEIRS=OURS")
        if theirs in renames:
            raise ValueError(f"--rename {theirs} is given twice")
        renames[theirs] = ours
    return renames
