"""The memory that the draws of a run take, and the memory that is free."""

import os
from pathlib import Path

import numpy as np

from hmc.settings import Settings

STATISTICS = 9  # numbers that are kept of a transition besides its position


def bytes_of(settings: Settings, dimension: int) -> int:
    """The memory in bytes that a run needs at its end: for all chains, and for a copy of one as they are joined."""
    transitions = settings.warmup + settings.draws
    positions = transitions if settings.keep_warmup else settings.draws
    return (settings.chains + 1) * 8 * (positions * dimension + transitions * STATISTICS)


def free_bytes() -> float:
    """The free memory in bytes, without swapping; if the system does not report it, all memory, or infinity."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return np.inf


def check_memory(name: str, settings: Settings, dimension: int) -> None:
    """ValueError if the draws of a run of the model `name` do not fit into memory."""
    needed, free = bytes_of(settings, dimension), free_bytes()
    if needed > free:
        sizes = f"chains = {settings.chains}, warmup = {settings.warmup}, draws = {settings.draws}"
        raise ValueError(
            f"{name}: {sizes}: these draws do not fit into memory: they take {needed / 1e9:.3g} GB, and "
            f"{free / 1e9:.3g} GB are free"
        )
