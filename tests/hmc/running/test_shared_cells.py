"""Cells that a run is stopped and counted by: shared on one machine, given up by nobody but their owner."""

import subprocess
import sys
from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pytest

from hmc.running.shared_cells import Address, LocalControl, SharedControl, attach


@pytest.fixture
def control():
    control = SharedControl(4)
    yield control
    try:
        control.close()
    except FileNotFoundError:
        control.cells = None


def in_another_program(source, *arguments):
    """What a program that is no child of this one's multiprocessing writes to standard error."""
    command = [sys.executable, "-c", source, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stderr


def is_there(address):
    try:
        SharedMemory(address.name).close()
    except FileNotFoundError:
        return False
    return True


def test_cells_are_one_and_the_same_by_their_address(control):
    other = attach(control.address)
    other.cells[2] = 7
    assert control.cells.tolist() == [0, 0, 7, 0]
    control.cells[0] = 1
    assert other.cells[0] == 1
    other.close()


FOUND = """import sys
from hmc.running.shared_cells import Address, attach
found = attach(Address(sys.argv[1], int(sys.argv[2])))"""


def test_another_program_sees_the_cells_and_leaves_them_when_it_ends(control):
    assert in_another_program(f"{FOUND}; found.cells[1] = 5; found.close()", *control.address) == ""
    assert control.cells[1] == 5
    assert is_there(control.address)


@pytest.mark.skipif(sys.version_info >= (3, 13) or sys.platform == "win32", reason="of older Pythons' resource tracker")
def test_a_program_that_finds_them_as_usual_takes_them_away_when_it_ends(control):
    """What the test above would see."""
    usual = "import sys; from multiprocessing.shared_memory import SharedMemory; SharedMemory(sys.argv[1]).close()"
    assert "leaked shared_memory" in in_another_program(usual, control.address.name)
    assert not is_there(control.address)


def test_where_they_cannot_be_seen_a_worker_has_cells_of_its_own():
    found = attach(Address("hmc_on_another_machine", 5))
    assert isinstance(found, LocalControl)
    assert found.cells.tolist() == [0] * 5
    found.close()


def test_cells_of_this_process_are_borrowed():
    cells = np.zeros(2, np.int64)
    attach(cells).cells[1] = 3
    assert cells.tolist() == [0, 3]


def test_memory_is_given_back():
    control = SharedControl(2)
    address = control.address
    control.close()
    assert not is_there(address)
