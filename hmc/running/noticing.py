"""Remarks of a worker on a chain, told with the fit: a start that has to climb, exceptions of the density."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hmc.errors import Remark, joined
from hmc.sampler.chain import ChainState
from hmc.sampler.climbing import rehearse
from hmc.sampler.phase_space import Hamiltonian, Start

if TYPE_CHECKING:
    from hmc.model import Model
    from hmc.settings import Settings


class Notices:
    """Remarks on a part of a chain.

    model    one that no other chain uses, so that its exceptions are those of the chain
    kept     remarks on the transitions up to the last snapshot
    late     on those after it, which are drawn again if the chain is continued from there
    """

    def __init__(self, model: Model, chain: int) -> None:
        self.kept: list[Remark] = []
        self.late: list[Remark] = []
        self._model, self._chain = model, chain
        self._n_raised = 0

    def of_start(
        self, settings: Settings, density: tuple[Any, Any], begin: ChainState, stop: NDArray[np.int64]
    ) -> None:
        """Notice that the warm-up will climb out of where a chain begins."""
        if settings.warmup == 0:
            return
        start = Start(begin.point, begin.log_density)
        reached = rehearse(Hamiltonian(*density, begin.metric), start, stop)
        if reached is not None and stop[0] == 0:
            self.late.append(Remark(self._chain, "climbed", start.log_density, f"{reached:.2g}"))

    def begin(self) -> None:
        """Count exceptions from now on: those at starting points that were tried have rejected no proposal."""
        self._n_raised = self._model.n_raised

    def of_proposals(self) -> None:
        """Notice the exceptions since the last call."""
        count = self._model.n_raised - self._n_raised
        if count > 0:
            self.late.append(Remark(self._chain, "raised", float(count), str(self._model.last_raised())))
            self._n_raised += count

    def keep(self) -> None:
        """Keep what was noticed so far, with the snapshot that was just taken."""
        self.of_proposals()
        self.kept, self.late = joined([*self.kept, *self.late]), []
