"""`Model`: the class that a model author writes against."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from hmc.display import as_html
from hmc.errors import did_you_mean
from hmc.jit.at_address import AtAddress, Callback, Keeper, at_address, callback
from hmc.jit.compile_errors import compile_error
from hmc.jit.compiled import (
    DENSITY,
    MATRIX,
    POINTWISE,
    VECTOR,
    author_function_is_stored,
    author_function_key,
    called_from_python,
    compile_author_function,
    compile_entry,
)
from hmc.jit.copying import python_of
from hmc.jit.fingerprint import UndeterminableError
from hmc.jit.kernel import jit_is_disabled
from hmc.jit.packing import pack, with_own_notes
from hmc.jit.reach import FrozenCodeError
from hmc.model_data import checked_and_packed, copied
from hmc.parameters import Parameter, blocks, checked_parameters, constrained, unconstrained
from hmc.pointwise import density_rows, n_observations, pointwise_rows
from hmc.settings import check_whole
from hmc.unmasked import unmasked

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Model:
    """A log posterior with its gradient, its data, and the names of its parameters.

    log_density(position, data, gradient) -> float
        The log density at an unconstrained position, float64 (dimension,): all parameters in their declared order,
        each in C order. All normalising constants and the log Jacobians of the constraints are included. Writes
        every component of `gradient`; what it holds where the density is -inf or nan does not matter.
    data
        A NamedTuple of NumPy arrays, ints, floats, bools. Arrays are shared with the model: do not change them.
    log_likelihood(position, data, out)     writes the log likelihood of each observation, constants included
    link(position, data, out)               writes the linear predictor's inverse link: p, lambda, phi
    simulate(rng, data) -> position         a draw from the prior, unconstrained
    simulate_data(position, data, rng) -> data      data of the same design, given parameters
    derived(position, data) -> dict         further named quantities of a draw
    outcome(data) -> dict                   what was observed, {name: array}, from data; None: the fields of the data
                                            that `simulate_data` changes

    Functions are plain Python in Numba's subset, or already jitted. log_density, log_likelihood and link are compiled
    when first used; the others are called as they are. ValueError names what is wrong with the arguments.
    """

    def __init__(
        self,
        log_density: Callable[..., float],
        data: Any,
        parameters: Iterable[Parameter],
        *,
        name: str,
        log_likelihood: Callable[..., None] | None = None,
        link: Callable[..., None] | None = None,
        simulate: Callable[..., ArrayLike] | None = None,
        simulate_data: Callable[..., Any] | None = None,
        derived: Callable[..., Mapping[str, Any]] | None = None,
        outcome: Callable[..., Mapping[str, Any]] | None = None,
    ) -> None:
        self.name = name
        self.log_density = log_density
        self.data = data
        self.parameters = checked_parameters(name, parameters)
        self.log_likelihood = log_likelihood
        self.link = link
        self._simulate = simulate
        self._simulate_data = simulate_data
        self._derived = derived
        self._outcome = outcome
        self._keep: Keeper | None = None
        given: dict[str, Any] = {"log_density": log_density, "log_likelihood": log_likelihood, "link": link}
        given |= {"simulate": simulate, "simulate_data": simulate_data, "derived": derived}
        given |= {"outcome": outcome}
        for role, function in given.items():
            is_function = isinstance(getattr(function, "py_func", function), types.FunctionType)
            if not (is_function or (function is None and role != "log_density")):
                raise ValueError(f"{name}: {role} is a {type(function).__name__}, not a function")
        self._packed = checked_and_packed(name, data, self.dimension)

    @classmethod
    def from_address(
        cls,
        address: int,
        dimension: int,
        data: int = 0,
        *,
        keep: object = None,
        parameters: Iterable[Parameter] | None = None,
        name: str = "density",
        derived: Callable[..., Mapping[str, Any]] | None = None,
    ) -> Model:
        """A model whose log density is a C function, such as one that nutpie takes:

            int f(size_t size, const double *x, double *gradient, double *log_density, void *data)

        It writes the log density, Jacobians included, and its gradient at an unconstrained position x of `dimension`
        numbers. Where its status is not 0, the log density counts as -inf, which is a divergence. Threads may call it
        at the same time: chains run in threads, since another process has nothing at the address.

        address, data       of the function, and what it is given as its last argument
        keep                an object that lives as long as the model: the owner of both
        parameters          as for `Model`, of that many unconstrained numbers in all; None: one real vector "x"
        derived             as for `Model`; its `data` are the two addresses

        ValueError for an address of 0 or parameters of another dimension. Any other wrong address crashes the process.
        """
        for what, number, least in (("address", address, 1), ("dimension", dimension, 1), ("data", data, 0)):
            check_whole(f"{name}: {what}", number, least)
        if parameters is None:
            parameters = [Parameter("x", (int(dimension),))]
        model = cls(at_address, AtAddress(int(address), int(data)), parameters, name=name, derived=derived)
        if model.dimension != dimension:
            raise ValueError(f"{name}: its parameters have {model.dimension} numbers, not {dimension}")
        return model.kept_here(Keeper(keep))

    def kept_here(self, keep: Keeper) -> Model:
        """The same model, which stays in this process: its data have addresses of what `keep` owns."""
        return self._with(_keep=keep, _packed=self._packed)

    def cfunc(self) -> Callback:
        """The log density as a C function (see `from_address`), for nutpie, walnutpie and programs like them.

        `.address` is that of the function and `.data` of its last argument; keep the result while they are in use. Any
        thread may call it. Its status is 0; -1 for another size than `.dimension`; 4 where the log density is not
        finite (it counts as such where it raises an exception) and 3 where the gradient is not.
        """
        own = self.with_own_count()
        density, address = own.density()
        return callback(density, address, self.dimension, own)

    @property
    def is_of_this_process(self) -> bool:
        """Whether no other process can have it, since its log density is a function at an address."""
        return self._keep is not None

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_packed"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._packed = pack(self.data, self.dimension)

    def __repr__(self) -> str:
        names = ", ".join(f"{p.name}{list(p.shape) if p.shape else ''}" for p in self.parameters)
        return f"<Model {self.name}: {names}; dimension {self.dimension}>"

    _repr_html_ = as_html

    @property
    def dimension(self) -> int:
        """The number of unconstrained parameters."""
        return sum(p.free for p in self.parameters)

    # What is jitted in these is compiled again where something that it reaches has changed.
    simulate = property(lambda self: called_from_python(self._simulate), doc="The function given, or None.")
    simulate_data = property(lambda self: called_from_python(self._simulate_data), doc="The function given, or None.")
    derived = property(lambda self: called_from_python(self._derived), doc="The function given, or None.")
    outcome = property(lambda self: called_from_python(self._outcome), doc="The function given, or None.")

    def with_data(self, data: Any) -> Model:
        """The same model of other data: what `simulate_data` gives, say. Of fields of the same types, of whatever
        lengths, nothing is compiled again. ValueError if it is not a NamedTuple of arrays and numbers.
        """
        return self._with(data=data, _packed=checked_and_packed(self.name, data, self.dimension))

    def with_own_count(self) -> Model:
        """The same model with an `n_raised` of its own, from 0: that of one chain, whatever others do meanwhile."""
        return self._with(_packed=with_own_notes(self._packed))

    def _with(self, **fields: Any) -> Model:
        """The same model with other fields."""
        other = Model.__new__(Model)  # copy.copy would pack the data of this one, too
        other.__dict__.update(self.__getstate__(), **fields)
        return other

    def without(self, observations: ArrayLike) -> Model:
        """The same model with some observations (a number from 0, or several) left out of its likelihood.

        They get the weight 0, and nothing else changes: the parameters are the same, nothing is compiled again, and
        `log_likelihood` still scores them, now as new data. The data need a field `weight`, one number per
        observation, that the log density multiplies the likelihood's terms by; ValueError where they have none, or for
        a number that is not an observation.
        """
        if not isinstance(getattr(self.data, "weight", None), np.ndarray):
            raise ValueError(f"{self.name}: its data have no field `weight`, so no observation can be left out")
        weight = self.data.weight.copy()
        for observation in np.atleast_1d(observations):
            if not (isinstance(observation, np.integer) and 0 <= observation < len(weight)):
                raise ValueError(f"{self.name} has observations 0 to {len(weight) - 1}; {observation} is none of them")
            weight[observation] = 0.0
        return self.with_data(self.data._replace(weight=weight))

    def density(self, *, guarded: bool = True) -> tuple[Callable[..., float], Any]:
        """(function, address): the compiled log density, and the data as it takes them. See `hmc/jit/compiled.py`.

        guarded: it is nan where the author's function raises an exception, which `n_raised` counts; else it raises.
        """
        notes = self._packed.notes if guarded else None
        return self._compiled("log_density", DENSITY, notes), self._packed.address

    def density_is_stored(self) -> bool:
        """Whether another process can load the compiled log density from disk."""
        return author_function_is_stored(self.log_density, self._packed.type, DENSITY, self._packed.notes)

    @property
    def n_raised(self) -> int:
        """How often the log density raised an exception since the model was made in this process, in all threads."""
        return int(self._packed.notes[0])

    def last_raised(self) -> str | None:
        """The exception that the log density raised the last time, in words: "LinAlgError: ..."; None: it never did.

        Compiled code keeps no exceptions. So the function is run again where it raised the last one: in Python, whose
        messages say more, and compiled, should it raise nothing in Python.
        """
        if self.n_raised == 0:
            return None
        position = self._packed.notes[1:].copy()
        in_python = (python_of(self.log_density), self._packed.data)
        for run in (lambda: in_python, lambda: self.density(guarded=False)):
            try:
                function, data = run()
                with np.errstate(all="ignore"):
                    function(position.copy(), data, np.zeros(self.dimension))
            except Exception as error:
                return f"{type(error).__name__}: {error}"
        return "an exception, which it does not raise again"

    def density_key(self) -> str | None:
        """A hash of all that the log density reaches, the same in every process that has the same code; None where it
        cannot be known.
        """
        return self._known_code()[0]

    def unknown_code(self) -> str | None:
        """Objects reached by the log density whose content cannot be known, in words; None if there are none."""
        return self._known_code()[1]

    def _known_code(self) -> tuple[str | None, str | None]:
        """(`density_key`, `unknown_code`), one of which is None."""
        if self.is_of_this_process:
            return None, "a function at an address"
        try:
            return author_function_key(self.log_density, self._packed.type), None
        except UndeterminableError as error:
            return None, str(error)

    def evaluate(self, position: ArrayLike) -> tuple[float, NDArray[np.float64]]:
        """(log density, gradient) at an unconstrained position."""
        function, address = self.density()
        position = np.array(unmasked(self.name, position), dtype=np.float64)
        if position.shape != (self.dimension,):
            raise ValueError(f"{self.name}: a position has shape ({self.dimension},), not {position.shape}")
        gradient = np.zeros(self.dimension)
        with np.errstate(all="ignore"):
            return float(function(position, address, gradient)), gradient

    def log_densities(self, positions: ArrayLike) -> NDArray[np.float64]:
        """The log density at each of these unconstrained positions (..., dimension): (...); nan where it raises."""
        rows = np.ascontiguousarray(unmasked(self.name, positions), dtype=np.float64)
        if rows.ndim == 0 or rows.shape[-1] != self.dimension:
            raise ValueError(f"{self.name}: positions have shape (..., {self.dimension}), not {rows.shape}")
        function, address = self.density()
        rows = rows.reshape(-1, self.dimension)
        out = np.empty(len(rows))
        for_each_row = compile_entry(density_rows, DENSITY, numba.types.intp, MATRIX, VECTOR, VECTOR)
        with np.errstate(all="ignore"):
            for_each_row(function, address, rows, np.empty(self.dimension), out)
        return out.reshape(np.shape(positions)[:-1])

    def pointwise(self, role: str, positions: ArrayLike) -> NDArray[np.float64]:
        """Values that the function `role` ("log_likelihood" or "link") writes for positions (..., dimension):
        (..., observations).
        """
        if getattr(self, role) is None:
            raise ValueError(f"{self.name} has no {role} function")
        function = self._compiled(role, POINTWISE)
        rows = np.ascontiguousarray(unmasked(self.name, positions), dtype=np.float64).reshape(-1, self.dimension)
        observations = n_observations(f"{self.name}: {role}", getattr(self, role), self._packed.data, rows)
        out = np.full((len(rows), observations), np.nan)
        for_each_row = compile_entry(pointwise_rows, POINTWISE, numba.types.intp, MATRIX, MATRIX)
        with np.errstate(all="ignore"):
            for_each_row(function, self._packed.address, rows, out)
        return out.reshape((*np.shape(positions)[:-1], out.shape[1]))

    def constrain(self, positions: ArrayLike) -> dict[str, NDArray[np.float64]]:
        """Named values of unconstrained positions (..., dimension): {name: array (..., *shape)}."""
        positions = np.asarray(unmasked(self.name, positions), dtype=np.float64)
        return {p.name: constrained(p, positions[..., part]) for p, part in blocks(self.parameters)}

    def unconstrain(self, values: Mapping[str, Any]) -> NDArray[np.float64]:
        """The unconstrained position (dimension,) of named values {name: number or array of the parameter's shape}.

        ValueError for a name too many or too few, a wrong shape, or a value that its constraint does not allow.
        """
        names = [p.name for p in self.parameters]
        for name in [*values, *names]:
            if name not in names or name not in values:
                lacks = f"{did_you_mean(name, names)}{name} is not one" if name in values else f"{name} has none"
                raise ValueError(f"{self.name}: values are needed for {', '.join(names)}; {lacks}")
        return np.concatenate([unconstrained(self.name, p, values[p.name]) for p in self.parameters])

    def data_drawer(self, draws: int) -> Callable[[NDArray[np.float64], np.random.Generator], Any]:
        """A function (position, rng) -> data: `simulate_data`, compiled if so many draws of it repay that.

        The data are the same either way. Called in Python where `simulate_data` does not compile. It is given copies of
        the model's arrays, so that it may write into them.
        """

        simulate_data = self.simulate_data  # asked for once: it is then looked whether anything has changed

        def in_python(position: NDArray[np.float64], rng: np.random.Generator) -> Any:
            return simulate_data(position.copy(), copied(self.data), rng)

        def compiled(position: NDArray[np.float64], rng: np.random.Generator) -> Any:
            return jitted(position.copy(), copied(self._packed.data), rng)

        numbers = sum(map(np.size, self.data)) * draws
        if numbers <= _NUMBERS_IN_PYTHON or jit_is_disabled():
            return in_python
        jitted: Any = numba.njit(error_model="numpy")(getattr(simulate_data, "py_func", simulate_data))
        try:  # not by a call: there may be no draw yet at which its author means it to be run
            jitted.compile((VECTOR, self._packed.type, numba.typeof(np.random.default_rng(0))))
        except Exception:
            return in_python
        return compiled

    def _compiled(
        self, role: str, function_type: numba.types.FunctionType, notes: NDArray[np.float64] | None = None
    ) -> Callable[..., Any]:
        try:
            return compile_author_function(getattr(self, role), self._packed.type, function_type, notes)
        except FrozenCodeError as error:
            raise ValueError(f"{self.name}: {role}: {error}") from None
        except Exception as error:  # Numba's, of which some are not a NumbaError; its pages stay in __context__
            raise ValueError(f"{self.name}: {role} does not compile: {compile_error(error)}") from None


_NUMBERS_IN_PYTHON = 1_000_000  # so many numbers of data are drawn sooner than `simulate_data` is compiled


def check_has(model: Model, *roles: str, need: str) -> None:
    """ValueError unless the model has these functions; `need` says what for: "predictive draws need"."""
    for role in roles:
        if getattr(model, role) is None:
            raise ValueError(f"{model.name} has no {role} function, which {need}")


def check_model(model: object, caller: str) -> None:
    """ValueError unless this is a Model; `caller` is the function that takes it."""
    if not isinstance(model, Model):
        call_it = f": call it, {model.__name__}()" if isinstance(model, types.FunctionType) else ""
        raise ValueError(f"{caller} takes a hmc.Model, not a {type(model).__name__}{call_it}")
