"""The parser of the command line: each command adds its own options."""

import argparse

from hmc import __version__
from hmc.cli import calibrate, check, compare, coverage, figures, fit, lecture, models, new, watch

COMMANDS = (models, fit, compare, lecture, figures, check, watch, new, calibrate, coverage)


def make_parser():
    """The parser of the command line; `run` of what it parses is the command's function."""
    parser = argparse.ArgumentParser(
        prog="hmc", description='Hamiltonian Monte Carlo from first principles, on the lecture "Multilevel Models".'
    )
    parser.add_argument("--version", action="version", version=f"hmc {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_CommandParser)
    for command in COMMANDS:
        command.add(subparsers)
    return parser


class _CommandParser(argparse.ArgumentParser):
    """The parser of one command: no text that it is given may be empty, as `--out "$UNSET"` is."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.register("type", None, _not_empty)  # None: of arguments for which no other type is said


def _not_empty(text):
    if text == "":
        raise argparse.ArgumentTypeError("it is empty")
    return text
