"""`python -m hmc.cli` is `hmc`."""

from hmc.cli.main import program

program()
