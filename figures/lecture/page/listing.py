"""Program text for a page: a model's source as its author wrote it, with some words coloured."""

from __future__ import annotations

import html
import inspect
import io
import itertools
import keyword
import re
import textwrap
import tokenize
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import hmc
from hmc.jit.kernel import is_kernel


def source_of(model: hmc.Model) -> str:
    """The source text of the model's log density with its gradient, as the author wrote it.

    Below it are the kernels of the same file that it calls, in the order of their first use: they have the terms that
    several models share.
    """
    functions: list[Any] = [_log_density(model)]
    for function in functions:  # grows on the way
        for name in function.__code__.co_names:
            callee = function.__globals__.get(name)
            if is_kernel(callee) and callee.__module__ == function.__module__ and callee not in functions:
                functions.append(callee)
    return "\n\n".join(textwrap.dedent(inspect.getsource(function)) for function in functions)


def file_of(model: hmc.Model) -> str:
    """The file of the project with the log density: "models/reedfrogs/centred.py"."""
    return _log_density(model).__module__.replace(".", "/") + ".py"


def listing(source: str) -> str:
    """Python's text as HTML: `<pre class="listing"><code>`, with a span of class "comment", "string", "keyword",
    "number" or "function" (a name where it is defined) around each.

    Without the tags and escapes it is `source` again, whatever that is; text that is not Python is not coloured.
    """
    parts, done = [], 0
    for start, end, kind in _coloured(source):
        parts += [html.escape(source[done:start]), f'<span class="{kind}">{html.escape(source[start:end])}</span>']
        done = end
    return f'<pre class="listing"><code>{"".join(parts)}{html.escape(source[done:])}</code></pre>'


def inline(text: str, places: Mapping[str, str] = {}, own: str = "") -> str:
    """A line of prose as HTML, with text in `backticks` as `<code>`, and as a link where `places` has an anchor of that
    name; but for `own`, the anchor of what the text is about.
    """

    def code(found: re.Match[str]) -> str:
        place = places.get(html.unescape(found[1]), own)
        return f"<code>{found[1]}</code>" if place == own else f'<a href="#{place}"><code>{found[1]}</code></a>'

    return re.sub(r"`([^`]+)`", code, html.escape(text))


def _log_density(model: hmc.Model) -> Callable[..., Any]:
    return getattr(model.log_density, "py_func", model.log_density)


def _coloured(source: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, class) of stretches of the source to be coloured, in order, none overlapping."""
    first = [0, *itertools.accumulate(map(len, io.StringIO(source)))]  # of each line
    done, before = 0, ""
    for token in _tokens(source):
        start, end = first[token.start[0] - 1] + token.start[1], first[token.end[0] - 1] + token.end[1]
        kind, before = _class(token, before), token.string
        # Since Python 3.12 a part of an f-string is not always the text between its columns: {{ is one {.
        if kind and start >= done and source[start:end] == token.string:
            yield start, end, kind
            done = end


def _tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens up to the first text that is not Python."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(source).readline)
    except (tokenize.TokenError, SyntaxError):
        return


def _class(token: tokenize.TokenInfo, before: str) -> str | None:
    """The class of a token in the listing, or None; `before` is the text of the token before it."""
    name = tokenize.tok_name[token.type]
    if name == "NAME":
        return "keyword" if keyword.iskeyword(token.string) else "function" if before == "def" else None
    if name.startswith("FSTRING"):  # since Python 3.12 in three parts
        return "string"
    return name.lower() if name in ("COMMENT", "STRING", "NUMBER") else None
