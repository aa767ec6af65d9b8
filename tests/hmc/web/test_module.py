"""A model's WebAssembly module: the draws and statistics of `hmc.sample`, bit for bit, and it imports nothing."""

import functools
import struct
import sys
from typing import NamedTuple

import numba
import numpy as np
import pytest

import hmc
import hmc.web
import models
from figures.sampler import toys
from hmc import numerics
from hmc.running import model_file
from hmc.web import building, process, wasm_format
from tests.hmc.helpers import node

SEEDS = (12, 2**40 + 7)
SHORT = {"chains": 2, "warmup": 150, "draws": 60}


@pytest.fixture(autouse=True)
def _node():
    node.require()


@functools.cache
def module_of(name):
    return hmc.web.module(getattr(models, name)())


@pytest.mark.parametrize("name", ["mST", "cafes"])
def test_draws_and_statistics_are_those_of_sample(name):
    settings = [{**SHORT, "metric": metric, "seed": seed} for metric in ("diag", "auto") for seed in SEEDS]
    assert node.differences(getattr(models, name)(), module_of(name), settings) == []


OTHERS = [
    {"metric": "dense"},
    {"metric": "low_rank"},
    {"metric": "unit"},
    {"metric": "dense", "adaptation": "windows"},
    {"metric": "diag", "adaptation": "windows"},
    {"algorithm": "hmc", "path_length": 0.8},
    {"max_depth": 3},
    {"target_accept": 0.95},
    {"warmup": 0},
    {"keep_warmup": True},
    {"initial": np.linspace(-1.0, 2.0, 50).tolist(), "keep_warmup": True},
    {"initial": np.linspace(-1.0, 2.0, 100).reshape(2, 50).tolist()},
]


def test_every_setting_gives_the_draws_of_sample():
    assert node.differences(models.mST(), module_of("mST"), [{**SHORT, "seed": 3, **other} for other in OTHERS]) == []


def test_walnuts_gives_the_draws_of_sample():
    """The centred schools, in whose neck steps are halved and some have another way back."""
    model, settings = toys.schools_centred(), {**SHORT, "algorithm": "walnuts", "keep_warmup": True, "seed": 12}
    assert node.differences(model, hmc.web.module(model), [settings]) == []
    stats = hmc.sample(model, **settings, workers=1, progress=False).stats
    assert stats["irreversible"].any()
    assert (stats["n_steps"] > 2 * stats["micro_steps"]).any()


WALNUTS = [{"tolerance": 0.5}, {"metric": "diag", "seed": 2**40 + 7}, {"warmup": 0}, {"max_depth": 3}]


def test_every_setting_of_walnuts_gives_the_draws_of_sample():
    settings = [{**SHORT, "algorithm": "walnuts", "seed": 3, **other} for other in WALNUTS]
    for model in (toys.funnel(), models.mST()):
        assert node.differences(model, hmc.web.module(model), settings) == []


def test_scalar_instructions_give_the_same_draws():
    module = hmc.web.module(models.mST(), simd=False)
    assert module != module_of("mST")
    assert node.differences(models.mST(), module, [{**SHORT, "seed": 3}]) == []


def test_a_changed_constant_is_seen():
    """The tenth digit of one coefficient of the module's exp: whoever loads it refuses it."""
    coefficient = 0.008333333333494461
    assert coefficient in numerics._reduced_exp.__code__.co_consts
    right, wrong = (struct.pack("<d", number) for number in (coefficient, coefficient * (1.0 + 1e-10)))
    assert right in module_of("mST")
    changed = module_of("mST").replace(right, wrong)
    with pytest.raises(hmc.HMCError, match=r"^mST: its module does not give the draws of hmc\.sample on this machine$"):
        hmc.web.verify(changed)


def test_other_data_are_seen_and_compile_nothing(monkeypatch):
    model = models.mST()
    module = module_of("mST")
    monkeypatch.setattr(process, "_make", None)  # nothing is made
    other = model.with_data(model.data._replace(survived=model.data.survived[::-1].copy()))
    swapped = hmc.web.module(other)
    assert swapped != module
    assert node.differences(other, swapped, [{**SHORT, "seed": 12}]) == []
    assert node.differences(model, swapped, [{**SHORT, "seed": 12}]) != []


def test_the_sampler_is_made_once_and_again_where_it_is_lost(monkeypatch):
    stored, given = {}, []

    def made(model, sampler, *, simd):
        given.append(sampler)
        return process.MadeObjects(f"{model.name} {simd}", sampler or f"sampler {simd}")

    monkeypatch.setattr("hmc.jit.cache.kept", lambda *key: stored.get(key))
    monkeypatch.setattr("hmc.jit.cache.keep", lambda name, key, content: stored.update({(name, key): content}))
    monkeypatch.setattr(building, "made", made)
    asked = [(models.mST(), True), (models.cafes(), True), (models.mST(), True), (models.mST(), False)]
    for model, simd in asked:
        assert building._objects(model, simd) == (f"{model.name} {simd}", f"sampler {simd}")
    assert given == [None, "sampler True", None]
    for key in [key for key in stored if key[0] == "sampler"]:
        del stored[key]
    assert building._objects(*asked[0]) == ("mST True", "sampler True")
    assert given[3:] == [None]


def test_it_imports_nothing(tmp_path):
    path = tmp_path / "mST.wasm"
    path.write_bytes(module_of("mST"))
    assert node.ask("imports", module=str(path)) == []


class Scale(NamedTuple):
    scale: float


CACHED = """
import numba

@numba.njit(cache=True)
def square(x):
    return x * x
"""


