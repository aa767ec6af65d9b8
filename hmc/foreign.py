"""Models of other programs, to be sampled by ours: Stan's by BridgeStan's interface, and PyMC's by nutpie's."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import json
import math
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hmc.jit.at_address import Keeper, c_call
from hmc.model import Model
from hmc.parameters import Parameter
from hmc.unmasked import unmasked

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNCONSTRAINED = "unconstrained"  # the parameter of such a model: a real vector of all numbers that are sampled


class StanModel(NamedTuple):
    """The data of a model of BridgeStan: addresses of `bs_log_density_gradient` and of the model."""

    function: int
    model: int


def stan_density(position: Any, data: StanModel, gradient: Any) -> float:
    """The log density of a Stan model, constants and Jacobians included; -inf where it is refused, as by `reject`."""
    value = np.empty(1)
    # drop constants: 0; Jacobians: 1; no error message: 0
    status = c_call(data.function, data.model, 0, 1, position, value, gradient, 0)
    return value[0] if status == 0 else -math.inf


def from_bridgestan(
    path: str | os.PathLike[str],
    data: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    *,
    seed: int = 1,
    name: str | None = None,
) -> Model:
    """The model of a Stan program that BridgeStan compiled to a shared library (`NAME_model.so`).

    data        a dict of numbers, lists and arrays, a JSON text, or the path of a JSON file; None: the program has none
    seed        of the random numbers of the program's `transformed data`
    name        of the model; None: the name that Stan gives it

    What is sampled is the real vector `unconstrained`. Stan's parameters and transformed parameters are derived
    quantities, by their names. Chains run in threads, so the library has to be compiled with STAN_THREADS=true.
    ValueError without that, and for a library or data that BridgeStan refuses, with its reason.
    """
    path = os.path.abspath(path)
    try:
        library = ctypes.CDLL(path)
        _declare(library)
    except (OSError, AttributeError) as error:
        raise ValueError(f"{path} is not a library of BridgeStan: {error}") from None
    message = ctypes.c_char_p()
    address = library.bs_model_construct(_json(data).encode(), seed, ctypes.byref(message))
    if not address:
        raise ValueError(f"{path}: {_taken(library, message)}")
    keep = _Constructed(library, address)
    name = name or library.bs_name(address).decode()
    if b"STAN_THREADS=true" not in library.bs_model_info(address):
        raise ValueError(f"{name}: chains run in threads, so compile {path} with STAN_THREADS=true")
    dimension = library.bs_param_unc_num(address)
    function = ctypes.cast(library.bs_log_density_gradient, ctypes.c_void_p).value
    named = library.bs_param_names(address, True, False).decode().split(",")
    places = dict(_places(named))

    def derived(position: NDArray[np.float64], _: StanModel) -> dict[str, NDArray[np.float64]]:
        values, problem = np.empty(len(named)), ctypes.c_char_p()
        arguments = [np.ascontiguousarray(position).ctypes, values.ctypes, None, ctypes.byref(problem)]
        if library.bs_param_constrain(keep.address, True, False, *arguments):
            raise ValueError(_taken(library, problem))
        return {quantity: values[index] for quantity, index in places.items()}

    parameters = [Parameter(UNCONSTRAINED, (dimension,))]
    model = Model(stan_density, StanModel(function or 0, address), parameters, name=name, derived=derived)
    return model.kept_here(Keeper(keep))


def from_pymc(pymc_model: Any, *, name: str = "pymc") -> Model:
    """The model of a `pymc.Model`, whose log density nutpie compiles with Numba (`pip install -e '.[pymc]'`).

    What is sampled is the real vector `unconstrained`. PyMC's variables, deterministic ones too, are derived
    quantities, by their names. ImportError without nutpie or PyMC.
    """
    if importlib.util.find_spec("nutpie") is None or importlib.util.find_spec("pymc") is None:
        raise ImportError("from_pymc needs PyMC and nutpie: pip install -e '.[pymc]'")
    nutpie = importlib.import_module("nutpie")
    compiled = nutpie.compile_pymc_model(pymc_model, backend="numba")
    names, slices, shapes = compiled.shape_info
    user_data, expand = compiled.user_data.ctypes.data, compiled.compiled_expand_func.address
    sizes = (compiled.n_dim, compiled.n_expanded)

    def derived(position: NDArray[np.float64], _: object) -> dict[str, NDArray[np.float64]]:
        values = np.empty(compiled.n_expanded)
        status = c_call(expand, *sizes, np.ascontiguousarray(position), values, user_data)
        if status != 0:
            raise ValueError(f"nutpie's function that transforms a draw gives the status {status}")
        return {key: values[part].reshape(shape) for key, part, shape in zip(names, slices, shapes, strict=True)}

    return Model.from_address(
        compiled.compiled_logp_func.address,
        compiled.n_dim,
        user_data,
        keep=compiled,
        parameters=[Parameter(UNCONSTRAINED, (compiled.n_dim,))],
        name=name,
        derived=derived,
    )


class _Constructed:
    """A model that BridgeStan constructed, and destructs when nobody needs it."""

    def __init__(self, library: ctypes.CDLL, address: int) -> None:
        self.library, self.address = library, address

    def __del__(self) -> None:
        self.library.bs_model_destruct(self.address)


def _declare(library: ctypes.CDLL) -> None:
    """Declare the functions of BridgeStan's C interface that are called here; AttributeError where one is missing."""
    model, flag, texts = ctypes.c_void_p, ctypes.c_bool, ctypes.POINTER(ctypes.c_char_p)
    forms: dict[str, tuple[Any, list[Any] | None]] = {
        "bs_model_construct": (model, [ctypes.c_char_p, ctypes.c_uint, texts]),
        "bs_model_destruct": (None, [model]),
        "bs_free_error_msg": (None, [ctypes.c_char_p]),
        "bs_name": (ctypes.c_char_p, [model]),
        "bs_model_info": (ctypes.c_char_p, [model]),
        "bs_param_names": (ctypes.c_char_p, [model, flag, flag]),
        "bs_param_unc_num": (ctypes.c_int, [model]),
        "bs_param_constrain": (
            ctypes.c_int,
            [model, flag, flag, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, texts],
        ),
        "bs_log_density_gradient": (ctypes.c_int, None),  # only its address is used
    }
    for function, (result, arguments) in forms.items():
        getattr(library, function).restype = result
        if arguments is not None:
            getattr(library, function).argtypes = arguments


