"""The page: models, scripts, style and the sampler's source in one file that needs no other.

Whatever comes from a model goes into the page as data, in which no character ends an element or begins a script.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from hmc.model import Model
from hmc.web.building import module
from hmc.web.checked import verify
from hmc.web.page.bundling import bundle
from hmc.web.page.coordinates import described
from hmc.web.page.packing import packed
from hmc.web.page.source_lines import source_lines, source_texts

_HERE = Path(__file__).parent


class Target(NamedTuple):
    """A model of the page, and what the page says of it."""

    model: Model
    words: str = ""  # a line or two: what it is
    # What is known of the posterior, by the names of single numbers, on the constrained scale: "mean", "sd", "lower"
    # and "upper" (5.5% and 94.5% quantiles), "curve" ({"from", "to", "heights"}: the density at equal distances),
    # "neck" ({"below", "probability"}: how probable values are that a chain may keep out of).
    exact: Mapping[str, Mapping[str, Any]] = MappingProxyType({})


class Play(NamedTuple):
    """The parts of a page besides its models: their bench, or the lecture's explorables."""

    title: str  # of the window
    heading: str
    of_what: str  # in another tone
    lead: str
    folder: str  # of js/, where main.mjs and worker.mjs are
    styles: tuple[str, ...]


class Parts(NamedTuple):
    """What a page has to hold so that models can be sampled from in it."""

    html: Markup  # elements for the end of its body
    policy: str  # parts of its Content-Security-Policy


_ELEMENTS = """<script type="application/json" id="page-data">{{ data }}</script>
{% for each in modules -%}
<script type="text/plain" id="module-{{ loop.index0 }}" data-shared="{{ each.shared }}">{{ each.text }}</script>
{% endfor %}<script type="module">{{ script }}</script>"""


def page(targets: Sequence[Target]) -> str:
    """The HTML of a page in which these models can be sampled from; the first is shown first.

    Their modules are compiled in parallel where they are not on disk. ValueError for two models of one name, and,
    as HMCError, for what `hmc.web.module` refuses.
    """
    title = f"{', '.join(target.model.name for target in targets)}: Hamiltonian Monte Carlo, step by step"
    bench = Play(
        title,
        "Hamiltonian Monte Carlo",
        "at the bench",
        "The sampler of this project, compiled for your browser. Its draws are those of hmc.sample, bit for bit.",
        ".",
        ("page.css", "play.css"),
    )
    lines = {kind: line._asdict() for kind, line in source_lines().items()}
    return filled_page(bench, targets, {"sources": source_texts(), "lines": lines})


def filled_page(play: Play, targets: Sequence[Target], more: Mapping[str, Any]) -> str:
    """A page of one file: models, scripts and style, and `more` for its script to read. Errors as those of `page`."""
    names = [target.model.name for target in targets]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"two models are called {twice[0]}: the page tells models by their names")
    parts = made_parts(play.folder, "main.mjs", targets, made_modules(targets), more)
    style = style_of(play)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    policy = f"default-src 'none'; {parts.policy}; style-src {_hash(style)}; img-src data:"
    return environment.get_template("template.html").render(
        play=play, policy=f"{policy}; base-uri 'none'; form-action 'none'", style=Markup(style), parts=parts
    )


def made_parts(
    folder: str, entry: str, targets: Sequence[Target], modules: Sequence[bytes], more: Mapping[str, Any]
) -> Parts:
    """The elements of a page that run `entry` of a folder of js/: with `modules`, those of the targets, and `more` for
    the script to read.
    """
    scripts = _HERE / "js" / folder
    data = {"models": _described(targets), "worker": bundle(scripts / "worker.mjs"), **more}
    script = bundle(scripts / entry)
    elements = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(_ELEMENTS)
    html = elements.render(data=Markup(_as_data(data)), modules=packed(modules), script=Markup(script))
    # The page's own script, and workers that it makes: nothing else runs.
    return Parts(Markup(html), f"script-src {_hash(script)} 'wasm-unsafe-eval'; worker-src blob:")


def style_of(play: Play) -> str:
    """The style of a page."""
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in play.styles)


def made_modules(targets: Sequence[Target]) -> list[bytes]:
    """The modules of all models. The first alone, since it makes the sampler's part for all."""
    models = [target.model for target in targets]
    first = [verified_module(model) for model in models[:1]]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each thread waits for a process
        return first + list(pool.map(verified_module, models[1:]))


def verified_module(model: Model) -> bytes:
    """A model's module, which gives the draws of `hmc.sample`; without Node, the browser that loads it sees to it."""
    made = module(model)
    verify(made)
    return made


def _described(targets: Sequence[Target]) -> list[dict[str, Any]]:
    """The models, as the page's script reads of them."""
    return [
        {
            "name": model.name,
            "words": words,
            "exact": {name: dict(known) for name, known in exact.items()},
            "parameters": [described(parameter) for parameter in model.parameters],
        }
        for model, words, exact in targets
    ]


def _as_data(value: Any) -> str:
    """A JSON text in which no element can begin or end."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
