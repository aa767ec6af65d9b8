"""A process that we started does not outlive the one that started it."""

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """End this process as soon as its parent does, whatever either is doing."""
    threading.Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
