"""Moment matching beside R's loo on the draws that R was given, and the two steps that loo 2.5.1 does otherwise."""

import json
import warnings
from pathlib import Path

import numpy as np

from diagnostics import Matching, moment_match, moment_matching

GOLDEN = Path(__file__).parents[2] / "golden" / "diagnostics"


def of_r(name):
    """What R gave: see tests/golden/diagnostics/README.md."""
    return json.loads((GOLDEN / f"{name}.json").read_text())


def draws_of_r(name):
    """(4, 250, dimension)."""
    return np.loadtxt(GOLDEN / f"{name}_draws.csv", delimiter=",", skiprows=1)[:, 1:].reshape(4, 250, -1)


def quietly(function, *arguments, **named):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **named)


def runs_beside_r(name, *arguments):
    """(ours, R's) of every run; `arguments` are those of `moment_match`."""
    for run in of_r(name)["runs"]:
        how = Matching(run["k_threshold"], run["max_iters"], run["split"], run["cov"])
        yield quietly(moment_match, *arguments, how), run


def do_as_loo(monkeypatch):
    """The two steps in which we differ on purpose: see `moment_match`."""
    monkeypatch.setattr(moment_matching.Affine, "undo", _undone_as_by_loo)
    monkeypatch.setattr(moment_matching, "_efficiencies", _of_the_second_half)


def _undone_as_by_loo(move, draws, mean):
    """The shift is taken off last, though the move adds it last."""
    return np.linalg.solve(move.mapping, (draws - mean).T).T / move.scaling + mean - move.shift


def _of_the_second_half(log_lik, chains):
    """loo's relative efficiency of split draws."""
    return _OF_BOTH_HALVES(log_lik, chains)[-1:]


_OF_BOTH_HALVES = moment_matching._efficiencies
