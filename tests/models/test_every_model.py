"""What holds of every model that is listed: the rungs that need no formula of the model's own."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

import hmc
import models

ROOT = Path(__file__).parents[2]
OPTIONS = {"mST_fixed": {"sigma": 0.3}, "mRXma": {"participants": 3}, "mRXma2": {"participants": 3}}
EVERY_MODEL = pytest.mark.parametrize("name", models.names())


def build(name):
    return models.build(name, **OPTIONS.get(name, {}))


@EVERY_MODEL
def test_gradient_is_that_of_the_density(name, positions, gradient_error):
    model = build(name)
    assert max(gradient_error(model, position) for position in positions(model)) <= 1e-6


@EVERY_MODEL
def test_check_finds_nothing_wrong(name):
    assert hmc.check(build(name), points=3) == []


@EVERY_MODEL
def test_density_is_finite_or_minus_infinity_at_extreme_positions(name, extreme_positions):
    model = build(name)
    for position in extreme_positions(model.dimension):
        value, gradient = model.evaluate(position)
        assert value < math.inf
        assert value == -math.inf or np.isfinite(gradient).all() or np.abs(position).max() > 30.0


def expression(name):
    return f"models.build({name!r}, **{OPTIONS.get(name, {})})"


@pytest.fixture(scope="module")
def interpreted(positions, extreme_positions, evaluated_without_the_jit):
    """[(position, density, gradient)] by name of the model, by Python alone."""
    points = {}
    for name in models.names():
        model = build(name)
        points[name] = [*positions(model)[::10], *list(extreme_positions(model.dimension))[::3]]
    found = evaluated_without_the_jit({expression(name): points[name] for name in points})
    return {
        name: [(point, *result) for point, result in zip(points[name], found[expression(name)], strict=True)]
        for name in points
    }


@EVERY_MODEL
def test_compiled_and_interpreted_density_agree_bit_for_bit(name, interpreted):
    model = build(name)
    for point, value, gradient in interpreted[name]:
        compiled, compiled_gradient = model.evaluate(point)
        assert compiled == value
        if math.isfinite(value):  # where it is -inf, the gradient is unspecified
            np.testing.assert_array_equal(compiled_gradient, gradient)


@EVERY_MODEL
def test_every_component_of_the_gradient_is_written(name):
    model = build(name)
    function, address = model.density()
    position = np.full(model.dimension, 0.1)
    gradients = [np.full(model.dimension, filled) for filled in (0.0, 7.0)]
    for gradient in gradients:
        function(position, address, gradient)
    np.testing.assert_array_equal(*gradients)


@EVERY_MODEL
def test_a_left_out_observation_leaves_the_density_by_its_log_likelihood(name, positions):
    model = build(name)
    if not hasattr(model.data, "weight"):
        pytest.skip(f"{name} is of counts: it has no single observations to leave out")
    for position in positions(model)[::25]:
        pointwise = model.pointwise("log_likelihood", position)
        for observation in (0, pointwise.size - 1):
            difference = model.evaluate(position)[0] - model.without(observation).evaluate(position)[0]
            assert difference == pytest.approx(pointwise[observation], rel=1e-9, abs=1e-10 * abs(pointwise).sum())


@EVERY_MODEL
def test_simulators_compile_and_draw_the_same(name):
    model = build(name)
    position = model.simulate(np.random.default_rng(4), model.data)
    compiled = numba.njit(error_model="numpy")(model.simulate)(np.random.default_rng(4), model._packed.data)
    np.testing.assert_array_equal(compiled, position)
    data = model.simulate_data(position, model.data, np.random.default_rng(5))
    compiled = numba.njit(error_model="numpy")(model.simulate_data)(
        position, model._packed.data, np.random.default_rng(5)
    )
    assert type(compiled) is type(data) is type(model.data)
    for field, compiled_field in zip(data, compiled, strict=True):
        np.testing.assert_array_equal(field, compiled_field)


@EVERY_MODEL
def test_simulated_data_run_on_the_same_compiled_code(name):
    model, rng = build(name), np.random.default_rng(1)
    position = model.simulate(rng, model.data)
    simulated = model.with_data(model.simulate_data(position, model.data, rng))
    assert simulated.density()[0] is model.density()[0]
    assert math.isfinite(simulated.evaluate(position)[0])


FEW = {"chains": 2, "warmup": 4, "draws": 4, "max_depth": 3, "seed": 5, "progress": False}


@EVERY_MODEL
def test_draws_are_the_same_in_processes_and_in_threads(name):
    model = build(name)
    here = hmc.sample(model, workers=1, **FEW).unconstrained
    np.testing.assert_array_equal(hmc.sample(model, workers=2, executor="processes", **FEW).unconstrained, here)
    np.testing.assert_array_equal(hmc.sample(model, workers=2, executor="threads", **FEW).unconstrained, here)


def test_draws_are_the_same_without_the_jit():
    code = (
        "import sys, numpy as np, hmc, models\n"
        f"for name in models.names():\n"
        f"    model = models.build(name, **{OPTIONS}.get(name, {{}}))\n"
        f"    sys.stdout.buffer.write(hmc.sample(model, **{FEW}).unconstrained.tobytes())"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    compiled = [hmc.sample(build(name), workers=1, **FEW).unconstrained.tobytes() for name in models.names()]
    assert done.stdout == b"".join(compiled)


@EVERY_MODEL
def test_link_and_derived_quantities_are_part_of_a_fit(name):
    model = build(name)
    fit = hmc.sample(model, chains=1, warmup=20, draws=5, workers=1, progress=False)
    link = {"cafes": "lambda", "mRS": "phi", "mRXma": "phi", "mRXma2": "phi"}.get(name, "p")
    assert fit[link].shape == fit.log_likelihood.shape
    assert link in fit
    assert link not in fit.keys()  # noqa: SIM118 (the keys are what tables show)
    noncentred = {"cafes": "a", "mSTnc": "a", "mSTPnc": "a", "mr": "a", "mrx": "a", "mru": "a", "mRXma2": "au"}
    if name in noncentred:
        assert noncentred[name] in fit.keys()  # noqa: SIM118
    with pytest.raises(KeyError, match="has no parameter 'q'"):
        fit["q"]


def test_a_derived_quantity_goes_before_a_link_function_of_its_name():
    link = models.mST().link  # called p
    data, parameters = models.mST().data, models.mST().parameters
    model = hmc.Model(
        models.mST().log_density, data, parameters, name="own", link=link, derived=lambda position, data: {"p": 7.0}
    )
    fit = hmc.sample(model, chains=1, warmup=5, draws=5, workers=1, progress=False)
    assert (fit["p"] == 7.0).all()
    assert fit["p"].shape == (1, 5)
