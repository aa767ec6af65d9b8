"""`hmc explore`: a page in which the sampler runs in the browser, and each of its steps can be looked at."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from hmc.cli.model_argument import build, file_of, words_of
from hmc.cli.shared import MODEL_HELP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmc.web.page import Tables, Target

OF_LECTURE = ("mST", "cafes")  # beside the toys, where no model is given
PLAYED = (
    *("cafes", "mST", "mST_fixed", "mSTnc", "mSTP", "mSTPnc", "schools_centred", "schools_noncentred"),
    *("m0", "mf", "mr", "mrx", "mru"),
)
STUDIES = {
    (30, 200): 100,
    (10, 200): 10,
    (60, 200): 10,
    (30, 100): 10,
    (30, 400): 10,
}  # (groups, individuals): how many
MOST = 60  # of a count that a reader of the lecture's page can set


def add(subparsers: Any) -> None:
    """The command's options."""
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
    """`hmc explore`."""
    _check_out(options)
    if options.lecture and options.models:
        raise ValueError(f"--lecture has models of its own; leave out {' '.join(options.models)}")
    targets = _targets(PLAYED if options.lecture else options.models)
    from hmc.errors import HMCError
    from hmc.files import write_whole
    from hmc.web.page import lecture_page, page

    try:
        text = lecture_page(targets, tables()) if options.lecture else page(targets)
    except HMCError as error:  # a model that the browser cannot have
        print(f"hmc: {error}", file=sys.stderr)
        return 1
    write_whole(options.out, lambda file: file.write(text.encode()))
    print(f"{options.out}: {', '.join(target.model.name for target in targets)}; open it in a browser")
    return 0


def _check_out(options: argparse.Namespace) -> None:
    """ValueError where --out cannot be written to, or is a model's file."""
    from hmc.files import check_writable

    path = options.out
    if not path.endswith((".html", ".htm")):
        raise ValueError(f"--out {path}: the page's name must end in .html")
    if any(os.path.realpath(file_of(name)) == os.path.realpath(path) for name in options.models if file_of(name)):
        raise ValueError(f"--out {path} is the file of MODEL")
    if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
        raise ValueError(f"--out {path}: there is no such folder")
    try:
        check_writable(path)
    except OSError as error:
        raise ValueError(f"--out {path}: no file can be written there: {error.strerror or error}") from None


def _targets(names: Sequence[str]) -> list[Target]:
    """The models of these names, or those that are shown without any."""
    import models
    from figures.sampler.toys import TOYS
    from figures.sampler.toys.known import known_marginals
    from hmc.web.page import Target

    targets = []
    for name in names or dict.fromkeys(["plane", *TOYS, *OF_LECTURE]):  # of the plane, most can be seen at first sight
        if name in TOYS:
            make, marginals, necks = TOYS[name]
            model = make()
            known = known_marginals(model, marginals(), necks)
            targets.append(Target(model, " ".join((make.__doc__ or "").split()), known))
        else:
            described = models.describe(name) if ":" not in name and name in models.names() else None
            targets.append(Target(_built(name), described.summary if described else words_of(name), _of_lecture(name)))
    return targets


def _built(name: str) -> Any:
    """A model by its name; of one sigma, which the page sets."""
    import models

    return models.mST_fixed(1.0) if name == "mST_fixed" else build(name)


def tables() -> Tables:
    """The data of the lecture's page."""
    from hmc.web.page import Tables
    from models import m0
    from models.cafes import CAFES
    from models.densities import log_factorial
    from models.reedfrogs.tanks import TANKS
    from models.tables import read

    visits, tanks = read(CAFES, None), read(TANKS, None)
    bundled = m0()._packed.data
    return Tables(
        visits=[(int(cafe), int(wait)) for cafe, wait in zip(visits["cafe"], visits["wait"], strict=True)],
        tanks=[
            (int(density), str(pred), str(size), int(surv))
            for density, pred, size, surv in zip(*(tanks[k] for k in ("density", "pred", "size", "surv")), strict=True)
        ],
        study={name: getattr(bundled, name).tolist() for name in ("group", "X", "Y", "Z")},
        noise={
            f"{n} {size}": [_noise(seed, n, size) for seed in range(1, 1 + of)] for (n, size), of in STUDIES.items()
        },
        log_factorial=[float(log_factorial(n)) for n in range(MOST + 1)],
    )


def _noise(seed: int, groups: int, individuals: int) -> tuple[list[int], Any]:
    """The random numbers of a study: the group of each individual, and numbers of U, X, Z and Y."""
    import numpy as np

    from models.confounds.study import study_noise

    group, *numbers = study_noise(seed, groups, individuals)
    return group.tolist(), np.concatenate(numbers)


def _of_lecture(name: str) -> dict[str, dict[str, float]]:
    """Moments known by quadrature of the posterior of a model of the lecture; nothing for another model."""
    from models.exact import exact_values

    parts = ("mean", "sd", "lower", "upper")
    return {key: dict(zip(parts, values, strict=True)) for key, values in (exact_values(name) or {}).items()}
