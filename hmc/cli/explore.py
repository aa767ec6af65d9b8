"""`hmc explore`: a page in which the sampler runs in the browser, and each of its steps can be looked at."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from hmc.cli.model_argument import build, file_of, words_of
from hmc.cli.shared import MODEL_HELP, check_out_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmc.web.page import Target

OF_LECTURE = ("mST", "cafes")  # beside the toys, where no model is given


def add(subparsers: Any) -> None:
    command = subparsers.add_parser(
        "explore",
        help="write a page in which the sampler runs in the browser, for you to play with, step by step",
        description="One HTML file that needs no network: the sampler and the models, compiled for the browser, with "
        "the draws of hmc.sample.",
    )
    command.add_argument(
        "models",
        metavar="MODEL",
        nargs="*",
        default=[],
        help=f"{MODEL_HELP}, or a toy (default: all toys, mST and cafes)",
    )
    command.add_argument(
        "--lecture",
        action="store_true",
        help="instead, write the page of the lecture: its cafes, tadpoles, confounds and eight schools, sampled again "
        "as you change their data",
    )
    command.add_argument("--out", metavar="FILE.html", default="explore.html", help="default explore.html")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    _check_out(options)
    if options.lecture and options.models:
        raise ValueError(f"--lecture has models of its own; leave out {' '.join(options.models)}")
    from figures.lecture import explorables
    from hmc.errors import HMCError
    from hmc.files import write_whole
    from hmc.web.page import lecture_page, page

    targets = _targets(sum(explorables.MODELS.values(), ()) if options.lecture else options.models)
    try:
        text = lecture_page(targets, explorables.tables()) if options.lecture else page(targets)
    except HMCError as error:  # a model that the browser cannot have
        print(f"hmc: {error}", file=sys.stderr)
        return 1
    write_whole(options.out, lambda file: file.write(text.encode()))
    print(f"{options.out}: {', '.join(target.model.name for target in targets)}; open it in a browser")
    return 0


def _check_out(options: argparse.Namespace) -> None:
    """ValueError where --out cannot be written to, or is a model's file."""
    path = options.out
    if not path.endswith((".html", ".htm")):
        raise ValueError(f"--out {path}: the page's name must end in .html")
    if any(os.path.realpath(file_of(name)) == os.path.realpath(path) for name in options.models if file_of(name)):
        raise ValueError(f"--out {path} is the file of MODEL")
    check_out_file(path)


def _targets(names: Sequence[str]) -> list[Target]:
    """The models of these names, or those that are shown without any."""
    import models
    from figures.lecture.explorables import target
    from figures.sampler.toys import TOYS
    from hmc.web.page import Target

    shown = names or dict.fromkeys(["plane", *TOYS, *OF_LECTURE])  # of the plane, most can be seen at first sight
    return [
        target(name)
        if name in TOYS or (":" not in name and name in models.names())
        else Target(build(name), words_of(name))
        for name in shown
    ]
