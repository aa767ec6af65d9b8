"""The tables of `precis` and `compare`: data frames that show as many digits as they know."""

from __future__ import annotations

import pandas as pd

from .cells import of_frame
from .formatting import formatted, table_text


class PrintedTable(pd.DataFrame):
    """A DataFrame whose print, and look in a notebook, is that of the command line. Parts of it are plain DataFrames.

    `text(digits)` is the print with so many digits after the point.
    """

    def text(self, digits: int | None = None) -> str:
        """The table as text; `digits` after the point, None: by the size of standard deviations."""
        return table_text(self, digits)

    def __repr__(self) -> str:
        return formatted(self).to_string(na_rep="", max_rows=pd.get_option("display.max_rows"))

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return of_frame(formatted(self), pd.get_option("display.max_rows"))
