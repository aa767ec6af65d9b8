"""Fits that need no sampling, tanks of any sizes, and eyes of any kind."""

import numpy as np
import pandas as pd
import pytest

from tests.figures.helpers import colour_vision


class Draws(dict):
    """What a figure asks of a fit: a name, keys, and draws by name."""

    name = "mST"


@pytest.fixture
def draws():
    """Draws of `a` and `a_bar` for so many tanks: skewed, so that a mean is no median and the order of steps shows."""

    def make(n_tanks=48, chains=3, n_draws=70, seed=5):
        rng = np.random.default_rng(seed)
        a = rng.normal(1.3, 1.6, n_tanks) + rng.gumbel(0.0, 0.8, (chains, n_draws, n_tanks))
        return Draws(a=a, a_bar=1.3 + rng.gumbel(0.0, 0.5, (chains, n_draws)))

    return make


@pytest.fixture
def tanks_of():
    """A frame of tanks with these numbers of tadpoles at the start."""

    def make(density, seed=7):
        density = np.asarray(density)
        survived = np.random.default_rng(seed).binomial(density, 0.7)
        return pd.DataFrame({"density": density, "pred": "no", "size": "big", "surv": survived})

    return make


@pytest.fixture
def by_gid():
    """The artists of a figure's first axes whose gid is, or begins with, this one; in the order of the axis."""

    def find(figure, gid):
        artists = [a for a in figure.axes[0].get_children() if a.get_gid()]
        return [a for a in artists if a.get_gid() == gid or a.get_gid().startswith(f"{gid}-")]

    return find


@pytest.fixture(scope="session")
def colour_distance():
    """The smallest distance between two colours over all kinds of colour vision; see colour_vision.py."""
    return colour_vision.distance
