"""The module of a model: its code, compiled once, then its data and a description for whoever runs it."""

import functools
import json
from pathlib import Path
from typing import Any

from hmc.errors import HMCError
from hmc.files import sources_hash
from hmc.jit import cache
from hmc.jit.kernel import jit_is_disabled
from hmc.model import Model, check_model
from hmc.sampler import adaptation, outcome
from hmc.sampler.chain import NUTS, STATIC, WALNUTS, MacroRecord, Record
from hmc.sampler.machine_code import sampler_key
from hmc.sampler.metric import DENSE, DIAGONAL, LOW_RANK
from hmc.sampler.starting import LARGEST_DENSE, MOST_DIRECTIONS, NUTS_SHARE
from hmc.settings import QUARTER_PERIOD, TOLERANCE
from hmc.web import recording
from hmc.web.checked import native_end
from hmc.web.driver import AS_IT_IS, NO_START, OWN_STEP, RECORDED, TOLD
from hmc.web.layout import data_image, described, fields_of
from hmc.web.linking import MissingFunctionError, assembled
from hmc.web.process import EXPORTS, MadeObjects, made
from hmc.web.wasm_format import module_of

# What `js/` takes from the sampler's code by name.
_ACTIONS = ("COLLECT", "ROTATE", "UPDATE", "CLEAR", "RESTART", "FIT", "FIT_IF_WORTH", "FORGET")
CONSTANTS: dict[str, Any] = {
    **{name: getattr(adaptation, name) for name in (*_ACTIONS, "VARIANCE_OF_DRAWS", "DRAWS_AND_GRADIENTS")},
    "NUTS": NUTS,
    "STATIC": STATIC,
    "WALNUTS": WALNUTS,
    "DIAGONAL": DIAGONAL,
    "DENSE": DENSE,
    "LOW_RANK": LOW_RANK,
    "LARGEST_DENSE": LARGEST_DENSE,
    "MOST_DIRECTIONS": MOST_DIRECTIONS,
    "NUTS_SHARE": NUTS_SHARE,
    "QUARTER_PERIOD": QUARTER_PERIOD,
    "TOLERANCE": TOLERANCE,
    "OF_WALNUTS": [name for name in MacroRecord._fields if name not in Record._fields],  # statistics
    "NO_START": NO_START,
    "AS_IT_IS": AS_IT_IS,
    "RECORDED": RECORDED,
    "OWN_STEP": OWN_STEP,
    **{
        name: getattr(outcome, name)
        for name in ("U_TURN", "SUBTREE_U_TURN", "DIVERGENCE", "MAX_DEPTH", "PATH_END", "IRREVERSIBLE", "GOING_ON")
    },
    "MAX_ENERGY_ERROR": outcome.MAX_ENERGY_ERROR,
    "NOTES": {name: value for name, value in vars(recording).items() if isinstance(value, float)},
}


def module(model: Model, *, simd: bool = True) -> bytes:
    """The sampler, the model's log density and its data as one WebAssembly module, which imports nothing.

    `js/hmc.mjs` runs it: chains have the draws of `hmc.sample`, bit for bit. Compiled code is kept on disk.
    simd: use vector instructions, which browsers have had since 2023.

    ValueError, in one line, with the JIT disabled; where a new process cannot import the model; and where the density
    calls a function of the C library, which a browser has not. HMCError where this Numba cannot make the module.
    """
    check_model(model, "hmc.web.module")
    if jit_is_disabled():
        raise ValueError(f"{model.name}: with NUMBA_DISABLE_JIT=1 no WebAssembly module can be compiled")
    density, sampler = _objects(model, simd)
    try:
        code = assembled([sampler, density], EXPORTS)
    except MissingFunctionError as error:
        raise ValueError(
            f"{model.name}: log_density calls {error} of the C library, which a browser does not have; "
            "hmc.numerics has such functions"
        ) from None
    except HMCError as error:
        raise HMCError(f"{model.name}: its WebAssembly module cannot be linked: {error}") from None
    data, room, image = data_image(model._packed, code.heap)
    description = {
        "model": model.name,
        "dimension": model.dimension,
        "parameters": [_described(parameter) for parameter in model.parameters],
        "data": data,
        "fields": fields_of(model._packed.data),
        "room": room,
        "arguments": described(),
        "told": TOLD,
        "constants": CONSTANTS,
        "check": native_end(model),
    }
    return module_of(code, image, room, {"hmc": json.dumps(description).encode()})


def _described(parameter: Any) -> dict[str, Any]:
    of = parameter.constraint
    constraint = {"kind": str(of).partition("(")[0], "lower": of.lower, "upper": of.upper}
    return {"name": parameter.name, "shape": parameter.shape, "free": parameter.free, "constraint": constraint}


def _objects(model: Model, simd: bool) -> MadeObjects:
    """The object files of a model's module, from disk if they are there."""
    of_sampler = f"{sampler_key()} {_own_code()} {simd}"
    density = model.density_key()
    key = f"{of_sampler} {density}"
    sampler = cache.kept("sampler", of_sampler)
    stored = None if density is None else cache.kept("density", key)
    if sampler is not None and stored is not None:
        return MadeObjects(stored, sampler)
    new = made(model, sampler, simd=simd)
    if sampler is None:
        cache.keep("sampler", of_sampler, new.sampler)
    if density is not None and density == model.density_key():
        cache.keep("density", key, new.density)
    return new


@functools.cache
def _own_code() -> str:
    """A hash of the code of this folder."""
    return sources_hash(Path(__file__).parent)
