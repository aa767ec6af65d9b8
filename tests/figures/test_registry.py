"""figures.names, describe, needs, draw."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import figures
import models

ROOT = Path(__file__).parents[2]


def test_every_figure_says_what_it_shows_and_needs_models_that_exist():
    assert len(figures.names()) == 30
    for name in figures.names():
        assert len(figures.describe(name)) > 20
        assert "\n" not in figures.describe(name)
        assert set(figures.needs(name)) <= set(models.names())
        entry = figures._ENTRIES[name]
        function = getattr(importlib.import_module(f"figures.{entry.home}"), name)
        arguments = list(inspect.signature(function).parameters.values())
        assert all(argument.default is not inspect.Parameter.empty for argument in arguments[len(entry.needs) :])
        assert inspect.getdoc(function).splitlines()[0].endswith((".", "?"))  # the caption begins with a sentence


def test_figures_of_data_alone_are_drawn_from_nothing():
    for name in [name for name in figures.names() if not figures.needs(name)]:
        assert isinstance(figures.draw(name, {}), Figure)


def test_models_of_a_series_are_built_for_every_value_of_their_option():
    for name, (option, values) in figures.SERIES.items():
        assert any(name in figures.needs(figure) for figure in figures.names())
        assert all(models.build(name, **{option: value}).name == name for value in values)
    np.testing.assert_allclose(figures.SERIES["mST_fixed"][1], np.exp(np.linspace(np.log(0.1), np.log(5.0), 20)))


def test_draw_gives_the_fit_and_the_options_to_the_figure(draws, tanks_of, by_gid):
    frame = tanks_of([9, 9, 9])
    figure = figures.draw("tanks", {"mST": draws(3), "mSTnomem": None}, data=frame)
    np.testing.assert_array_equal(by_gid(figure, "raw")[0].get_ydata(), frame["surv"] / 9)


@pytest.mark.parametrize("asked", [figures.describe, figures.needs, lambda name: figures.draw(name, {})])
def test_an_unknown_figure_is_answered_with_the_known_ones(asked):
    with pytest.raises(ValueError, match=r"^no figure is called tank; known: story_responses, .*, tanks, .*, funnel$"):
        asked("tank")


def test_a_fit_that_is_missing_is_named(draws):
    with pytest.raises(ValueError, match=r"^tanks needs a fit of mST; given: mSTP$"):
        figures.draw("tanks", {"mSTP": draws()})
    with pytest.raises(ValueError, match=r"^tanks needs a fit of mST; given: none$"):
        figures.draw("tanks", {})


def test_an_unknown_option_is_named(draws):
    with pytest.raises(ValueError, match=r"^tanks has no option fit; its options are data$"):
        figures.draw("tanks", {"mST": draws()}, fit=1)


def test_the_list_of_figures_loads_nothing_and_drawing_never_loads_pyplot():
    code = (
        "import sys, figures; figures.describe('tanks'); figures.needs('tanks')\n"
        "print([m for m in ('matplotlib', 'numpy', 'numba', 'pandas', 'hmc') if m in sys.modules])\n"
        "import numpy as np; figures.draw('tanks', {'mST': {'a': np.zeros((1, 2, 48)), 'a_bar': np.zeros((1, 2))}})\n"
        "print([m for m in ('matplotlib.pyplot', 'pandas', 'scipy.stats') if m in sys.modules])"
    )
    completed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert completed.stdout.split("\n") == ["[]", "[]", ""]