def _taken(library: ctypes.CDLL, message: ctypes.c_char_p) -> str:
    """An error message of BridgeStan, whose memory is given back."""
    text = (message.value or b"no reason given").decode(errors="replace").strip()
    if message.value is not None:
        library.bs_free_error_msg(message)
    return text


def _json(data: Any) -> str:
    """Data as the JSON text that Stan reads."""
    if data is None:
        return ""
    if isinstance(data, Mapping):
        return json.dumps({key: np.asarray(unmasked(key, value)).tolist() for key, value in data.items()})
    text = os.fspath(data)
    if text.lstrip().startswith("{"):
        return text
    with open(text, encoding="utf-8") as file:
        return file.read()


def _places(names: list[str]) -> Iterator[tuple[str, Any]]:
    """(name, indices of its elements in Stan's order) of names like "sigma" and "a.1.2", in which elements are
    counted from 1.
    """
    of_quantity: dict[str, dict[tuple[int, ...], int]] = {}
    for number, text in enumerate(names):
        name, *place = text.split(".")
        if all(part.isdigit() for part in place):
            of_quantity.setdefault(name, {})[tuple(int(part) - 1 for part in place)] = number
        else:  # an element of a tuple or of a complex number
            of_quantity[text] = {(): number}
    for name, numbers in of_quantity.items():
        index = np.empty(1 + np.max(list(numbers), axis=0) if () not in numbers else (), dtype=np.int64)
        for element, number in numbers.items():
            index[element] = number
        yield name, index
