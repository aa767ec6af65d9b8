"""A fit: named draws on the constrained scale, the sampler's statistics, and how it all came about."""

import dataclasses
from dataclasses import dataclass

from hmc import __version__
from hmc.parameters import blocks, constrained
from hmc.results.derived import derived_draws


@dataclass(eq=False, repr=False, kw_only=True)
class Fit:
    """The draws of a run. Arrays are (chains, draws, ...), float64 unless said otherwise.

    fit.name              of the model
    fit.parameters        a tuple of `hmc.Parameter`, in the order of their numbers in a position
    fit.model             the `hmc.Model`; None where the fit was loaded from a file without it
    fit.identity          what the draws are of: model, data and code (`hmc.results.identity.Identity`)
    fit["a"]              draws of a parameter, or of a quantity derived from the parameters, constrained
    fit.keys()            their names
    fit["p"]              (chains, draws, observations) draws of what the model's `link` function gives, under the name
                          of that function (`lambda_` gives "lambda") unless a parameter or derived quantity has
                          it; not one of the keys, and not kept in files
    fit.unconstrained     (chains, draws, dimension) positions as the sampler moved them
    fit.stats             the sampler's statistics by ArviZ's names (chains, draws): lp, acceptance_rate, step_size,
                          tree_depth, n_steps, diverging, energy, reached_max_treedepth; and termination, a constant
                          of `hmc/sampler/outcome.py` that says why the trajectory ended
    fit.log_likelihood    (chains, draws, observations), computed when first asked for
    fit.known_log_likelihood   the same if it was asked for before, else None
    fit.known_derived     {name: draws} of the derived quantities, None until they are first asked for
    fit.warmup_stats      the same statistics of the warm-up (chains, warmup)
    fit.warmup            (chains, warmup, dimension) positions, with `keep_warmup`; else None
    fit.inverse_metric    as adapted: (chains, dimension), or (chains, dimension, dimension) if dense
    fit.chains            numbers of the chains that are here, from 0
    fit.failures          chains that are not: a list of `Failure(chain, iteration, reason)`
    fit.interrupted       whether the run was stopped early; the chains are then cut to the shortest one's draws, and
    fit.ragged            has what the longer ones had more: {chain: {"unconstrained": ..., "stats": {...}}}
    fit.snapshots         what each chain can be gone on from (`hmc.extend`); None where one was interrupted
    fit.settings          a dict: what `hmc.sample` was asked for, the seed included
    fit.seconds           of sampling, on the wall's clock; of the last part of it, where a run was taken up again
    fit.version           of the sampler
    """

    name: str
    parameters: tuple
    unconstrained: object
    stats: dict
    warmup_stats: dict
    warmup: object
    inverse_metric: object
    chains: list
    failures: list
    interrupted: bool
    ragged: dict
    snapshots: list | None
    settings: dict
    seconds: float
    identity: object
    model: object = None
    version: str = __version__
    known_derived: dict | None = None  # {name: draws} of derived quantities; None: not computed yet
    known_log_likelihood: object = None  # None: not computed yet
    _values: dict = dataclasses.field(default_factory=dict)

    def __repr__(self):
        chains, draws = self.unconstrained.shape[:2]
        state = ", interrupted" if self.interrupted else ""
        names = ", ".join(p.name for p in self.parameters)
        return f"<Fit {self.name}: {chains} chains of {draws} draws{state}; {names}>"

    def keys(self):
        """Names of all parameters, then of all derived quantities."""
        return [p.name for p in self.parameters] + list(self._all_derived())

    def __iter__(self):
        return iter(self.keys())

    def __contains__(self, name):
        return any(p.name == name for p in self.parameters) or name == self._link_name or name in self._all_derived()

    def __getitem__(self, name):
        """Draws (chains, draws, *shape) of a parameter, a derived quantity, or what the link function gives."""
        if name not in self._values:
            self._values[name] = self._compute(name)
        return self._values[name]

    @property
    def log_likelihood(self):
        """Pointwise log likelihoods, (chains, draws, observations)."""
        if self.known_log_likelihood is None:
            if self.model is None:
                raise ValueError(f"{self.name}: the file has no log likelihoods; hmc.load it with its model")
            self.known_log_likelihood = self.model.pointwise("log_likelihood", self.unconstrained)
        return self.known_log_likelihood

    def save(self, path, log_likelihood=None):
        """Write the fit to one file: a zip of .npy arrays and a JSON text that describes them; see `hmc.load`.

        `log_likelihood`: whether log likelihoods are in it; None: up to 10 million numbers, and beyond that if they
        have been asked for before. A fit that is loaded with its model computes them again, to the same bits. The file
        appears whole or not at all. ValueError where they are wanted and cannot be computed.
        """
        from hmc.results.archive import save

        save(self, path, log_likelihood)

    def without_derived(self):
        """The same fit without derived quantities: what is left where the model's `derived` fails."""
        return dataclasses.replace(self, known_derived={}, _values={})

    def to_frame(self, stats=False):
        """The draws as a pandas DataFrame, a row per draw, indexed by chain and draw, counted from 0 as by ArviZ.

        A column per element of each parameter and derived quantity, labelled as in the table of `precis`: `sigma`,
        `a[1]`, `b[2,1]`. `stats`: those of the sampler too, marked as in Stan's files: `lp__`, `diverging__`. A
        quantity that is named chain or draw, as one of these statistics, or as an element of another quantity gets an
        underscore behind its name, or several.
        """
        from hmc.results.export import to_frame

        return to_frame(self, stats)

    def to_arviz(self, observed=None, dims=None, coords=None, log_likelihood=None):
        """The fit as ArviZ takes it: an xarray DataTree, or with a version of ArviZ before 1 an InferenceData.

        The groups: posterior, derived quantities included; unconstrained_posterior, the parameters with a constraint as
        the sampler moved them; sample_stats; log_likelihood; constant_data, the model's data; and where the warm-up is
        kept, warmup_posterior, without derived quantities, and warmup_sample_stats. Settings, failures and the version
        are attributes of the whole and of posterior. Chains have the numbers of `fit.chains`; draws and elements are
        counted from 0. What is in `ragged` is left out, and all that needs the model where the fit has none. A quantity
        that is named as a dimension, such as chain or draw, gets an underscore behind its name. Arrays are shared, not
        copied.

        observed            the field of the model's data, or a list of them, that was observed: it stands in
                            observed_data, and log likelihoods of as many observations have its name
        dims, coords        names of dimensions and their labels: dims={"a": ["tank"]}, coords={"tank": names}; a
                            variable that is not in `dims` has the dimensions a_dim_0, a_dim_1
        log_likelihood      whether log likelihoods are there; None: if they are few or were asked for, as in `save`

        ImportError without ArviZ; ValueError for a name or an extent that does not fit.
        """
        from hmc.results.export import to_arviz

        return to_arviz(self, observed, dims, coords, log_likelihood)

    def _compute(self, name):
        for parameter, part in blocks(self.parameters):
            if parameter.name == name:
                return constrained(parameter, self.unconstrained[..., part])
        derived = self._all_derived()
        if name not in derived and name == self._link_name:
            return self.model.pointwise("link", self.unconstrained)
        if name not in derived:
            known = [*self.keys(), *([self._link_name] if self._link_name else [])]
            raise KeyError(f"{self.name} has no parameter {name!r}; it has {', '.join(known)}")
        return derived[name]

    @property
    def _link_name(self):
        """The name of what the link function gives; None without a model or a link function."""
        link = getattr(self.model, "link", None)
        return link and getattr(link, "py_func", link).__name__.rstrip("_")

    def _all_derived(self):
        """{name: draws} of what the model's `derived` gives, called once per draw."""
        if self.known_derived is None:
            self.known_derived = {} if self.model is None else derived_draws(self.model, self.unconstrained)
        return self.known_derived
