"""benchmarks.stan: the programs take the data that are given to them; Stan itself is tried by the scripts."""

import re

import numpy as np
import pytest

import models
from benchmarks.stan import programs


@pytest.mark.parametrize("name", programs.NAMES)
def test_a_program_has_the_data_that_it_declares_and_the_parameters_of_our_model(name):
    blocks = dict(re.findall(r"^(\w[\w ]*) \{\n(.*?)^\}", programs.code(name), flags=re.M | re.S))
    declared = re.findall(r"(\w+);", blocks["data"])
    data = programs.data(name)
    assert {*data} == {*declared}
    sizes = {np.shape(value) for value in data.values()}
    assert sizes <= {(), (data["n"],), (data.get("groups"),)}
    parameters = re.findall(r"(\w+);", blocks["parameters"])
    assert parameters == [parameter.name for parameter in models.build(name).parameters]
