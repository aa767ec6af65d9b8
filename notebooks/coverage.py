# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Confounds in many studies
#
# **Goal.** One study can flatter a bad estimator. We simulate many studies whose truth we know, fit a naive estimator
# and a Mundlak machine to each, and count how often their intervals contain the truth.
#
# Naive: $\text{logit}(p_i) = a + b_{XY} X_i$. Mundlak: $\text{logit}(p_i) = a + b_{XY} X_i + b_{UY} \bar X_{G_i}$. Here
# groups have no intercepts of their own, which keeps the model small; the notebook `confounds` has them.

# %%
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

import hmc
import models
from diagnostics import calibrate
from models.densities import bernoulli_logit, normal

# %% [markdown]
# ## The model, line by line


# %%
class Study(NamedTuple):
    X: np.ndarray
    Xbar: np.ndarray  # of the individual's group, or zeros
    Y: np.ndarray


def log_density(position, data, gradient):
    """Y ~ Bernoulli(logit^-1(a + bxy X + buy Xbar)), a ~ Normal(0, 1.5), bxy, buy ~ Normal(0, 1)."""
    a, bxy, buy = position[0], position[1], position[2]
    log_density, gradient[0], _, _ = normal(a, 0.0, 1.5)
    for k in range(1, 3):
        term, gradient[k], _, _ = normal(position[k], 0.0, 1.0)
        log_density += term
    for i in range(data.Y.size):
        term, d = bernoulli_logit(data.Y[i], a + bxy * data.X[i] + buy * data.Xbar[i])
        log_density += term
        gradient[0] += d
        gradient[1] += d * data.X[i]
        gradient[2] += d * data.Xbar[i]
    return log_density


def simulate(rng, data):
    """A draw from the prior."""
    return rng.standard_normal(3) * np.array([1.5, 1.0, 1.0])


def simulate_data(position, data, rng):
    """Other outcomes for the same individuals."""
    logit = position[0] + position[1] * data.X + position[2] * data.Xbar
    return Study(data.X, data.Xbar, (rng.logistic(0.0, 1.0, data.X.size) < logit).astype(np.float64))


def study(seed, with_means):
    """Data of the lecture's simulation: 200 individuals in 30 groups, bXY = 1."""
    individuals = models.confounds.simulate_study(seed=seed).individuals
    means = individuals.groupby("g")["X"].transform("mean").to_numpy()
    X, Y = individuals["X"].to_numpy(), individuals["Y"].to_numpy(float)
    return Study(X, means if with_means else np.zeros_like(means), Y)


parameters = [hmc.Parameter(name) for name in ("a", "bxy", "buy")]
functions = {"simulate": simulate, "simulate_data": simulate_data}
model = hmc.Model(log_density, study(1, True), parameters, name="Mundlak", **functions)
hmc.check(model)

# %% [markdown]
# ## One fit

# %%
fit = hmc.sample(model, seed=12)
fit

# %% [markdown]
# ## Many fits
#
# 30 studies, two estimators. The functions are compiled once: `with_data` is the same model of other data.

# %%
quick = {"chains": 2, "warmup": 300, "draws": 300, "seed": 12, "workers": 1, "progress": False}


def intervals(with_means, studies=30):
    """(studies, 3): the ends of the 89% interval of bxy, and the posterior mean."""
    fits = [hmc.sample(model.with_data(study(seed, with_means)), **quick) for seed in range(studies)]
    return np.array([[*np.quantile(fit["bxy"], [0.055, 0.945]), fit["bxy"].mean()] for fit in fits])


found = {"naive": intervals(False), "Mundlak": intervals(True)}

# %% [markdown]
# ## Picture
#
# Each line is a study; red ones miss the truth.

# %%
figure, panels = plt.subplots(1, 2, figsize=(9, 4), sharex=True, sharey=True)
for axes, (name, bounds) in zip(panels, found.items(), strict=True):
    misses = (bounds[:, 0] > 1.0) | (bounds[:, 1] < 1.0)
    for place, (lower, upper, mean) in enumerate(bounds):
        axes.plot([lower, upper], [place, place], color="tab:red" if misses[place] else "tab:blue")
        axes.plot(mean, place, "k.")
    axes.axvline(1.0, color="black", linestyle="--")
    axes.set_title(f"{name}: bias {bounds[:, 2].mean() - 1:+.2f}, {len(bounds) - misses.sum()} of {len(bounds)} cover")
    axes.set_xlabel("bxy")
plt.show()
assert found["naive"][:, 2].mean() > found["Mundlak"][:, 2].mean()

# %% [markdown]
# ## Are the intervals honest at all?
#
# Coverage of a fixed truth depends on the model being right. Of parameters drawn from the *prior*, a right program
# covers as often as it says: that is simulation-based calibration. The black lines are the ranks of the truth among
# the draws; they should stay in the grey bands.

# %%
calibrate(model, 100, progress=False)

# %% [markdown]
# ## Exercises
#
# **1.** How exactly do 30 studies know a coverage of 89%?
#
# <details><summary>Solution</summary>
#
# ```python
# print(np.sqrt(0.89 * 0.11 / 30))
# counts = np.random.default_rng(1).binomial(30, 0.89, 10_000)
# print(np.quantile(counts, [0.055, 0.945]))
# ```
#
# To about 6 percentage points. The lecture's page has more studies, and says the error.
# </details>
#
# **2.** Let `simulate` draw `bxy` with another sd than the density has, 2, and calibrate again. Is it noticed?
#
# <details><summary>Solution</summary>
#
# ```python
# def wrong(rng, data):
#     return rng.standard_normal(3) * np.array([1.5, 2.0, 1.0])
#
#
# broken = hmc.Model(log_density, study(1, True), parameters, name="broken", **functions | {"simulate": wrong})
# result = calibrate(broken, 200, progress=False)
# assert not result.passed
# assert "bxy" in result.outside
# result
# ```
#
# Yes: truths are more spread than draws.
# </details>
#
# **3.** What does the naive estimator estimate? Fit it to one very large study.
#
# <details><summary>Solution</summary>
#
# ```python
# large = models.confounds.simulate_study(seed=5, groups=2000, individuals=20_000).individuals
# data = Study(large["X"].to_numpy(), np.zeros(20_000), large["Y"].to_numpy(float))
# certain = hmc.sample(model.with_data(data), **quick)
# print(certain["bxy"].mean(), certain["bxy"].std())
# assert certain["bxy"].mean() > 1.1
# ```
#
# A number that is certain and wrong: more data do not remove a bias.
# </details>