def test_an_authors_functions_keep_nothing_on_disk_that_is_not_optimised(tmp_path):
    """Other processes would load it."""
    from hmc.cli.new import template

    (tmp_path / "cached_helper.py").write_text(CACHED)
    text = template("cached_web").replace("import hmc\n", "import hmc\nfrom cached_helper import square\n", 1)
    text = text.replace("    return log_density\n", "    return log_density - 0.0 * square(tau)\n", 1)
    (tmp_path / "cached_web.py").write_text(text)
    model = model_file.load(str(tmp_path / "cached_web.py")).cached_web()
    model.density()
    before = set(tmp_path.rglob("*.nb*"))
    assert node.differences(model, hmc.web.module(model), [{**SHORT, "seed": 1}]) == []
    assert set(tmp_path.rglob("*.nb*")) == before
    sys.modules["cached_helper"].square(1.0)
    assert set(tmp_path.rglob("*.nb*")) > before  # it is kept when it is called otherwise


ALLOCATED = 64


@numba.njit
def refuse_beyond(bound, x):
    if x > bound:
        raise ValueError("beyond the bound")


def raises_and_allocates(position, data, gradient):
    """A normal distribution of which the part beyond 1.5 is cut off, by an exception; with an array of its own."""
    z = np.zeros(ALLOCATED)
    for i in range(position.size):
        z[i] = position[i] / data.scale
        gradient[i] = -z[i] / data.scale
    refuse_beyond(1.5, z[0])  # while z is in use: it is not given back
    return -0.5 * np.sum(z * z)


def test_a_density_that_raises_and_makes_arrays():
    model = hmc.Model(raises_and_allocates, Scale(0.5), [hmc.Parameter("x", (3,))], name="cut")
    assert node.differences(model, hmc.web.module(model), [{**SHORT, "seed": 1}]) == []
    assert any("beyond the bound" in str(remark) for remark in hmc.sample(model, **SHORT, seed=1, workers=1).remarks)


def test_a_density_that_raises_leaves_the_memory_as_large_as_it_is():
    """An exception gives nothing back of what was allocated."""
    model = hmc.Model(raises_and_allocates, Scale(0.5), [hmc.Parameter("x", (3,))], name="cut")
    settings = {"chains": 1, "warmup": 0, "draws": 4000, "metric": "diag"}
    (size,) = node.sizes_of_memory(hmc.web.module(model), [settings])
    fit = hmc.sample(model, **settings, workers=1, progress=False)
    assert fit.stats["diverging"].sum() > 10  # where it raised
    of_records = settings["draws"] * (3 + 9) * 8
    assert size < of_records + 2**19 < fit.stats["n_steps"].sum() * ALLOCATED * 8


def reshapes(position, data, gradient):
    """A normal distribution whose position is looked at as a matrix."""
    rows = position.reshape((3, 2))
    out = gradient.reshape((3, 2))
    total = 0.0
    for i in range(3):
        for j in range(2):
            out[i, j] = -(1.0 + i) * rows[i, j] / data.scale
            total -= 0.5 * (1.0 + i) * rows[i, j] * rows[i, j] / data.scale
    return total


def test_a_density_that_reshapes():
    """For which Numba calls a function of its own runtime."""
    model = hmc.Model(reshapes, Scale(0.5), [hmc.Parameter("x", (6,))], name="reshapes")
    assert node.differences(model, hmc.web.module(model), [{**SHORT, "seed": 1}]) == []


def nowhere(position, data, gradient):
    gradient[0] = 0.0
    return -np.inf


def test_a_chain_without_a_start_says_so():
    model = hmc.Model(nowhere, Scale(1.0), [hmc.Parameter("x")], name="nowhere")
    module = hmc.web.module(model)
    with pytest.raises(AssertionError, match="nowhere: chain 1 found no starting point with a finite log density"):
        node.sampled(module, [{}])


def of_the_c_library(position, data, gradient):
    gradient[0] = -np.sinh(position[0])
    return -np.cosh(position[0])


def test_a_function_of_the_c_library_is_refused_by_name():
    model = hmc.Model(of_the_c_library, Scale(1.0), [hmc.Parameter("x")], name="catenary")
    with pytest.raises(ValueError, match=r"^catenary: log_density calls (sinh|cosh) of the C library") as caught:
        hmc.web.module(model)
    assert "\n" not in str(caught.value)


def test_a_numba_that_cannot_is_named_in_one_line(monkeypatch):
    monkeypatch.setattr(process, "_make", process.multiprocessing.process.current_process)  # takes no arguments
    monkeypatch.setattr("hmc.jit.cache.kept", lambda name, key: None)
    with pytest.raises(hmc.HMCError, match=r"^mST: Numba [\d.]+ cannot make it a WebAssembly module: ") as caught:
        hmc.web.module(models.mST())
    assert "\n" not in str(caught.value)


def test_without_the_jit_it_is_refused(monkeypatch):
    model = models.mST()
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    with pytest.raises(ValueError, match=r"^mST: with NUMBA_DISABLE_JIT=1 no WebAssembly module can be compiled$"):
        hmc.web.module(model)


@pytest.mark.parametrize("number", [0, 1, 63, 64, 127, 128, 8191, 8192, 2**20, 2**31 - 1])
def test_numbers_of_the_format(number):
    assert wasm_format.read(wasm_format.unsigned(number), 0) == (number, len(wasm_format.unsigned(number)))
    written = wasm_format.signed(number)
    assert wasm_format.read(written, 0) == (number, len(written))
    assert not written[-1] & 0x40  # else it were below 0
