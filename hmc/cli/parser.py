"""The parser of the command line: each command adds its own options."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from hmc import __version__
from hmc.cli import (
    calibrate,
    check,
    compare,
    coverage,
    explore,
    figures,
    fit,
    lecture,
    models,
    new,
    reference,
    verify,
    watch,
)
from hmc.errors import did_you_mean

COMMANDS = (models, fit, compare, lecture, figures, explore, check, watch, new, calibrate, coverage, verify, reference)


def make_parser() -> argparse.ArgumentParser:
    """The parser of the command line. In what it parses, `run` is the command's function, and `given` has the names of
    the options that are on the command line.
    """
    parser = _HintingParser(
        prog="hmc", description='Hamiltonian Monte Carlo from first principles, on the lecture "Multilevel Models".'
    )
    parser.add_argument("--version", action="version", version=f"hmc {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=CommandParser)
    for command in COMMANDS:
        command.add(subparsers)
    parser.commands = dict(subparsers.choices)
    return parser


class CommandParser(argparse.ArgumentParser):
    """The parser of one command: a text must not be empty, as `--out "$UNSET"` is, and options that are given are told
    from defaults.
    """

    def __init__(self, **arguments: Any) -> None:
        self.own_defaults: dict[str, Any] = {}
        super().__init__(**arguments)
        self.register("type", None, _not_empty)  # None: of arguments without a type of their own

    def add_argument(self, *names: str, **arguments: Any) -> argparse.Action:
        """As in argparse; the default is set after parsing, where the option is not given."""
        action = super().add_argument(*names, **arguments)
        if action.default != argparse.SUPPRESS:
            self.own_defaults[action.dest] = action.default
            action.default = argparse.SUPPRESS
        return action

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As in argparse; and in `given`, the options that are not left to their defaults."""
        options, unknown = super().parse_known_args(args, namespace)
        given = [name for name in self.own_defaults if hasattr(options, name)]
        for name, default in self.own_defaults.items():
            if name not in given:
                setattr(options, name, default)
        options.given = given
        options.parser = self
        return options, unknown

    def option_of(self, name: str) -> str:
        """How the argument `name` is written in a usage line: --target-accept, MODEL."""
        (action,) = (action for action in self._actions if action.dest == name)
        return action.option_strings[-1] if action.option_strings else str(action.metavar)


class _HintingParser(argparse.ArgumentParser):
    """The parser of the whole command line, with a hint where a word is nearly right."""

    commands: dict[str, CommandParser]

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As in argparse; without arguments, the commands are listed."""
        words = sys.argv[1:] if args is None else list(args)
        if not words:
            self.print_help()
            self.exit()
        if words[0].startswith("-") and not any(option.startswith(words[0]) for option in self._option_string_actions):
            self.error(f"there is no option {words[0]}{nearest(words[0], self._option_string_actions)}")
        if not words[0].startswith("-") and words[0] not in self.commands:
            hint = nearest(words[0], self.commands)
            self.error(f"no command is called {words[0]}{hint or '.'} The commands: {', '.join(self.commands)}")
        options, unknown = self.parse_known_args(words, namespace)
        if unknown:
            self._refuse(unknown, options.parser)
        return options

    def _refuse(self, unknown: list[str], command: CommandParser) -> NoReturn:
        word = unknown[0].partition("=")[0]
        if not word.startswith("-"):
            command.error(f"unexpected argument {' '.join(unknown)}")
        command.error(f"there is no option {word}{nearest(word, command._option_string_actions)}")


def nearest(word: str, known: Iterable[str]) -> str:
    """'; did you mean fit?' where a known word is like the one given, else ''."""
    hint = did_you_mean(word, known)
    return f"; {hint.strip()}" if hint else ""


def _not_empty(text: str) -> str:
    if text == "":
        raise argparse.ArgumentTypeError("it is empty")
    return text
