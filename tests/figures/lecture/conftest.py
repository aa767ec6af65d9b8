"""A small lecture that has one of everything, its render, and a browser to look at it."""

import numpy as np
import pandas as pd
import pytest

from figures.drawing import film, small, style
from figures.lecture.page import render, view
from tests.figures.helpers import browser as in_a_browser

LONG = "a_model_whose_name_is_longer_than_a_narrow_screen_is_wide"
FORMULA = "S ~ Binomial(D, p),  logit(p) = a[T]\na[j] ~ Normal(a_bar, sigma)\nsigma ~ Exponential(1)"
SOURCE = "def log_density(position, data, gradient):\n    # a long line" + " that goes on" * 20 + "\n    return 0.0\n"


@pytest.fixture(scope="session")
def lecture(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lecture")
    plot, still = _picture(folder, "tanks"), _picture(folder, "still")
    moving = view.Picture("sweep", "A sweep", ("It moves.",), "a film of dots", *_film(folder), still)
    first = _card(folder, "mST", "note", (_picture(folder, "ranks:mST"),))
    second = _card(folder, LONG, "error", ())
    third = _card(folder, "m0", None, ())._replace(table=None, verdict="4 chains: converged")
    program = view.CodeListing("simulation", "The simulation", SOURCE, "models/frogs.py")
    few = view.PageTable("comparison", "Two models", _comparison(), (), _csv(folder, "comparison", _comparison()))
    return view.Lecture(
        (
            view.Section(
                "tadpoles",
                "Tadpoles: how much to pool",
                "How much?",
                ("First `a`.", "Then b: see `sweep`."),
                (plot, first, moving, few),
            ),
            view.Section("confounds", "Confounds of a group", "Of which?", ("Of groups.",), (second, third, program)),
        ),
        {"Seed": "12", "Data": "simulated; for others: `--trolley Trolley.csv`"},
    )


@pytest.fixture(scope="session")
def html(lecture):
    return render.render(lecture)


@pytest.fixture(scope="session")
def browser():
    """The functions of tests/figures/helpers/browser.py."""
    return in_a_browser


@pytest.fixture(scope="session")
def chromium(browser):
    """One browser for all tests."""
    browser.require()
    with browser.started() as driver:
        yield driver


def _picture(folder, name):
    stem = folder / name.replace(":", "-")
    wide = small.write_still(style.save(_drawn(0.5, style.WIDE), f"{stem}.png"), f"{stem}.webp")
    with style.asked(style.NARROW):
        narrow = small.write_still(style.save(_drawn(0.5, style.WIDE), f"{stem}-narrow.png"), f"{stem}-narrow.webp")
    caption, files = ("Dots of `mST`.", "More of it."), (f"figures/{name}.svg", f"figures/{name}.png")
    if ":" in name:  # a plot of chains has one size, which is legible on all screens
        wide, narrow, files = narrow, None, ()
    return view.Picture(name, f"What {name} shows", caption, f"dots of {name}", wide, narrow, None, files)


def _film(folder):
    """For wide screens, and for narrow ones."""

    def written(name, fineness):
        whole = film.write_film(folder / "sweep.gif", [_drawn(0.2, style.WIDE), _drawn(0.8, style.WIDE)], [100, 100])
        return small.write_moving(whole, folder / name, fineness)

    wide = written("sweep.webp", film.DOTS_PER_INCH)
    with style.asked(style.NARROW_FILM):
        return wide, written("sweep-narrow.webp", style.NARROW_FILM.dpi)


def _drawn(height, size=(4.8, 2.7)):
    with style.applied():
        figure = style.blank(size)
        axes = figure.add_subplot()
        axes.plot([0.0, 1.0], [height, height], "o")
        axes.set_ylim(0.0, 1.0)
        return style.settled(figure)


def _card(folder, name, severity, pictures):
    estimates = pd.DataFrame(
        {"mean": np.linspace(-1, 2, 50), "n_eff": 1234.5, "exact mean": 0.25, "exact sd": 1.0, "published mean": 0.3},
        index=[f"a[{i + 1}]" for i in range(50)],
    )
    table = view.PageTable(f"{name}_estimates", "Estimates", estimates, ("Of `a`.",), _csv(folder, name, estimates))
    settings = {"chains": 4, "seed": 12, "target_accept": 0.8, "initial": None, "keep_warmup": False}
    verdict = "4 chains of 1000 draws: take care\nwarning: Rhat is over 1.01\nnote: few draws"
    summary = "A model of `S`."
    fit = ("48 tanks", settings, verdict, severity, 0.0512, table, pictures)
    return view.Card(name, f"To remember of {name}.", summary, FORMULA, SOURCE, "models/frogs.py", *fit)


def _comparison():
    return pd.DataFrame({"WAIC": [200.2, 214.8], "dSE": [np.nan, 3.8]}, index=["mST", "mSTnomem"])


def _csv(folder, name, frame):
    path = folder / f"{name}.csv"
    frame.to_csv(path)
    return path
