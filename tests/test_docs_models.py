"""The examples of docs/models.md pass their check as they stand, and fail it where a term is left out."""

import importlib.util
import re
from pathlib import Path

import pytest

import hmc

PAGE = (Path(__file__).parents[1] / "docs" / "models.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
# The example: a term, and what is left of it in a broken one.
TERMS = {
    "pairs": ("d_sd[i] += d_factor[i, j] * corr[i, j]", "d_sd[i] += d_factor[i, j]"),
    "smoothing": ("(1.0 - k) * dm_dk + error", "error"),
    "missing": ("d_x + d_mean * b", "d_x"),
    "doses": ("-top * share / (half + dose)", "-share / (half + dose)"),
}


def built(name, folder, text):
    path = folder / f"{name}_example.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)()


def example(name):
    (block,) = [block for block in BLOCKS if f"def {name}()" in block]
    return block


def test_every_example_is_run():
    named = {re.search(r"^def (\w+)\(\):", block, re.MULTILINE)[1] for block in BLOCKS}
    assert named == {*TERMS, "heights"}  # tests/test_readme.py runs the heights


@pytest.mark.parametrize("name", TERMS)
def test_an_example_passes_its_check_and_samples(name, tmp_path):
    model = built(name, tmp_path, example(name))
    assert not hmc.check(model)
    fit = hmc.sample(model, chains=2, warmup=200, draws=100, workers=1, progress=False)
    assert all(fit[parameter.name].shape == (2, 100, *parameter.shape) for parameter in model.parameters)


@pytest.mark.parametrize("name", TERMS)
def test_the_check_sees_a_term_that_is_left_out(name, tmp_path):
    term, left = TERMS[name]
    assert example(name).count(term) == 1
    faults = hmc.check(built(name, tmp_path, example(name).replace(term, left)))
    assert [fault.kind for fault in faults if fault.kind == "gradient"]
