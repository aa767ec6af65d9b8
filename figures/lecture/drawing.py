"""Pieces of work that draw figures and films from what others left; see `figures.lecture.fitting` for the form."""

import threading

import figures
from figures.lecture.loading import load
from figures.style import save

# matplotlib's settings are one for the whole process, and an executor may run us in threads.
_drawing = threading.Lock()


def figure(arguments, inputs, stem):
    """A figure of the registry as .png and .svg."""
    loaded = {name: load(source) for name, source in inputs.items()}
    with _drawing:
        drawn = figures.draw(arguments["figure"], loaded, **arguments["options"])
        for ending in (".png", ".svg"):
            save(drawn, f"{stem}{ending}")
    return {}


def film(arguments, inputs, stem):
    """A film of the registry as .gif."""
    loaded = {name: load(source) for name, source in inputs.items()}
    with _drawing:
        figures.write_film(arguments["film"], loaded, f"{stem}.gif")
    return {}
