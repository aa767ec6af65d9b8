"""How much memory a run may take."""

import contextlib
import math
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
# Limit, use and statistics of a container, by version 2 and version 1 of Linux's control groups.
_LIMITS = (
    ("memory.max", "memory.current", "memory.stat"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
)


def free_memory():
    """Bytes of memory that can be had now, in this container or on this machine; inf where that cannot be known."""
    return min(_of_machine(), _of_container(), _of_process())


def _of_machine():
    """Memory that is free or can be freed, and swap space; where only its size is known, all of the machine's."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
        kilobytes = {name.rstrip(":"): int(value) for name, value, *_ in lines}
        return 1024 * (kilobytes["MemAvailable"] + kilobytes["SwapFree"])
    with contextlib.suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return math.inf


def _of_container():
    for limit, used, statistics in _LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max": there is no limit
            allowed, taken = (int((_CGROUP / name).read_text()) for name in (limit, used))
            of_files = dict(line.split() for line in (_CGROUP / statistics).read_text().splitlines())
            return max(0, allowed - taken + int(of_files.get("inactive_file", 0)))  # the last can be freed
    return math.inf


def _of_process():
    """What `ulimit -v` leaves."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            return max(0, limit - pages * os.sysconf("SC_PAGE_SIZE"))
    return math.inf
