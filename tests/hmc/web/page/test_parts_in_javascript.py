"""The tests of js/, run by node's own runner."""

import subprocess
from pathlib import Path

from tests.hmc.helpers import node

FOLDER = Path(__file__).with_name("js")


def test_the_parts_of_the_views_do_what_their_tests_say():
    node.require()
    done = subprocess.run(
        ["node", "--test", str(FOLDER)], capture_output=True, text=True, timeout=node.HANGS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 0" not in done.stdout
