"""The registry `figures`: what it lists can be drawn, and has a caption."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import figures
import hmc
import models
from figures.drawing.style import save

ROOT = Path(__file__).parents[2]


ALL = [*figures.names(), *figures.films(), *(f"{kind}:mST" for kind in figures.of_any_fit())]


def test_every_figure_says_what_it_shows_and_needs_inputs_that_exist():
    assert (len(figures.names()), len(figures.films()), len(figures.of_any_fit())) == (41, 3, 6)
    for name in ALL:
        assert len(figures.describe(name)) > 20
        assert "\n" not in figures.describe(name)
        fits = set(filter(figures.is_fit, figures.needs(name)))
        assert fits <= {*models.names(), *models.counterexamples()}
        entry = figures._entry(name)
        function = getattr(importlib.import_module(f"figures.{entry.home}"), entry.function or name)
        arguments = dict(inspect.signature(function).parameters)
        is_film = name in figures.films()
        assert (arguments.pop("path", None) is not None) == is_film
        assert all(a.default is not inspect.Parameter.empty for a in list(arguments.values())[len(entry.needs) :])


def _assert_readable(title, paragraphs):
    """A caption is for those who look, not for those who call."""
    assert title.endswith((".", "?"))
    assert len(paragraphs) > 0
    text = " ".join([title, *paragraphs])
    assert "\n" not in text
    for word in ("ValueError", "`data`", "`fit`", "`path`", "`truth`", "the fits were made from", "as for `", "None"):
        assert word not in text
    assert text.count("`") % 2 == 0


def test_every_caption_is_a_sentence_and_paragraphs_for_readers():
    for name in ALL:
        _assert_readable(*figures.caption(name))
    assert figures.caption("ranks:mST") == figures.caption("ranks:mRS") != figures.caption("traces:mST")


@pytest.mark.parametrize(
    "docstring",
    [
        "A figure.",
        "A figure\n\nof something.",
        "A figure.\n\nWhat is seen. `data`: a path.",
        "A figure.\n\n`fit`: a fit.\n\nMore.",
    ],
)
def test_a_docstring_that_is_no_caption_is_told_apart(docstring, monkeypatch):
    """The negative twin."""

    def function():
        pass

    function.__doc__ = docstring
    monkeypatch.setattr(figures, "_function", lambda name: function)
    with pytest.raises(AssertionError):
        _assert_readable(*figures.caption("tanks"))


def test_what_programmers_need_is_no_part_of_a_caption(monkeypatch):
    def function():
        """A figure.

        What is
        seen, with `mST`.

        And more.

        `fit`: a fit.

        No more.
        """

    monkeypatch.setattr(figures, "_function", lambda name: function)
    assert figures.caption("tanks") == ("A figure.", ("What is seen, with `mST`.", "And more."))


def test_every_film_has_a_still_of_the_same_inputs():
    for name in figures.films():
        assert figures.still(name) in figures.names()
        assert set(figures.needs(name)) <= set(figures.needs(figures.still(name)))
    with pytest.raises(ValueError, match=r"^no film is called tanks; known: cafes_film, sweep_film, nuts_film$"):
        figures.still("tanks")


def test_figures_of_data_alone_are_drawn_from_nothing():
    for name in [name for name in figures.names() if not figures.needs(name)]:
        assert isinstance(figures.draw(name, {}), Figure)


def test_an_input_is_a_fit_of_the_model_of_its_name_or_another_input():
    assert figures.needs("metrics:mST") == ["mST", "other metrics of mST"]
    others = [*figures.OTHER_INPUTS, "other metrics of mST"]
    assert [figures.is_fit(name) for name in (*models.names(), "own.py:model")] == [True] * (len(models.names()) + 1)
    assert not any(map(figures.is_fit, others))


def test_models_of_a_series_are_built_for_every_value_of_their_option():
    for name, (option, values) in figures.SERIES.items():
        assert any(name in figures.needs(figure) for figure in figures.names())
        if option not in figures.OF_SAMPLER:
            assert all(models.build(name, **{option: value}).name == name for value in values)
    np.testing.assert_allclose(figures.SERIES["mST_fixed"][1], np.exp(np.linspace(np.log(0.1), np.log(5.0), 20)))


@pytest.fixture(scope="module")
def sweep():
    """Short fits of mST_fixed at three sigmas, and of mST."""
    options = {"chains": 2, "warmup": 60, "draws": 40, "workers": 1, "progress": False}
    fits = [hmc.sample(models.mST_fixed(sigma), **options) for sigma in (0.1, 1.0, 5.0)]
    return {"mST_fixed": fits, "mST": hmc.sample(models.mST(), **options)}


def test_pooling_shows_the_ends_of_the_series(sweep):
    titles = [axes.get_title(loc="left") for axes in figures.draw("pooling", sweep).axes]
    assert [title.splitlines()[1][:14] for title in titles] == ["sigma given: 0", "sigma given: 5", "sigma learned:"]


def test_a_figure_of_any_fit_is_drawn_of_that_fit_or_the_last_of_several(sweep):
    assert figures.needs("ranks:mST_fixed") == ["mST_fixed"]
    fits = sweep["mST_fixed"]

    def first_line(inputs):
        return figures.draw("traces:mST_fixed", inputs, quantities=["a_bar"]).axes[0].lines[0].get_ydata()

    for inputs in (sweep, {"mST_fixed": fits[-1]}):
        np.testing.assert_array_equal(first_line(inputs), fits[-1]["a_bar"][0])


def test_a_fit_from_a_file_with_its_model_is_drawn_as_the_fit_itself(sweep, tmp_path):
    for name, fit in {"mST": sweep["mST"], **{f"{k}": fit for k, fit in enumerate(sweep["mST_fixed"])}}.items():
        fit.save(tmp_path / f"{name}.fit", log_likelihood=False)
    series = [hmc.load(tmp_path / f"{k}.fit", models.mST_fixed(sigma)) for k, sigma in enumerate((0.1, 1.0, 5.0))]
    loaded = {"mST": hmc.load(tmp_path / "mST.fit", models.mST()), "mST_fixed": series}
    for name in ("metric", "sigma_sweep", "pooling"):
        paths = [tmp_path / f"{name}{i}.png" for i in range(2)]
        for path, inputs in zip(paths, (sweep, loaded), strict=True):
            save(figures.draw(name, inputs), path)
        assert paths[0].read_bytes() == paths[1].read_bytes()
    with pytest.raises(ValueError, match=r"sigma is 1\.0 in the fit, and 5\.0 in the model$"):
        hmc.load(tmp_path / "1.fit", models.mST_fixed(5.0))


def test_the_home_of_a_figure_is_the_module_that_draws_it():
    assert figures.home("cafes_film") == "figures.cafes.film"
    assert figures.home("ranks:mST") == "figures.convergence"
    assert figures.home("metrics:mST") == "figures.sampler.metrics"
    assert all(importlib.import_module(figures.home(name)) for name in ALL)


def test_names_of_files_have_no_colon():
    assert figures.file_stem("tanks") == "tanks"
    assert figures.file_stem("ranks:mST_fixed") == "ranks-mST_fixed"
    assert figures.file_stem("ranks:my/own.py:own") == "ranks-my-own.py-own"


def test_draw_gives_the_fit_and_the_options_to_the_figure(draws, tanks_of, by_gid):
    frame = tanks_of([9, 9, 9])
    figure = figures.draw("tanks", {"mST": draws(3), "mSTnomem": None}, data=frame)
    np.testing.assert_array_equal(by_gid(figure, "raw")[0].get_ydata(), frame["surv"] / 9)


@pytest.mark.parametrize("asked", [figures.describe, figures.needs, lambda name: figures.draw(name, {})])
def test_an_unknown_figure_is_answered_with_the_known_ones(asked):
    known = (
        "known: story_responses, .*, tanks, .*, funnel, cafes_film, .*, traces:MODEL, ranks:MODEL, energies:MODEL, "
        "centring:MODEL, predictive:MODEL, metrics:MODEL$"
    )
    with pytest.raises(ValueError, match=rf"^no figure is called tank; did you mean tanks\? {known}"):
        asked("tank")
    with pytest.raises(ValueError, match=rf"^no figure is called x; {known}"):
        asked("x")
    with pytest.raises(ValueError, match=r"^ranks: is of a fit of any model: write ranks:MODEL$"):
        asked("ranks:")


def test_a_fit_that_is_missing_is_named(draws):
    with pytest.raises(ValueError, match=r"^tanks needs a fit of mST; given: mSTP$"):
        figures.draw("tanks", {"mSTP": draws()})
    with pytest.raises(ValueError, match=r"^tanks needs a fit of mST; given: none$"):
        figures.draw("tanks", {})
    with pytest.raises(ValueError, match=r"^metrics:mSTP needs fits of mSTP with other metrics; given: mSTP$"):
        figures.draw("metrics:mSTP", {"mSTP": draws()})
    with pytest.raises(ValueError, match=r"^coverage needs the table of models\.coverage\.coverage; given: none$"):
        figures.draw("coverage", {})
    with pytest.raises(ValueError, match=r"^pooling needs a list of fits of mST_fixed, one for each value of sigma$"):
        figures.draw("pooling", {"mST_fixed": draws(), "mST": draws()})


def test_films_are_not_drawn_and_stills_are_not_filmed(tmp_path):
    with pytest.raises(ValueError, match=r"^nuts_film is a film, .*; the still nuts_trajectory shows the same$"):
        figures.draw("nuts_film", {})
    with pytest.raises(ValueError, match=r"^no film is called nuts_tree; known: "):
        figures.write_film("nuts_tree", {}, tmp_path / "x.gif")
    with pytest.raises(ValueError, match=r"^nuts_film has no option path_length; its options are chain, model, second"):
        figures.write_film("nuts_film", {}, tmp_path / "x.gif", path_length=2)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_option_is_named(draws):
    with pytest.raises(ValueError, match=r"^tanks has no option fit; its options are data$"):
        figures.draw("tanks", {"mST": draws()}, fit=1)


def test_the_list_of_figures_loads_nothing_and_drawing_never_loads_pyplot():
    code = (
        "import sys, figures; figures.describe('tanks'); figures.needs('traces:mST'); figures.still('nuts_film')\n"
        "print([m for m in ('matplotlib', 'numpy', 'numba', 'pandas', 'hmc') if m in sys.modules])\n"
        "import numpy as np; figures.draw('tanks', {'mST': {'a': np.zeros((1, 2, 48)), 'a_bar': np.zeros((1, 2))}})\n"
        "print([m for m in ('matplotlib.pyplot', 'pandas', 'scipy.stats') if m in sys.modules])"
    )
    completed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert completed.stdout.split("\n") == ["[]", "[]", ""]
