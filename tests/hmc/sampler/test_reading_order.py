"""The reading order in hmc/sampler/__init__.py names every file of the folder, once."""

import re
from pathlib import Path

import hmc.sampler


def test_reading_order_names_every_file_once():
    named = re.findall(r"^(\w+)  +\S", hmc.sampler.__doc__, re.MULTILINE)
    files = [path.stem for path in Path(hmc.sampler.__file__).parent.glob("*.py")]
    assert sorted([*named, "__init__"]) == sorted(files)
