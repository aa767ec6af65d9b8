"""A fit: named draws on the constrained scale, the sampler's statistics, and a report of the run."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hmc import __version__
from hmc.display import NamedArrays, as_html
from hmc.errors import did_you_mean
from hmc.parameters import blocks, constrained
from hmc.results.derived import derived_draws

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from hmc.errors import Failure, Remark
    from hmc.model import Model
    from hmc.parameters import Parameter
    from hmc.results.identity import Identity
    from hmc.results.predictive import PriorPredictive
    from hmc.sampler.metric import LowRank
    from hmc.sampler.snapshot import Snapshot


@dataclass(eq=False, repr=False, kw_only=True)
class Fit:
    """The draws of a run. Arrays are (chains, draws, ...), float64 unless said otherwise.

    fit.name              of the model
    fit.parameters        a tuple of `hmc.Parameter`, in the order of their numbers in a position
    fit.model             the `hmc.Model`; None if the fit was loaded from a file without it
    fit.identity          the model, its data and the code that the draws come from (`hmc.results.identity.Identity`)
    fit["a"]              draws of a parameter, or of a quantity derived from the parameters, constrained
    fit.keys()            their names
    fit["p"]              (chains, draws, observations) draws of the linear predictor's inverse link, under the name
                          of the model's `link` function (`lambda_` gives "lambda") unless a parameter or derived
                          quantity has that name; it is not one of the keys, and not kept in files
    fit.unconstrained     (chains, draws, dimension) unconstrained positions
    fit.stats             the sampler's statistics by ArviZ's names (chains, draws): lp, acceptance_rate, step_size,
                          tree_depth, n_steps, diverging, energy, reached_max_treedepth; and termination, a constant
                          of `hmc/sampler/outcome.py`: the reason why the trajectory ended
    fit.log_likelihood    (chains, draws, observations), computed when first asked for
    fit.known_log_likelihood   the same if it has been computed, else None
    fit.known_derived     {name: draws} of the derived quantities if they have been computed, else None
    fit.warmup_stats      the same statistics of the warm-up (chains, warmup)
    fit.warmup            (chains, warmup, dimension) positions, with `keep_warmup`; else None
    fit.inverse_metric    as adapted: (chains, dimension), or (chains, dimension, dimension) if dense, or, if low-rank,
                          a `hmc.LowRank`, which has its factors, `variances()` and `matrix()`
    fit.chains            numbers of the chains that are here, from 0
    fit.failures          chains that gave no draws: a list of `Failure(chain, iteration, reason)`
    fit.remarks           what else is to be said of chains, such as how often the log density raised an exception, and
                          which: a list of `Remark`, each with its `chain` and a `text`
    fit.interrupted       whether the run was stopped early; all chains are then cut to the length of the shortest
    fit.ragged            further draws of the longer chains: {chain: {"unconstrained": ..., "stats": {...}}}
    fit.snapshots         states from which the chains can be continued (`hmc.extend`); None if one was interrupted
    fit.settings          the arguments of `hmc.sample`, as a dict, with the seed; and "chosen_metric", in words, where
                          metric is "auto"
    fit.seconds           of sampling, by the clock on the wall; of the last part alone if the run was continued
    fit.version           of the sampler
    """

    name: str
    parameters: tuple[Parameter, ...]
    unconstrained: NDArray[np.float64]
    stats: dict[str, NDArray[Any]]
    warmup_stats: dict[str, NDArray[Any]]
    warmup: NDArray[np.float64] | None
    inverse_metric: NDArray[np.float64] | LowRank
    chains: list[int]
    failures: list[Failure]
    interrupted: bool
    ragged: dict[int, dict[str, Any]]
    snapshots: list[Snapshot] | None
    settings: dict[str, Any]
    seconds: float
    identity: Identity
    model: Model | None = None
    version: str = __version__
    remarks: list[Remark] = dataclasses.field(default_factory=list)
    known_derived: dict[str, NDArray[np.float64]] | None = None
    known_log_likelihood: NDArray[np.float64] | None = None
    _values: dict[str, NDArray[np.float64]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stats, self.warmup_stats = NamedArrays(self.stats), NamedArrays(self.warmup_stats)

    def __repr__(self) -> str:
        chains, draws = self.unconstrained.shape[:2]
        state = ", interrupted" if self.interrupted else ""
        names = ", ".join(p.name for p in self.parameters)
        return f"<Fit {self.name}: {chains} chains of {draws} draws{state}; {names}>"

    _repr_html_ = as_html

    def keys(self) -> list[str]:
        """Names of all parameters, then of all derived quantities."""
        return [p.name for p in self.parameters] + list(self._all_derived())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        return any(p.name == name for p in self.parameters) or name == self._link_name or name in self._all_derived()

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Draws (chains, draws, *shape) of a parameter or a derived quantity, or the values of the link function."""
        if name not in self._values:
            self._values[name] = self._compute(name)
        return self._values[name]

    @property
    def log_likelihood(self) -> NDArray[np.float64]:
        """Pointwise log likelihoods, (chains, draws, observations)."""
        if self.known_log_likelihood is None:
            if self.model is None:
                raise ValueError(f"{self.name}: the file has no log likelihoods; hmc.load it with its model")
            self.known_log_likelihood = self.model.pointwise("log_likelihood", self.unconstrained)
        return self.known_log_likelihood

    def predict(self, data: Any = None, *, seed: int | None = None) -> dict[str, NDArray[Any]]:
        """Posterior predictive draws {name: (chains, draws, ...)}: for each draw, data by the model's `simulate_data`.

        Names and values are those of the model's `outcome`; without it, the fields of the data that `simulate_data`
        changes. They are replicates of what was observed; of other `data` (a NamedTuple as the model's), predictions
        of those. The same seed gives the same data; None is the seed of the fit. A chain's data do not depend on other
        chains.

        ValueError without the model, or if it has no `simulate_data`, or if that fails.
        """
        from hmc.results.predictive import posterior_predictive

        if self.model is None:
            raise ValueError(f"{self.name}: predictive draws need the model; hmc.load the file with its model")
        model = self.model if data is None else self.model.with_data(data)
        seed = self.settings["seed"] if seed is None else seed
        return posterior_predictive(model, self.unconstrained, self.chains, seed)

    def observed(self) -> dict[str, NDArray[Any]]:
        """Observations, the same quantities of the model's data as `predict` draws. ValueError as there."""
        from hmc.results.predictive import outcome_of

        if self.model is None:
            raise ValueError(f"{self.name}: what was observed is known to the model; hmc.load the file with its model")
        return outcome_of(self.model, self.model.data)

    def save(self, path: str | os.PathLike[str], log_likelihood: bool | None = None) -> None:
        """Write the fit to one file: a zip of .npy arrays and a JSON text that describes them; see `hmc.load`.

        log_likelihood: whether to write log likelihoods. None: write up to 10 million numbers, and more only if they
            have been computed already. A fit that is loaded with its model computes them again, to the same bits.

        The file appears whole or not at all. ValueError if log likelihoods are wanted and cannot be computed.
        """
        from hmc.results.archive import save

        save(self, path, log_likelihood)

    def without_derived(self) -> Fit:
        """The same fit without derived quantities, for a model whose `derived` fails."""
        return dataclasses.replace(self, known_derived={}, _values={})

    def to_frame(self, stats: bool = False) -> pd.DataFrame:
        """The draws as a pandas DataFrame: a row per draw, indexed by chain and draw, counted from 0 as by ArviZ.

        There is a column for each element of each parameter and derived quantity, labelled as in the table of `precis`:
        `sigma`, `a[1]`, `b[2,1]`. If `stats`, the sampler's statistics follow, marked as in Stan's files: `lp__`,
        `diverging__`. If two columns would have the same name, or a quantity is named chain or draw, underscores are
        appended to the name of the quantity.
        """
        from hmc.results.export import to_frame

        return to_frame(self, stats)

    def to_arviz(
        self,
        observed: str | Iterable[str] | None = None,
        dims: Mapping[str, str | Iterable[str]] | None = None,
        coords: Mapping[str, Any] | None = None,
        log_likelihood: bool | None = None,
        predictive: Mapping[str, Any] | None = None,
        prior: PriorPredictive | None = None,
    ) -> Any:
        """The fit for ArviZ: an xarray DataTree, or an InferenceData for a version of ArviZ before 1.

        The groups are: posterior, with derived quantities; unconstrained_posterior, the unconstrained values of
        parameters that have a constraint; sample_stats; log_likelihood; constant_data, the model's data; and if the
        warm-up was kept, warmup_posterior, without derived quantities, and warmup_sample_stats. Settings, failures and
        the version are attributes of the whole and of posterior. Chains have the numbers of `fit.chains`; draws and
        elements are counted from 0. The draws in `ragged` are left out. A fit without its model has no groups that need
        the model. A quantity with the name of a dimension, such as chain or draw, gets an underscore appended to its
        name. Arrays are shared, not copied.

        observed            the field of the model's data that was observed, or a list of fields: they are put into
                            observed_data, and log likelihoods of as many observations get the field's name
        predictive          what `fit.predict()` gave: the group posterior_predictive, beside which observed_data has
                            the same quantities as they were observed, for ArviZ's plot_ppc
        prior               what `hmc.prior_predictive(model)` gave: the groups prior and prior_predictive, of one chain
        dims, coords        names of dimensions and their labels: dims={"a": ["tank"]}, coords={"tank": names}; a
                            variable that is not in `dims` has the dimensions a_dim_0, a_dim_1
        log_likelihood      whether to include log likelihoods; None: as for `save`

        ImportError without ArviZ; ValueError for a name or an extent that does not fit.
        """
        from hmc.results.export import Predicted, to_arviz

        return to_arviz(self, observed, dims, coords, log_likelihood, Predicted(predictive, prior))

    def _compute(self, name: str) -> NDArray[np.float64]:
        for parameter, part in blocks(self.parameters):
            if parameter.name == name:
                return constrained(parameter, self.unconstrained[..., part])
        derived = self._all_derived()
        if self.model is not None and name not in derived and name == self._link_name:
            return self.model.pointwise("link", self.unconstrained)
        if name not in derived:
            known = [*self.keys(), *([self._link_name] if self._link_name else [])]
            hint = did_you_mean(name, known)
            raise KeyError(f"{self.name} has no parameter {name!r}; {hint}it has {', '.join(known)}")
        return derived[name]

    @property
    def _link_name(self) -> str | None:
        """The name under which `fit` gives the values of the link function; None without a model or a link function."""
        link = getattr(self.model, "link", None)
        return link and getattr(link, "py_func", link).__name__.rstrip("_")

    def _all_derived(self) -> dict[str, NDArray[np.float64]]:
        """{name: draws} of the derived quantities, computed when they are first needed."""
        if self.known_derived is None:
            self.known_derived = {} if self.model is None else derived_draws(self.model, self.unconstrained)
        return self.known_derived
