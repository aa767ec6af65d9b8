"""What a worker of a Dask cluster does before its first task."""

import multiprocessing
import signal
import threading


def get_ready():
    """Load what tasks need, and leave Ctrl-C to the process that called `hmc.sample`.

    A terminal sends it to the workers of a `LocalCluster` as well. They would end for good, and their tasks never.
    """

    if multiprocessing.parent_process() is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
