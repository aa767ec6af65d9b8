"""`precis`: the table of a posterior, one row a parameter."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from .arrays import as_draws, in_blocks, mean, sorted_quantile, standard_deviation, unless_nan
from .ess import effective_size, tail_size
from .mcse import mcse_mean, mcse_sd
from .protocols import Floats, NamedDraws
from .rank import Views, views
from .rhat import larger_rhat

if TYPE_CHECKING:
    import pandas as pd

# Of each parameter: its name, and its rows as pairs of an element's position and label.
Rows: TypeAlias = list[tuple[str, list[tuple[int, str]]]]

FURTHER: dict[str, Callable[[Floats, Views], Floats]] = {
    "ess_tail": lambda x, seen: tail_size(x, seen.ordered),
    "mcse_mean": lambda x, seen: mcse_mean(x),
    "mcse_sd": lambda x, seen: mcse_sd(x),
}


def precis(
    fit: NamedDraws,
    depth: int = 1,
    prob: float = 0.89,
    *,
    parameters: str | Iterable[str] | None = None,
    tail_ess: bool = False,
    mcse: bool = False,
) -> pd.DataFrame:
    """Summary of a fit as a DataFrame: mean, sd, interval, effective draws and Rhat of every parameter.

    `fit` is a mapping of parameter names to draws (chains, draws, ...). The rows are its scalars
    (`depth=1`), or its vectors and matrices too (`depth=2`), element by element, counted from 1: `a[1]`,
    `b[2,1]`. The columns: mean; sd (divisor S - 1); the bounds of the central interval that holds the share
    `prob` of the draws, named by their percentages (`5.5%`, `94.5%`); n_eff, the bulk ESS; Rhat4, the
    rank-normalised split-Rhat. On request `ess_tail` (`tail_ess=True`), `mcse_mean` and `mcse_sd`
    (`mcse=True`).

    `parameters` selects rows whatever the depth: a name (`"a"`), an element (`"a[3]"`) or a regular
    expression that matches one of them as a whole (`"a.*"`), or a list of such. Quantities of a fit beyond its
    keys (`"p"`, of the link function) are selected by their name alone. Of two rows that would have the same label, a
    quantity named as another's element, the second has an underscore behind it. Where `depth=1` hides
    parameters, `frame.attrs["note"]` says how many.

    NaN where draws are NaN. ValueError for a depth, probability or selection that does not exist, and for draws without
    names.
    """
    import pandas as pd  # here, so that importing diagnostics does not cost half a second

    from .table import PrintedTable

    found = summary(fit, depth, prob, parameters=parameters, tail_ess=tail_ess, mcse=mcse)
    frame = PrintedTable(found.columns, index=pd.Index(found.labels, dtype=object))
    if found.note:
        frame.attrs["note"] = found.note
    return frame


class Summary(NamedTuple):
    """The table of `precis` without pandas."""

    labels: list[str]  # of the rows
    columns: dict[str, Floats]  # by name
    note: str  # about parameters that are not shown, or ""


def summary(
    fit: NamedDraws,
    depth: int = 1,
    prob: float = 0.89,
    *,
    parameters: str | Iterable[str] | None = None,
    tail_ess: bool = False,
    mcse: bool = False,
) -> Summary:
    """The `Summary` of a fit; arguments and errors are those of `precis`."""
    if depth not in (1, 2):
        raise ValueError(f"precis has depth 1 (scalars) or 2 (vectors and matrices too), not {depth!r}")
    if not 0 < prob < 1:
        raise ValueError(f"precis needs a probability between 0 and 1 for its interval, not {prob!r}")
    if not hasattr(fit, "keys"):
        raise ValueError(
            f'precis needs a fit, or draws by name, precis({{"x": draws}}); this is a {type(fit).__name__}'
        )
    selected, hidden = _select(fit, depth, parameters)
    labels = [label for _, rows in selected for _, label in rows]
    bounds = ((1 - prob) / 2, (1 + prob) / 2)
    further = (["ess_tail"] if tail_ess else []) + (["mcse_mean", "mcse_sd"] if mcse else [])
    names = ["mean", "sd", *map(percentage, bounds), "n_eff", "Rhat4", *further]
    columns: Iterable[Floats] = [np.empty(0) for _ in names]
    if labels:
        columns = in_blocks(unless_nan(_statistics, bounds, further), _parts(fit, selected))
    note = f"{hidden} vector or matrix parameters hidden; use depth=2" if hidden else ""
    return Summary(labels, dict(zip(names, columns, strict=True)), note)


def percentage(prob: float) -> str:
    """The name of a quantile's column: 0.055 is "5.5%", 0.05 "5%"."""
    return f"{100 * prob:.10g}%"


