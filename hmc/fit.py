"""A fit: named draws on the constrained scale, the sampler's statistics, and how it all came about."""

import copy

import numpy as np

from hmc.data_hash import data_hashes, data_numbers, data_types
from hmc.derived import derived_draws
from hmc.parameters import blocks, constrained
from hmc.sampler.chain import Record
from hmc.version import VERSION


class Fit:
    """The draws of a run. Arrays are (chains, draws, ...), float64 unless said otherwise.

    fit.name              of the model
    fit.parameters        a tuple of `hmc.Parameter`, in the order of their numbers in a position
    fit.model             the `hmc.Model`; None where the fit was loaded from a file without it
    fit.data_hashes       of the model's data: {field: (length, hash)} of the arrays,
    fit.data_numbers      {field: number} of the numbers,
    fit.data_types        {field: type and shape, in words} of the arrays; of a file of an earlier version, the last two
                          may be None
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
    fit.code              of a fit from a file: what its draws depended on besides (`hmc.difference.code`); else None
    """

    def __init__(self, *, name, parameters, model=None, **content):
        self.name = name
        self.parameters = parameters
        self.model = model  # None where the fit was loaded from a file without it
        self.unconstrained = content.pop("unconstrained")
        self.stats = content.pop("stats")
        self.warmup_stats = content.pop("warmup_stats")
        self.warmup = content.pop("warmup")
        self.inverse_metric = content.pop("inverse_metric")
        self.chains = content.pop("chains")
        self.failures = content.pop("failures")
        self.interrupted = content.pop("interrupted")
        self.ragged = content.pop("ragged")
        self.snapshots = content.pop("snapshots", None)
        self.settings = content.pop("settings")
        self.seconds = content.pop("seconds")
        self.version = content.pop("version", VERSION)
        self.code = content.pop("code", None)
        self._derived = content.pop("derived", None)
        self._log_likelihood = content.pop("log_likelihood", None)
        self._data_hashes = content.pop("data_hashes", None)
        self._data_numbers = content.pop("data_numbers", None)
        self.data_types = content.pop("data_types", None)  # {field: words}; None where an earlier version did not say
        self._values = {}

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
        if self._log_likelihood is None:
            if self.model is None:
                raise ValueError(f"{self.name}: the file has no log likelihoods; hmc.load it with its model")
            self._log_likelihood = self.model.pointwise("log_likelihood", self.unconstrained)
        return self._log_likelihood

    @property
    def data_hashes(self):
        """{field: (length, hash)} of the arrays in the model's data: whether two fits saw the same."""
        if self._data_hashes is None:
            self._data_hashes = data_hashes(self.model.data)
        return self._data_hashes

    @property
    def data_numbers(self):
        """{field: number} of the numbers in the model's data, such as a sigma that was given; None where a file of an
        earlier version does not say.
        """
        if self._data_numbers is None and self.model is not None:
            self._data_numbers = data_numbers(self.model.data)
        return self._data_numbers

    def save(self, path, log_likelihood=None):
        """Write the fit to one file: a zip of .npy arrays and a JSON text that describes them; see `hmc.load`.

        `log_likelihood`: whether log likelihoods are in it; None: up to 10 million numbers, and beyond that if they
        have been asked for before. A fit that is loaded with its model computes them again, to the same bits. The file
        appears whole or not at all. ValueError where they are wanted and cannot be computed.
        """
        from hmc.storage import save

        save(self, path, log_likelihood)

    def without_derived(self):
        """The same fit without derived quantities: what is left where the model's `derived` fails."""
        other = copy.copy(self)
        other._derived, other._values = {}, {}
        return other

    def to_frame(self, stats=False):
        """The draws as a pandas DataFrame, a row per draw, indexed by chain and draw, counted from 0 as by ArviZ.

        A column per element of each parameter and derived quantity, labelled as in the table of `precis`: `sigma`,
        `a[1]`, `b[2,1]`. `stats`: those of the sampler too, marked as in Stan's files: `lp__`, `diverging__`. A
        quantity that is named chain or draw, as one of these statistics, or as an element of another quantity gets an
        underscore behind its name, or several.
        """
        from hmc.export import to_frame

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
        from hmc.export import to_arviz

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
        if self._derived is None:
            self._derived = {} if self.model is None else derived_draws(self.model, self.unconstrained)
        return self._derived


def gather(model, settings, results, failures, interrupted, seconds):
    """The fit of chains that have draws: cut to one length, the rest in `ragged`."""
    warmup = settings.warmup
    kept_warmup = warmup if settings.keep_warmup else 0
    draws = min(len(r.record.position) for r in results) - kept_warmup

    def stacked_stats(rows):
        return {n: np.stack([getattr(r.record, n)[rows] for r in results]) for n in results[0].record._fields[1:]}

    positions = [r.record.position for r in results]
    return Fit(
        name=model.name,
        parameters=model.parameters,
        model=model,
        unconstrained=np.stack([p[kept_warmup : kept_warmup + draws] for p in positions]),
        stats=stacked_stats(slice(warmup, warmup + draws)),
        warmup_stats=stacked_stats(slice(0, warmup)),
        warmup=np.stack([p[:kept_warmup] for p in positions]) if settings.keep_warmup else None,
        inverse_metric=np.stack([r.inverse_metric for r in results]),
        chains=[r.chain for r in results],
        failures=failures,
        interrupted=interrupted,
        ragged={r.chain: tail for r in results if (tail := _tail(r, kept_warmup + draws, warmup + draws))},
        data_hashes=data_hashes(model.data),  # now: these are the data that the draws are of
        data_numbers=data_numbers(model.data),
        data_types=data_types(model.data),
        snapshots=_snapshots(results, warmup + settings.draws),
        settings=settings._asdict(),
        seconds=seconds,
    )


def _snapshots(results, end):
    """What the chains can be gone on from, if all of them came to the end."""
    snapshots = [r.snapshot for r in results]
    return snapshots if all(s is not None and s.state.iteration == end for s in snapshots) else None


def records(fit):
    """The `Record` of each chain of a fit that was not interrupted: what `gather` made it of."""
    positions = fit.unconstrained if fit.warmup is None else np.concatenate([fit.warmup, fit.unconstrained], axis=1)
    stats = [np.concatenate([fit.warmup_stats[name], fit.stats[name]], axis=1) for name in Record._fields[1:]]
    return [Record(*arrays) for arrays in zip(positions, *stats, strict=True)]


def _tail(result, first_position, first_row):
    """What a chain has beyond the common length, or None."""
    record = result.record
    if len(record.position) == first_position:
        return None
    return {
        "unconstrained": record.position[first_position:],
        "stats": {name: getattr(record, name)[first_row:] for name in record._fields[1:]},
    }
