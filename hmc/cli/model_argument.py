"""From the MODEL argument of the command line, and its options, to a model."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hmc.errors import told

if TYPE_CHECKING:
    from hmc.model import Model


def build(name: str, data: str | None = None, settings: Iterable[str] = ()) -> Model:
    """The model of a MODEL argument: a lecture name, or FILE.py:FACTORY for an author's own.

    `data`: the path of --data, or None. `settings`: the texts NAME=VALUE of --set, further arguments of the model's
    function. ValueError for what cannot be built.
    """
    if name.endswith(".py"):
        raise ValueError(f"{name} is a file; write {name}:FACTORY, with the function in it that gives the model")
    options = parsed_settings(settings)
    if "data" in options:
        raise ValueError(f"--set data={options['data']}: write --data {options['data']}")
    if ":" in name:
        return _of_an_author(name, data, options)
    import models

    model = models.build(name, **({} if data is None else {"data": data}), **options)
    if is_simulated(name, model):
        print(f"hmc: note: {model.name}: {models.data_of(name)}", file=sys.stderr)
    return model


def file_of(name: str) -> str:
    """The path of the file in a MODEL argument; "" for a model of the lecture."""
    return name.rpartition(":")[0]


def words_of(name: str) -> str:
    """The first line of the docstring of the function in a MODEL argument FILE.py:FACTORY; "" for a model of the
    lecture, and where there is none.
    """
    path, _, factory_name = name.rpartition(":")
    if not path:
        return ""
    documentation = getattr(_import_file(path), factory_name).__doc__
    return documentation.strip().partition("\n")[0].strip() if isinstance(documentation, str) else ""


def options_of(name: str, options: argparse.Namespace) -> list[str]:
    """Those texts of --set that the model `name` has an option for, or that none of the `options.models` has."""
    import models

    def takes(other: str, text: str) -> bool:
        return ":" in other or text.partition("=")[0] in models.describe(other).options

    return [t for t in options.set if takes(name, t) or not any(takes(other, t) for other in options.models)]


def is_simulated(name: str, model: Model) -> bool:
    """Whether a MODEL argument is of the lecture, and its model says that its data are simulated."""
    return ":" not in name and model.name != name


def parsed_settings(texts: Iterable[str]) -> dict[str, Any]:
    """{name: value} of texts NAME=VALUE; a value that is a number is one. ValueError for other texts."""
    settings: dict[str, Any] = {}
    for name, value in map(_setting, texts):
        if name in settings:
            raise ValueError(f"--set {name} is given twice")
        settings[name] = value
    return settings


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (equals and name.isidentifier()):
        raise ValueError(f"--set {text} is not of the form NAME=VALUE")
    # Python takes 1_0 for 10 and digits of all scripts, which no cell of a table may have.
    for number in (int, float) if value.isascii() and "_" not in value else ():
        try:
            return name, number(value)
        except ValueError:
            continue
    return name, value


def _of_an_author(name: str, data: str | None, options: dict[str, Any]) -> Model:
    path, factory_name = file_of(name), name.rpartition(":")[2]
    if not (path and factory_name):
        raise ValueError(f"{name} is not of the form FILE.py:FACTORY")
    module = _import_file(path)
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise ValueError(f"{path} has no function {factory_name}")
    try:
        model = factory(**options) if data is None else factory(data, **options)
    except (Exception, SystemExit) as error:  # the author's function may raise anything
        raise ValueError(f"{path}: {factory_name} fails: {told(error)}{_hidden_import(path, error)}") from error
    if type(model).__name__ != "Model":
        raise ValueError(f"{path}: {factory_name}() gives a {type(model).__name__}, not a hmc.Model")
    return model


def _import_file(path: str) -> ModuleType:
    """The module of an author's file, which worker processes can import too. ValueError where the file fails."""
    if not path.endswith(".py"):
        raise ValueError(f"{path} is not a Python file: its name does not end in .py")
    if not os.path.isfile(path):
        raise ValueError(f"{path}: there is no such file")
    from hmc.running import model_file

    try:
        return model_file.load(path)
    except (Exception, SystemExit) as error:  # the author's file may raise anything
        raise ValueError(f"{path} cannot be imported: {told(error)}{_hidden_import(path, error)}") from error


def _hidden_import(path: str, error: BaseException) -> str:
    """A note where the error is of a module that the file imports by the name of a file beside it, and gets from
    elsewhere; else "".
    """
    from hmc.running import model_file

    if isinstance(error, (ImportError, AttributeError)):
        for name, neighbour, origin in model_file.hidden_imports(path):
            if f"'{name}'" in str(error):
                return f"; `import {name}` gives {origin}, not {neighbour} beside the file: give that another name"
    return ""