def _statistics(x: Floats, bounds: tuple[float, float], further: list[str]) -> Floats:
    """The columns of the table for draws (chains, draws, n), (6 + ..., n); common parts are computed once."""
    seen = views(x)
    return np.stack(
        [
            mean(x),
            standard_deviation(x),
            *(sorted_quantile(seen.ordered, bound) for bound in bounds),
            effective_size(seen.ranked),
            larger_rhat(seen),
            *(FURTHER[name](x, seen) for name in further),
        ]
    )


def element_labels(name: str, shape: tuple[int, ...]) -> list[str]:
    """Names of a parameter's elements, counted from 1: `a[1]`, `b[1,2]`; of a scalar, its own name."""
    if not shape:
        return [name]
    return [f"{name}[{','.join(str(i + 1) for i in index)}]" for index in np.ndindex(*shape)]


def distinct(labels: Iterable[str]) -> list[str]:
    """The labels, with an underscore behind one that has been there before, as in `hmc.Fit.to_frame`: a derived
    quantity may have the name of an element, `a[1]`.
    """
    labels, given = list(labels), dict[str, None]()
    for label in labels:
        called = label
        while called in given or (called != label and called in labels):
            called += "_"
        given[called] = None
    return list(given)


def _select(fit: NamedDraws, depth: int, parameters: str | Iterable[str] | None) -> tuple[Rows, int]:
    """Which rows the table has: [(name, [(position, label), ...]), ...]; and how many the depth hides."""
    names = list(fit.keys())
    patterns = [parameters] if isinstance(parameters, str) else list(parameters or ())
    if isinstance(fit, Container):  # of a mapping only keys() and [] are promised
        names += [name for name in patterns if name not in names and name in fit]
    shapes = {name: np.shape(fit[name])[2:] for name in names}
    every = {name: element_labels(name, shape) for name, shape in shapes.items()}
    called = iter(distinct(itertools.chain(*every.values())))
    labels = {name: [(i, next(called)) for i in range(len(elements))] for name, elements in every.items()}
    if parameters is not None:
        return _matching(labels, patterns), 0
    shown = [(name, rows) for name, rows in labels.items() if depth == 2 or not shapes[name]]
    return shown, sum(map(len, labels.values())) - sum(len(rows) for _, rows in shown)


def _matching(labels: dict[str, list[tuple[int, str]]], patterns: Sequence[str]) -> Rows:
    """The rows of `labels` that a pattern names or matches; ValueError for a pattern that finds none."""
    is_found = [_matcher(pattern) for pattern in patterns]
    for pattern, found in zip(patterns, is_found, strict=True):
        if not any(found(name) or found(label) for name, rows in labels.items() for _, label in rows):
            raise ValueError(f"no parameter matches {pattern!r}; the fit has {', '.join(map(_told, labels.values()))}")
    selected = []
    for name, rows in labels.items():
        kept = [row for row in rows if any(found(name) or found(row[1]) for found in is_found)]
        if kept:
            selected.append((name, kept))
    return selected


def _told(rows: list[tuple[int, str]]) -> str:
    """The elements of a parameter in a few words: "sigma", or "a[1] to a[48]"."""
    first, last = rows[0][1], rows[-1][1]
    return first if len(rows) == 1 else f"{first} to {last}"


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a name is, or matches as a whole, `pattern`."""
    try:
        regex = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
    return lambda name: name == pattern or regex.fullmatch(name) is not None


def _parts(fit: NamedDraws, selected: Rows) -> Iterator[Floats]:
    """The draws of the selected rows, in order, (chains, draws, rows) of each name."""
    for name, rows in selected:
        draws = as_draws(fit[name])
        elements = draws.reshape(*draws.shape[:2], -1)
        whole = len(rows) == elements.shape[2]
        yield elements if whole else elements[:, :, [position for position, _ in rows]]
