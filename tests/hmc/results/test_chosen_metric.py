"""hmc.results.chosen_metric: the kind and the reason, of every number of chains and directions."""

import numpy as np
import pytest

import hmc
import models
from hmc.results.chosen_metric import chosen_metric

DIAGONAL = "diag: the scales of the parameters alone serve all directions well"


def _low_rank(*eigenvalues):
    """Of a chain for each row of eigenvalues, in 5 dimensions."""
    e = np.array(eigenvalues)
    return hmc.LowRank(np.full((len(e), 5), 2.0), np.zeros((*e.shape, 5)), e)


@pytest.mark.parametrize(
    ("inverse_metric", "expected"),
    [
        (np.ones((2, 5)), DIAGONAL),
        (np.full((4, 1, 1), 3.0), DIAGONAL),  # of one parameter, a dense metric is a scale
        (np.stack([np.eye(3), 2.0 * np.eye(3)]), DIAGONAL),
        (_low_rank([], []), DIAGONAL),  # no direction is worth a vector
        (_low_rank([1.0], [1.0]), DIAGONAL),
        (_low_rank([9.0, 0.25], [4.0, 1.0]), "low_rank, 2 of 5 directions: directions are 0.5 to 3 times"),
        (_low_rank([9.0], [1.0]), "low_rank, 1 of 5 directions in 1 of 2 chains: directions are 1 to 3 times"),
        (np.array([[[1.0, 0.02], [0.02, 1.0]]]), "dense: it costs little in so few dimensions, and the scales of the"),
        (_low_rank([4.0], [4.0]), "low_rank, 1 of 5 directions: directions are 2 to 2 times"),
        (np.array([[[1.0, 0.5], [0.5, 1.0]], np.eye(2)]), "dense in 1 of 2 chains: directions are 0.71 to 1.2 times"),
    ],
)
def test_the_choice_is_told_with_its_reason(inverse_metric, expected):
    assert chosen_metric(inverse_metric).startswith(expected)


def test_a_warm_up_too_short_to_find_directions_gives_a_fit():
    fit = hmc.sample(models.mSTP(), chains=2, warmup=5, draws=5, workers=1, progress=False)
    assert fit.inverse_metric.eigenvalues.shape == (2, 0)
    assert fit.settings["chosen_metric"] == DIAGONAL
