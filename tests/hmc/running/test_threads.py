"""Chains in threads of a fresh process: the first calls of compiled code, all at the same time."""

from tests.hmc.helpers import running

# A type of Numba's table that takes long to be compared with: a thread that looks through the table waits in its midst,
# as it may on a busy machine.
SLOW_TABLE = """
import sys
import time

import author
import hmc
from numba.core.typing.typeof import typeof_impl


class Slow(type):
    def __subclasscheck__(cls, other):
        time.sleep(0.01)
        return False


typeof_impl.register(Slow("Waits", (), {}), lambda value, purpose: None)
fit = hmc.sample(author.model(), warmup=20, draws=20, workers=int(sys.argv[1]), executor="threads", progress=False)
print(fit.chains, fit["x"].tobytes().hex())
"""


def test_the_first_calls_in_threads_do_not_disturb_each_other(tmp_path):
    running.write_author(tmp_path)
    one, threads = (running.python(tmp_path, SLOW_TABLE, workers) for workers in ("1", "4"))
    assert threads.stderr == one.stderr == ""
    assert threads.stdout == one.stdout
