"""How often Python looks for garbage while Numba compiles."""

import contextlib
import gc
from collections.abc import Iterator

# Numba makes a million small objects a kernel, and Python looks through the young ones after every 700. A quarter of
# the time of compiling went there. So many more cost a few MB; no collection at all costs 100 MB for the sampler.
_YOUNG = 50_000


@contextlib.contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for garbage seldom meanwhile; not more often where the user set it so, and not at all where they said so."""
    young, *older = gc.get_threshold()
    gc.set_threshold(max(young, _YOUNG) if young else 0, *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)
