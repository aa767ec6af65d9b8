"""Six posteriors of the kinds that posteriordb collects, each in a file as an author writes it.

They have what the lecture's models lack: raw units, time series, a mixture, a Gaussian process, hidden states. The data
are simulated in the file with a fixed seed. `hmc fit benchmarks/posteriors/garch.py:garch` samples one. The kinds are
those of posteriordb (Magnusson et al. 2024, https://github.com/stan-dev/posteriordb); data and some priors differ.

`necks` and `roaches` are apart: posteriors of which more is known exactly; the data of `roaches` are not part of the
project.
"""

import importlib

NAMES = ("income", "ar5", "garch", "mixture", "gaussian_process", "hmm")


def build(name):
    """The model called `name`, one of NAMES."""
    return getattr(importlib.import_module(f"{__name__}.{name}"), name)()
