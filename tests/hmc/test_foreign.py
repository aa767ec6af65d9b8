"""Log densities as C functions: ours for other programs, and those of other programs for our sampler."""

import ctypes
import gc
import math
import pickle
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import hmc
import models
from hmc.jit.at_address import BAD_DENSITY, BAD_GRADIENT, WRONG_SIZE, c_call
from hmc.jit.kernel import jit_is_disabled
from hmc.running.importable import why_not_processes
from tests.hmc.helpers import running

SOURCE = Path(__file__).parent / "helpers" / "stan_like.c"
RUN = {"chains": 2, "warmup": 100, "draws": 50, "progress": False}


def called(callback, x, size=None):
    """(status, log density, gradient) of a C function, as another program calls it."""
    x, gradient, value = np.array(x, dtype=np.float64), np.full(len(x), 7.0), np.full(1, 7.0)
    real = ctypes.POINTER(ctypes.c_double)
    form = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_size_t, real, real, real, ctypes.c_void_p)
    pointers = [array.ctypes.data_as(real) for array in (x, gradient, value)]
    return form(callback.address)(len(x) if size is None else size, *pointers, callback.data), value[0], gradient


def odd(position, data, gradient):
    """A log density with edges: raises below -2, no number below -1, no gradient above 1."""
    if position[0] < -2.0:
        raise ValueError("far out")
    gradient[0] = -position[0] if position[0] < 1.0 else math.nan
    return -0.5 * position[0] * position[0] if position[0] > -1.0 else -math.inf


@pytest.fixture(scope="module")
def pair():
    """mST, and mST as a function at an address."""
    model = models.mST()
    callback = model.cfunc()
    foreign = hmc.Model.from_address(
        callback.address, callback.dimension, callback.data, keep=callback, parameters=model.parameters, name="mST"
    )
    return model, foreign


def test_the_function_gives_the_models_density_and_gradient():
    model = models.mST()
    callback = model.cfunc()
    for seed in range(5):
        x = np.random.default_rng(seed).uniform(-2.0, 2.0, model.dimension)
        status, value, gradient = called(callback, x)
        assert status == 0
        assert (value, gradient.tolist()) == (model.evaluate(x)[0], model.evaluate(x)[1].tolist())


def test_the_status_says_what_is_wrong():
    data = running.grouped_model().data
    callback = hmc.Model(odd, data, [hmc.Parameter("x")], name="odd").cfunc()
    assert called(callback, [0.5])[0] == 0
    assert called(callback, [-1.5])[0] == BAD_DENSITY
    assert called(callback, [-3.0])[0] == BAD_DENSITY
    assert called(callback, [2.0])[0] == BAD_GRADIENT
    status, value, gradient = called(callback, [0.5], size=2)
    assert (status, value, gradient[0]) == (WRONG_SIZE, 7.0, 7.0)  # nothing is written


def test_there_and_back_again_the_draws_are_the_same(pair):
    model, _ = pair
    one, other = (hmc.sample(m, workers=2, **RUN) for m in pair)
    assert running.same_run(one, other)
    assert running.equal_bits(one["sigma"], other["sigma"])
    # The negative twin: the function at the address is another's.
    callback = models.mSTnomem().cfunc()
    with pytest.raises(ValueError, match=r"^density: its parameters have 50 numbers, not 49$"):
        hmc.Model.from_address(callback.address, callback.dimension, callback.data, parameters=model.parameters)
    twin = hmc.Model.from_address(callback.address, 49, callback.data, keep=callback)
    assert not np.array_equal(hmc.sample(twin, **RUN).unconstrained, one.unconstrained[..., :49])


def test_a_status_is_a_divergence():
    """Beyond 1, where the gradient is no number, there is no draw."""
    data = running.grouped_model().data
    callback = hmc.Model(odd, data, [hmc.Parameter("x")], name="odd").cfunc()
    fit = hmc.sample(hmc.Model.from_address(callback.address, 1, callback.data, keep=callback), **RUN)
    assert fit.stats["diverging"].any()
    assert ((fit["x"] > -1.0) & (fit["x"] < 1.0)).all()


