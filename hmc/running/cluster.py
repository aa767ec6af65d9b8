"""An existing Dask cluster as an executor: what `--dask ADDRESS` of the command line means."""

import contextlib
import re

from hmc.errors import told

_SECONDS = 5  # to wait for an answer of a scheduler


@contextlib.contextmanager
def executor_of(address, models=()):
    """An executor of the Dask cluster whose scheduler is at `address`, say "tcp://127.0.0.1:8786".

    models: the MODEL arguments of the command; workers are sent the file of those that are FILE.py:FACTORY.

    ValueError in one line: Dask is not installed, no scheduler answers, it has no workers, a file cannot be imported
    there. The cluster is left as it was found.
    """
    with _client(address) as client:
        for path in dict.fromkeys(model.rpartition(":")[0] for model in models if ":" in model):
            _send(client, path)
        yield client.get_executor(pure=False)


def _client(address):
    if not re.fullmatch(r"(?:[a-z]+://)?[^/\s]+:\d+/?", address):
        raise ValueError(f"--dask {address} is not of the form tcp://HOST:PORT")
    try:
        from distributed import Client
    except ImportError:
        raise ValueError("--dask needs Dask, which is not installed: pip install -e '.[dask]'") from None
    try:
        with contextlib.ExitStack() as closing:
            client = closing.enter_context(Client(address, timeout=_SECONDS, set_as_default=False))
            has_workers = bool(client.nthreads())
            if has_workers:
                closing.pop_all()
    except Exception as error:  # whatever comes of talking to nobody, or to what is no scheduler
        raise ValueError(f"--dask {address}: no Dask scheduler answered there within {_SECONDS} s") from error
    if not has_workers:
        raise ValueError(f"--dask {address}: this scheduler has no workers; start one: dask worker {address}")
    return client


def _send(client, path):
    try:
        client.upload_file(path)
    except Exception as error:  # whatever importing it there raises
        raise ValueError(f"--dask: the workers of the cluster cannot import {path}: {told(error)}") from error
