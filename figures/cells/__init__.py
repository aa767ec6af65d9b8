"""How a fit, a model, the report of a check and recorded transitions look in a notebook's cell.

`hmc` finds `html` by its name (`hmc/display.py`). Nothing here imports matplotlib: pictures are small SVGs of
`diagnostics.pictures`. What `diagnostics` gives shows itself.
"""

from __future__ import annotations

from typing import Any

from figures.cells.fits import of_fit
from figures.cells.models import of_model, of_report
from figures.cells.recordings import of_recording, of_transition
from hmc.checking.telling import CheckReport
from hmc.model import Model
from hmc.record import RecordedTransition, Recording
from hmc.results.fit import Fit

_VIEWS = (
    (Fit, of_fit),
    (Model, of_model),
    (CheckReport, of_report),
    (RecordedTransition, of_transition),
    (Recording, of_recording),
)


def html(shown: Any) -> str | None:
    """HTML of the object; None for a kind that is not known here."""
    return next((view(shown) for kind, view in _VIEWS if isinstance(shown, kind)), None)
