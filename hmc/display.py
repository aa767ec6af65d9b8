"""How the library's objects show themselves in a notebook: a hook.

Tables of draws need `diagnostics`, which no room of `hmc` may import. So an object only asks for its HTML, and a module
that knows both, `RENDERER`, is imported by its name when a notebook first shows one (as pandas does with its plotting
backends). Without that module, the notebook shows the object's text.
"""

from __future__ import annotations

import importlib
from typing import Any, NoReturn

from hmc import is_hidden
from hmc.errors import did_you_mean


class NamedArrays(dict[str, Any]):
    """A dict of arrays that shows what they are, not their numbers, and whose KeyError says which names it has."""

    def __repr__(self) -> str:
        return "{" + ",\n ".join(f"{name!r}: {array.dtype} {array.shape}" for name, array in self.items()) + "}"

    def __missing__(self, name: object) -> NoReturn:
        raise KeyError(f"there is no {name!r}; {did_you_mean(name, self)}there are {', '.join(self)}")


RENDERER = "figures.cells"


def as_html(shown: Any) -> str | None:
    """The `_repr_html_` of a class: HTML of an object for a notebook, or None where the text has to do."""
    if is_hidden(RENDERER.partition(".")[0]):  # a file of the user's, which is not to run because something is shown
        return None
    try:
        renderer = importlib.import_module(RENDERER)
    except ModuleNotFoundError:
        return None
    return renderer.html(shown)