@pytest.mark.parametrize(("writes_value", "writes_gradient"), [(True, False), (False, True), (False, False)])
def test_what_a_function_does_not_write_is_nan(writes_value, writes_gradient):
    """And not what another position left there."""
    real = ctypes.POINTER(ctypes.c_double)

    def half_done(size, x, gradient, log_density, data):
        if writes_value:
            log_density[0] = -0.5 * x[0] ** 2
        if writes_gradient:
            gradient[0] = -x[0]
        return 0

    function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_size_t, real, real, real, ctypes.c_void_p)(half_done)
    model = hmc.Model.from_address(ctypes.cast(function, ctypes.c_void_p).value, 1, keep=function, name="half")
    value, gradient = model.evaluate([1.0])
    assert math.isnan(value) != writes_value
    assert math.isnan(gradient[0]) != writes_gradient
    with pytest.raises(hmc.InitializationError, match="nan"):
        hmc.sample(model, **RUN)


def test_it_stays_in_its_process(pair):
    _, foreign = pair
    if not jit_is_disabled():
        assert why_not_processes(foreign) == "the log density of mST is at an address of this process"
    with pytest.raises(TypeError, match=r"^an address is one of this process alone$"):
        pickle.dumps(foreign)
    assert foreign.density_key() is None


def test_a_saved_fit_is_of_the_model_wherever_its_function_is(pair, tmp_path):
    _, foreign = pair
    fit = hmc.sample(foreign, **RUN)
    fit.save(tmp_path / "fit")
    callback = models.mST().cfunc()
    moved = hmc.Model.from_address(
        callback.address, 50, callback.data, keep=callback, parameters=foreign.parameters, name="mST"
    )
    assert running.equal_bits(hmc.load(tmp_path / "fit", moved).unconstrained, fit.unconstrained)
    base = models.mST()
    drawn = base.simulate_data(np.zeros(50), base.data, np.random.default_rng(1))
    callback = base.with_data(drawn).cfunc()
    other = hmc.Model.from_address(
        callback.address, 50, callback.data, keep=callback, parameters=foreign.parameters, name="mST"
    )
    with pytest.raises(ValueError, match="of another density or of other data"):
        hmc.load(tmp_path / "fit", other)


def test_what_is_looked_for_is_found(pair):
    _, foreign = pair
    faults = hmc.check(foreign)
    assert not faults


def wrong_gradient(position, data, gradient):
    gradient[0] = -2.0 * position[0]
    return -0.5 * position[0] * position[0]


