"""The `hmc` program: a file for each command, and their common parts. In a command's file, `add` gives the command its
options, and `run` does the work.

main            the program: its signals, and the messages of errors
parser          all commands' options
shared          options that several commands have, and how they reach the sampler
model_argument  from MODEL, --data and --set to a model
out             `hmc fit --out FILE`
"""

import sys

if sys.argv[:1] == ["-m"] and not getattr(sys.flags, "safe_path", False):
    # `python -m hmc.cli`: the current folder is searched first, and a file of the user there may be called secrets.py.
    sys.path.append(sys.path.pop(0))

from hmc.cli.main import main, program

__all__ = ["main", "program"]
