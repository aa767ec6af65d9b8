"""The `hmc` command: a file for each of its commands, and what they share.

main            the program: its signals, and what becomes of an error
parser          all commands' options
shared          options that several commands have, and how they reach the sampler
model_argument  the model that MODEL, --data and --set mean
out             `hmc fit --out FILE`
"""

from hmc.cli.main import main, program

__all__ = ["main", "program"]
