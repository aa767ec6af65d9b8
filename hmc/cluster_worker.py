"""What a worker of a cluster loads when it starts, with `--preload hmc.cluster_worker`, to be ready for its first task.

Also where Ctrl-C is left to the process that called `hmc.sample`: a terminal sends it to the workers of a
`LocalCluster` too, who would die of it.
"""

import multiprocessing
import signal
import threading

import hmc.batches
import hmc.same_code
import hmc.worker  # noqa: F401

if multiprocessing.parent_process() is not None and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
