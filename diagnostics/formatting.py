"""Numbers of tables as text: as many digits as they are known to, row by row.

A number is shown with three significant digits of its standard deviation, or standard error, and with more where its
Monte Carlo error is smaller than the last of them. So a mean of 0.0003 shows, and one of 1234.56789 does not look more
exact than it is. Points stand below each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Columns: TypeAlias = Mapping[str, Any]  # {name: array of numbers or texts}

SIGNIFICANT = 3  # digits of a standard deviation
_WIDEST = 9  # digits after the point, or before it; more are written with an exponent
_ESCAPES = str.maketrans({"\t": "\\t", "\n": "\\n", "\r": "\\r"})  # as pandas writes them
_PLAIN = {"n_eff": 0, "ess_tail": 0, "ess_bulk": 0, "k_high": 0, "studies": 0, "divergences": 0}
_PLAIN |= {"Rhat4": 3, "k_max": 2, "z": 2, "coverage": 2, "coverage_se": 2, "p_worse": 2}


def table_text(frame: pd.DataFrame, digits: int | None = None) -> str:
    """The table of `precis`, `compare` or `coverage` as text; `digits`: after the point, where there is a choice."""
    return formatted(frame, digits).to_string(na_rep="")


def plain_text(labels: Sequence[str], columns: Columns, digits: int | None = None) -> str:
    """`table_text` of rows and columns that are in no frame: the same text, without the time to import pandas."""
    rows = [label.translate(_ESCAPES) for label in labels]
    wide = max(map(len, rows), default=0)
    lines = [" " * wide, *(row.ljust(wide) for row in rows)]
    for name, texts in column_texts(columns, digits).items():
        width = max([len(name), *(1 + len(text) for text in texts)])
        lines = [f"{line} {cell:>{width}}" for line, cell in zip(lines, [name, *texts], strict=True)]
    return "\n".join(lines)


def formatted(frame: pd.DataFrame, digits: int | None = None) -> pd.DataFrame:
    """The same table with texts for numbers; "" for NaN. ValueError for digits below 0, or over 17."""
    import pandas as pd  # here, so that importing diagnostics does not cost half a second

    texts = column_texts({name: frame[name].to_numpy() for name in frame.columns}, digits)
    text = pd.DataFrame(texts, index=frame.index, columns=frame.columns, dtype=object)
    text.attrs = dict(frame.attrs)
    return text


def column_texts(columns: Columns, digits: int | None = None) -> dict[str, list[str]]:
    """{column: its numbers as texts, with their points below each other}; ValueError as for `formatted`."""
    if digits is not None and not 0 <= digits <= 17:
        raise ValueError(f"digits = {digits} is not a whole number from 0 to 17")
    return {name: aligned(_texts(columns, name, digits)) for name in columns}


def number_text(value: float, sd: float, error: float = math.nan, digits: int | None = None) -> str:
    """`value` as text, by the size of its sd and of its Monte Carlo error; "" for NaN.

    Where the sd is 0 or not finite, three significant digits of the value itself.
    """
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return f"{value}"
    if digits is not None:
        return _without_minus_zero(f"{value:.{digits}f}")
    places = max(_places(sd, SIGNIFICANT), _places(error, 1))
    if places == -math.inf:
        places = max(_places(value, SIGNIFICANT), 0 if value else 2)
    magnitude = math.floor(math.log10(abs(value))) if value else -places
    if places > _WIDEST or magnitude >= _WIDEST:
        return f"{value:.{int(min(max(magnitude + places, 0), 16))}e}"
    return _without_minus_zero(f"{value:.{int(max(places, 0))}f}")


def aligned(texts: list[str]) -> list[str]:
    """The texts with blanks behind them: set to the right, they have their points below each other."""
    after = [len(text) - text.find(".") if "." in text else 0 for text in texts]
    return [text + " " * (max(after) - length) if text else text for text, length in zip(texts, after, strict=True)]


def record_texts(record: Any) -> dict[str, str]:
    """The fields of a NamedTuple as texts: numbers with six digits, arrays and their tuples by their size."""
    return {name: _field_text(value) for name, value in zip(record._fields, record, strict=True)}


def record_text(record: Any) -> str:
    """The `repr` of a NamedTuple that holds arrays: `KFold(elpd_kfold=-135.456, ..., folds=<48 numbers>)`."""
    fields = ", ".join(f"{name}={text}" for name, text in record_texts(record).items())
    return f"{type(record).__name__}({fields})"


def _field_text(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.shape:
        return f"<{' x '.join(map(str, value.shape))} numbers>"
    if isinstance(value, tuple):
        return f"<{', '.join(getattr(value, '_fields', map(str, range(len(value)))))}>"
    return f"{value:.6g}" if isinstance(value, (float, np.floating)) else repr(value)


def _texts(columns: Columns, name: str, digits: int | None) -> list[str]:
    values = columns[name]
    if values.dtype == object:  # texts already
        return [str(value) for value in values]
    if name in _PLAIN:
        return ["" if np.isnan(value) else f"{value:.{_PLAIN[name]}f}" for value in values]
    if name == "weight":
        return [_weight(value, digits) for value in values]
    sd, error = _scale(columns, name)
    return [number_text(*row, digits) for row in zip(map(float, values), sd, error, strict=True)]


def _scale(columns: Columns, name: str) -> tuple[Any, Any]:
    """(standard deviations, Monte Carlo errors) of the numbers in a column, each NaN where none is known."""
    unknown = np.full(len(columns[name]), math.nan)
    error_of = name if name.endswith("_se") else f"{name}_se"
    if error_of in columns:  # of simulated studies
        return np.asarray(columns[error_of], float), unknown
    if "SE" in columns:  # of a comparison
        of = {"SE": "SE", "dSE": "dSE"}.get(name, "dSE" if name.startswith("d") else "SE")
        return (unknown if name.startswith("p") else np.asarray(columns[of], float)), unknown
    if "sd" not in columns:
        return unknown, unknown
    sd = np.asarray(columns["sd"], float)
    if "mcse_mean" in columns:
        return sd, np.asarray(columns["mcse_mean"], float)
    if "n_eff" in columns:
        with np.errstate(all="ignore"):
            return sd, sd / np.sqrt(np.asarray(columns["n_eff"], float))
    return sd, unknown


def _weight(value: float, digits: int | None) -> str:
    if math.isnan(value):
        return ""
    if digits is not None:
        return f"{value:.{digits}f}"
    return f"{value:.3f}" if value >= 0.001 or value == 0.0 else f"{value:.0e}"


def _places(size: float, significant: int) -> float:
    """How many digits after the point show so many significant digits of a number; -inf where it is 0 or not finite."""
    if not math.isfinite(size) or size == 0.0:
        return -math.inf
    return significant - 1 - math.floor(math.log10(abs(size)))


def _without_minus_zero(text: str) -> str:
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text
