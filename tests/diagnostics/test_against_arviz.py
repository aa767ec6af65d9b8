"""Where diagnostics/README.md says by how much ArviZ differs, it does; ArviZ 0, for it is what is installed.

ArviZ 1 is not among the tests' packages; `benchmarks/arviz_numbers.py`, whose functions are used here, measures it.
"""

import importlib.util
import re
import warnings
from pathlib import Path

import pytest

import diagnostics

ROOT = Path(__file__).parents[2]

_spec = importlib.util.spec_from_file_location("arviz_numbers", ROOT / "benchmarks" / "arviz_numbers.py")
arviz_numbers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(arviz_numbers)


@pytest.fixture(scope="module")
def arviz():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that its next version will be another
        return pytest.importorskip("arviz", reason="needs ArviZ: pip install -e '.[arviz]'")


def test_ess_of_short_chains_is_off_by_as_much_as_the_readme_says(arviz):
    told = re.search(r"up to (\d+%) of an ESS", (ROOT / "diagnostics" / "README.md").read_text(encoding="utf-8"))
    assert f"{arviz_numbers.ess_difference(arviz.ess):.0%}" == told.group(1)


def test_ess_of_half_chains_of_an_even_number_of_draws_is_arvizs(arviz):
    draws = arviz_numbers.autoregressive(0.9, (4, 52, 20))
    theirs = [arviz.ess(draws[..., i], method="mean") for i in range(20)]
    assert diagnostics.ess_mean(draws) == pytest.approx(theirs, rel=1e-10)