def test_a_wrong_gradient_of_another_program_is_found():
    callback = hmc.Model(wrong_gradient, running.grouped_model().data, [hmc.Parameter("x")], name="wrong").cfunc()
    (fault,) = hmc.check(hmc.Model.from_address(callback.address, 1, callback.data, keep=callback))
    assert fault.kind == "gradient"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1), "address = 0 is not a whole number of at least 1"),
        ((1, 0), "dimension = 0 is not a whole number of at least 1"),
        ((1, True), "dimension = True is not a whole number of at least 1"),
        ((1, 1, -1), "data = -1 is not a whole number of at least 0"),
        (("0x10", 1), "address = '0x10' is not a whole number of at least 1"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^density: {message}$"):
        hmc.Model.from_address(*arguments)


# BridgeStan's interface, of a library in C.


@pytest.fixture(scope="module")
def compile_library(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    folder = tmp_path_factory.mktemp("stan")

    def compiled(name, *flags):
        path = folder / f"{name}.so"
        command = [
            compiler,
            "-shared",
            "-fPIC",
            "-O2",
            "-ffp-contract=off",
            *flags,
            str(SOURCE),
            "-o",
            str(path),
            "-lm",
        ]
        subprocess.run(command, check=True)
        return path

    return compiled


@pytest.fixture(scope="module")
def library(compile_library):
    return compile_library("stan_like_model")


def test_a_stan_model_is_sampled(library):
    model = hmc.from_bridgestan(library, {"scale": np.float64(2.0)})
    fit = hmc.sample(model, chains=4, warmup=500, draws=1000, progress=False)
    assert model.name == "stan_like"
    assert fit["x"].shape == (4, 1000, 2, 2)
    from diagnostics import verify

    draws = {"x": fit["x"][..., 1, 0], "sigma": fit["sigma"]}
    quantile = 2.0 * 1.5981931399228173  # of a normal at 94.5%
    exact = {"x": (0.0, 2.0, -quantile, quantile)}
    exact |= {"sigma": (1.0, 1.0, -math.log1p(-0.055), -math.log1p(-0.945))}
    # Beyond exp(3) = 20, where sigma is rejected, there is a share of exp(-20).
    assert verify(draws, exact).consistent
    assert not verify(draws | {"x": 1.2 * draws["x"]}, exact).consistent


def test_elements_are_named_in_stans_order(library):
    model = hmc.from_bridgestan(library, '{"scale":1}')
    derived = model.derived(np.array([11.0, 21.0, 12.0, 22.0, 0.5]), model.data)
    np.testing.assert_array_equal(derived["x"], [[11.0, 12.0], [21.0, 22.0]])
    assert (derived["sigma"], derived["twice"]) == pytest.approx((math.exp(0.5), 2.0 * math.exp(0.5)), rel=1e-15)
    with pytest.raises(ValueError, match=r"^sigma overflows$"):
        model.derived(np.full(5, 800.0), model.data)


def test_a_rejected_position_has_no_density(library):
    model = hmc.from_bridgestan(library, '{"scale":1}')
    assert model.evaluate(np.full(5, 4.0))[0] == -math.inf
    assert math.isfinite(model.evaluate(np.full(5, 2.0))[0])
    assert not hmc.check(model)


def test_data_come_from_a_file_too(library, tmp_path):
    (tmp_path / "data.json").write_text('{"scale":3.0}')
    x = np.full(5, 0.5)
    of_file, of_dict = (hmc.from_bridgestan(library, data) for data in (tmp_path / "data.json", {"scale": 3.0}))
    assert of_file.evaluate(x)[0] == pytest.approx(of_dict.evaluate(x)[0], rel=1e-12)
    assert of_file.evaluate(x)[0] != hmc.from_bridgestan(library, {"scale": 2.0}).evaluate(x)[0]


def test_a_library_is_refused_with_its_reason(library, compile_library, tmp_path):
    with pytest.raises(ValueError, match=r"stan_like_model.so: data have no scale$"):
        hmc.from_bridgestan(library)
    unsafe = compile_library("unsafe_model", '-DTHREADS="false"')
    with pytest.raises(ValueError, match=r"^stan_like: chains run in threads, so compile .* with STAN_THREADS=true$"):
        hmc.from_bridgestan(unsafe, {"scale": 1.0})
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(ValueError, match="is not a library of BridgeStan"):
        hmc.from_bridgestan(tmp_path / "text.so")


def test_a_model_is_destructed_when_nobody_needs_it(compile_library):
    path = compile_library("counted_model")
    model = hmc.from_bridgestan(path, '{"scale":1}')
    count = ctypes.c_int.in_dll(ctypes.CDLL(str(path)), "constructed")
    assert count.value == 1
    copy = model.with_own_count()
    del model
    gc.collect()
    assert count.value == 1
    del copy
    gc.collect()
    assert count.value == 0


def test_a_c_function_is_called_alike_in_python(library):
    model = hmc.from_bridgestan(library, '{"scale":1}')
    x, value, gradient = np.full(5, 0.25), np.zeros(1), np.zeros(5)
    assert c_call(model.data.function, model.data.model, 0, 1, x, value, gradient, 0) == 0
    assert (value[0], gradient.tolist()) == (model.evaluate(x)[0], model.evaluate(x)[1].tolist())
    assert c_call(model.data.function, model.data.model, 1, 1, x, value, gradient, 0) == -1
