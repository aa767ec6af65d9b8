"""The `hmc` command: a file for each of its commands, and what they share.

main            the program: its signals, and what becomes of an error
parser          all commands' options
shared          options that several commands have, and how they reach the sampler
model_argument  the model that MODEL, --data and --set mean
out             `hmc fit --out FILE`
"""

import sys

if sys.argv[:1] == ["-m"] and not getattr(sys.flags, "safe_path", False):
    # `python -m hmc.cli`: the current folder is searched first, and a file of the user there may be called secrets.py.
    sys.path.append(sys.path.pop(0))

from hmc.cli.main import main, program

__all__ = ["main", "program"]
