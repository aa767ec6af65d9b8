"""A thousand small fits in a row leave nothing behind, in this process or in the workers."""

import json
import sys
from pathlib import Path

import pytest

from tests.hmc.helpers import load, running

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what a process holds is read from /proc")

# What may come between 200 and 1,000 fits. Memory grows by 0.4 to 0.7 MB where nothing is kept, less with each hundred
# fits, as the allocator's arenas fill; that of the workers, which run a quarter of the fits, by 0.2 MB. 2 MB are 2.5 kB
# a fit, less than its draws. Of Python's blocks, of which the smallest object takes one, 200 come in all.
BOUNDS = {
    "memory": 2_000_000,
    "workers_memory": 500_000,
    "blocks": 800,
    "files": 0,
    "workers_files": 0,
    "threads": 0,
    "processes": 0,
    "segments": 0,
    "temporary": 0,
}


def grown(folder, *options):
    """{what is held: how much more of it there is after 1,000 fits than after 200}."""
    command = [sys.executable, load.__file__, "1000", *options]
    looks = [json.loads(line) for line in running.finished(command, folder).stdout.splitlines()]
    assert [look["fits"] for look in looks] == list(range(100, 1001, 100))
    # The least of three: a thread that is just ending is no growth.
    return {name: min(look[name] for look in looks[-3:]) - looks[1][name] for name in BOUNDS}


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return grown(tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="module")
def leaking(tmp_path_factory):
    return grown(tmp_path_factory.mktemp("leaking"), "--leak")


@pytest.mark.parametrize("name", BOUNDS)
def test_a_thousand_fits_leave_nothing_behind(clean, name):
    assert clean[name] <= BOUNDS[name], clean


# Each fit kept, and every hundredth time a file, a segment of shared memory, a thread, a process, a temporary file.
@pytest.mark.parametrize("name", [name for name in BOUNDS if not name.startswith("workers")])
def test_the_least_leak_of_each_kind_is_seen(leaking, name):
    assert leaking[name] > BOUNDS[name], leaking
