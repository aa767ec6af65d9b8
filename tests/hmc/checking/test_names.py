"""hmc.check: names that two things have."""

from typing import NamedTuple

import pytest

import hmc
from hmc.checking.functions import name_findings
from hmc.checking.names import shared_columns


class Nothing(NamedTuple):
    scale: float


def found(*parameters):
    """(component, message) of each finding about the names of a model."""
    parameters = [hmc.Parameter(*given) for given in parameters]
    model = hmc.Model(lambda position, data, gradient: 0.0, Nothing(1.0), parameters, name="own")
    return [(finding.component, finding.message) for finding in name_findings(model)]


def test_parameters_that_share_a_column_are_named():
    assert found(("a", (2,)), ("chain",), ("a_",), ("draw__",), ("energy",)) == []
    assert found(("a", (2,)), ("a[2]",)) == [("a[2]", "a and the parameter a[2] would both be called a[2] in tables")]
    # A simplex has a number fewer than it has elements.
    last = [("s[3]", "s and the parameter s[3] would both be called s[3] in tables")]
    assert found(("s", (3,), hmc.simplex), ("s[3]",)) == last
    assert found(("chain",), ("chain_",)) == [
        ("chain_", "chain and the parameter chain_ would both be called chain_ in tables")
    ]
    assert found(("energy__",)) == [
        ("energy__", "energy__ is a parameter, and in tables the sampler's statistic energy")
    ]


@pytest.mark.parametrize(
    ("others", "quantities", "components"),
    [
        ({"draw_": ()}, {"draw": ()}, ["draw_"]),
        ({"draw": ()}, {"draw_": ()}, ["draw_"]),
        ({}, {"b": (2,), "b[1]": ()}, ["b[1]"]),
        ({"b[1]": ()}, {"b": (2,)}, ["b[1]"]),
        ({"b": (2, 2)}, {"b[1]": (), "b_": ()}, []),
        ({}, {"lp__": ()}, ["lp__"]),
        ({"lp__": ()}, {"a": ()}, []),  # of parameters alone it has been told
    ],
)
def test_derived_quantities_that_share_a_column_are_named(others, quantities, components):
    findings = list(shared_columns(others, quantities, "derived quantity"))
    assert [finding.component for finding in findings] == components
    assert all(finding.kind == "name" and "derived quantity" in finding.message for finding in findings)
