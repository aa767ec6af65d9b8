"""The ways to one and the same fit: where its chains run, and in how many steps the run is made."""

import concurrent.futures
import contextlib
import functools
import multiprocessing
from unittest import mock

import hmc

DRAWS = 12


def ours(workers, executor=None):
    """Chains in this process, its threads, or worker processes of ours."""
    return lambda: contextlib.nullcontext({"workers": workers, "executor": executor})


@contextlib.contextmanager
def pool(make):
    """Chains in a pool of the caller's."""
    with make() as executor:
        yield {"executor": executor}


def process_pool(method):
    """A pool of processes that are started so."""
    return functools.partial(concurrent.futures.ProcessPoolExecutor, 2, multiprocessing.get_context(method))


WHERE = {"in this process": ours(1)}
WHERE |= {f"{n} threads": ours(n, "threads") for n in (1, 2, 3, 4)}
WHERE |= {f"{n} processes": ours(n, "processes") for n in (1, 2, 3, 4)}
WHERE |= {"a thread pool": functools.partial(pool, functools.partial(concurrent.futures.ThreadPoolExecutor, 3))}
WHERE |= {f"a process pool, {m}": functools.partial(pool, process_pool(m)) for m in ("forkserver", "spawn")}


def at_once(sample, model, path):
    """One run."""
    return sample(model, draws=DRAWS)


def in_chunks(sample, model, path):
    """One run that is written down every few transitions."""
    return sample(model, draws=DRAWS, checkpoint=path)


def taken_up_again(sample, model, path):
    """A run that is stopped twice: when all is written that it wrote at a time, and in the midst of that."""
    sample(model, draws=4, checkpoint=path)
    path.write_bytes(path.read_bytes()[:-1000])
    sample(model, draws=8, checkpoint=path)
    return sample(model, draws=DRAWS, checkpoint=path)


def extended(sample, model, path):
    """A fit with more draws."""
    return sample.extend(sample.extend(sample(model, draws=4), 5), DRAWS - 9)


def extended_from_a_file(sample, model, path):
    """A fit that was saved, with more draws."""
    sample(model, draws=5).save(path)
    return sample.extend(hmc.load(path, model), DRAWS - 5)


HOW = {how.__name__.replace("_", " "): how for how in (at_once, in_chunks, taken_up_again, extended)}
HOW |= {"extended from a file": extended_from_a_file}


class Sampling:
    """`hmc.sample` and `hmc.extend` with some arguments given."""

    def __init__(self, where, settings):
        self._where, self._settings = where, settings

    def __call__(self, model, **options):
        """A fit."""
        with mock.patch("hmc.sampling.chunk_seconds", return_value=2e-3):
            return hmc.sample(model, **self._settings, **self._where, **options)

    def extend(self, fit, draws):
        """A longer fit."""
        return hmc.extend(fit, draws, **self._where)


def fitted(model, where, how, settings, folder):
    """The fit of a model, by one of the ways; `where` is a context, of `WHERE` or another, that gives arguments."""
    (folder / how).unlink(missing_ok=True)
    with where as executor:
        return HOW[how](Sampling(executor, settings), model, folder / how)
