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
# # Cafes: a model with memory
#
# **Goal.** A robot waits for coffee at five cafes. Every visit teaches it about that cafe, and about cafes in general.
# We write the model by hand, non-centred, and watch it learn visit by visit.
#
# $$W_i \sim \text{Poisson}(\lambda_i), \quad \log \lambda_i = a_{C_i}, \quad a_j = \bar a + z_j \sigma, \quad
# z_j \sim \text{Normal}(0, 1), \quad \bar a \sim \text{Normal}(2, 0.5), \quad \sigma \sim \text{Exponential}(10)$$

# %%
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import figures
import hmc
import models
from diagnostics import precis
from hmc.transforms import constrain_positive
from models.densities import exponential, log_factorial, normal, poisson_log

table = pd.read_csv(Path(models.__file__).parent / "data" / "cafes.csv")
table.T

# %% [markdown]
# ## The model, line by line
#
# Non-centred: the position holds `z`, the cafes' places in units of sigma, and `a` is derived. With few visits this
# form is easier to sample: the priors of `z` and `sigma` do not depend on each other.


# %%
class Visits(NamedTuple):
    cafe: np.ndarray  # from 0
    wait: np.ndarray
    log_factorial: np.ndarray


def log_density(position, data, gradient):
    """wait ~ Poisson(exp(a_bar + z[cafe] sigma)), z ~ Normal(0, 1), a_bar ~ Normal(2, 0.5), sigma ~ Exponential(10)."""
    z, a_bar, log_sigma = position[:5], position[5], position[6]
    sigma = constrain_positive(log_sigma)
    log_density, d_a_bar, _, _ = normal(a_bar, 2.0, 0.5)
    term, d_sigma, _ = exponential(sigma, 10.0)
    log_density += term + log_sigma
    for j in range(5):
        term, gradient[j], _, _ = normal(z[j], 0.0, 1.0)
        log_density += term
    for i in range(data.wait.size):
        j = data.cafe[i]
        term, d_a = poisson_log(data.wait[i], data.log_factorial[i], a_bar + z[j] * sigma)
        log_density += term
        gradient[j] += d_a * sigma
        d_a_bar += d_a
        d_sigma += d_a * z[j]
    gradient[5] = d_a_bar
    gradient[6] = d_sigma * sigma + 1.0
    return log_density


def derived(position, data):
    """a, for tables: the logarithm of each cafe's mean wait."""
    return {"a": position[5] + position[:5] * np.exp(position[6])}


def visits(number):
    """The data after so many visits."""
    seen = table[:number]
    wait = seen["wait"].to_numpy(float)
    return Visits(seen["cafe"].to_numpy() - 1, wait, np.array([log_factorial(w) for w in wait], dtype=float))


parameters = [hmc.Parameter("z", 5), hmc.Parameter("a_bar"), hmc.Parameter("sigma", constraint=hmc.positive)]
model = hmc.Model(log_density, visits(20), parameters, name="cafes", derived=derived)
hmc.check(model)

# %% [markdown]
# ## Fit
#
# A higher `target_accept` means smaller steps. With the default of 0.8, some transitions may diverge: where sigma is
# small, `z` may be anything.

# %%
fit = hmc.sample(model, seed=12, target_accept=0.95)
fit

# %% [markdown]
# ## Picture: learning, visit by visit
#
# `with_data` is the same model of other data; nothing is compiled again. Cafe 5 is first visited late, and the robot
# has an opinion of it long before.

# %%
quick = {"seed": 12, "target_accept": 0.95, "warmup": 300, "draws": 500, "progress": False}
after = [hmc.sample(model.with_data(visits(k)), **quick) for k in range(21)]
expected = np.exp([f["a"].mean(axis=(0, 1)) for f in after])
for cafe in range(5):
    plt.plot(expected[:, cafe], label=f"cafe {cafe + 1}")
    own = table.index[table["cafe"] == cafe + 1] + 1
    plt.plot(own, expected[own, cafe], "o", color=f"C{cafe}")
plt.xlabel("Visits so far (dots: to this cafe)")
plt.ylabel("Expected wait, minutes")
plt.legend()
plt.show()

# %% [markdown]
# The lecture's own picture of the same, with the whole beliefs:

# %%
figures.draw("cafes_sheet", {"cafes": after})

# %% [markdown]
# ## Exercises
#
# **1.** Compare each cafe's mean wait with the model's. Which moves most, and why?
#
# <details><summary>Solution</summary>
#
# ```python
# raw = table.groupby("cafe")["wait"].agg(["mean", "size"])
# raw["model"] = np.exp(fit["a"]).mean(axis=(0, 1))
# raw["shift"] = raw["model"] - raw["mean"]
# print(raw)
# assert abs(raw["shift"]).max() > 0.1
# ```
#
# The one whose mean is far from the others', for the number of its visits.
# </details>
#
# **2.** Give the robot amnesia: sigma is fixed at 1, and a_bar at 2. What does it expect of cafe 5 after 5 visits?
#
# <details><summary>Solution</summary>
#
# ```python
# seen = table[:5]
# print("visits to cafe 5:", (seen["cafe"] == 5).sum())
# with_memory = np.exp(after[5]["a"][..., 4]).mean()
# prior_mean = np.exp(2 + 0.5)  # of exp(Normal(2, 1))
# print("with memory", with_memory, "without", prior_mean)
# assert with_memory < prior_mean
# ```
#
# Without a visit, amnesia leaves the prior, whatever the other cafes were like.
# </details>
#
# **3.** Draw the wait at a cafe never visited.
#
# <details><summary>Solution</summary>
#
# ```python
# rng = np.random.default_rng(1)
# new = rng.poisson(np.exp(rng.normal(fit["a_bar"], fit["sigma"])))
# plt.hist(new.ravel(), bins=np.arange(25) - 0.5)
# assert 2 < np.median(new) < 10
# precis(fit, parameters=["a_bar", "sigma"])
# ```
# </details>
