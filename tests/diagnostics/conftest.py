"""Draws with R's answers, and small makers of draws with known properties."""

import json
from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "diagnostics"


def _arrays(name):
    with np.load(GOLDEN / name) as stored:
        return {key: stored[key] for key in stored}


@pytest.fixture(scope="session")
def r_draws():
    """Draws (chains, draws) by name of the case."""
    return _arrays("draws.npz")


@pytest.fixture(scope="session")
def r_posterior():
    """What R's posterior gives on `r_draws`; null is NaN."""
    return json.loads((GOLDEN / "posterior.json").read_text())


@pytest.fixture(scope="session")
def log_liks():
    """Log likelihoods (chains, draws, observations) by model."""
    return {name: _arrays(f"loglik_{name}.npz")["ll"] for name in ("mST", "mSTnomem", "badk")}


@pytest.fixture(scope="session")
def r_loo():
    """What R's loo and rethinking give on `log_liks`."""
    return json.loads((GOLDEN / "loo.json").read_text())


@pytest.fixture(scope="session")
def r_log_weights():
    """R's normalised smoothed log weights by (model, observation counted from 0)."""
    stored = _arrays("psis_logweights.npz")
    return {(key.split("__")[0], int(key.split("_")[-1]) - 1): value for key, value in stored.items()}


@pytest.fixture(scope="session")
def autoregressive():
    """Maker of stationary AR(1) draws (chains, draws, n), normal with mean 0 and sd 1."""

    def make(phi, shape, seed):
        noise = np.random.default_rng(seed).normal(size=shape)
        x = np.empty(shape)
        x[:, 0] = noise[:, 0]
        for t in range(1, shape[1]):
            x[:, t] = phi * x[:, t - 1] + np.sqrt(1 - phi**2) * noise[:, t]
        return x

    return make
