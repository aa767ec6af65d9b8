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
# # Tadpoles: how much to pool
#
# **Goal.** 48 tanks of tadpoles, and in each some survive. How much should the estimate of one tank learn from the
# others? We write the lecture's model mST by hand, fit it, and see that the data answer.
#
# $$S_j \sim \text{Binomial}(D_j, p_j), \quad \text{logit}(p_j) = a_j, \quad a_j \sim \text{Normal}(\bar a, \sigma),
# \quad \bar a \sim \text{Normal}(0, 1.5), \quad \sigma \sim \text{Exponential}(1)$$

# %%
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import figures
import hmc
import models
from diagnostics import compare, precis
from hmc.transforms import constrain_positive
from models.densities import binomial_logit, exponential, log_choose, normal

frogs = pd.read_csv(Path(models.__file__).parent / "data" / "reedfrogs.csv")
frogs.head()

# %% [markdown]
# ## The model, line by line
#
# A model has a log density, which also writes its gradient, and data in a NamedTuple. The function gets a *position*:
# all parameters in one array, unconstrained. Sigma must be positive, so the position holds its logarithm. Each line
# adds a term of the formula and, beside it, that term's derivatives.


# %%
class Tanks(NamedTuple):
    survived: np.ndarray
    density: np.ndarray
    log_coefficient: np.ndarray  # of the binomial: it does not depend on a


def log_density(position, data, gradient):
    """S ~ Binomial(D, logit^-1(a)), a ~ Normal(a_bar, sigma), a_bar ~ Normal(0, 1.5), sigma ~ Exponential(1)."""
    n = data.survived.size
    a_bar, log_sigma = position[n], position[n + 1]
    sigma = constrain_positive(log_sigma)

    log_density, d_a_bar, _, _ = normal(a_bar, 0.0, 1.5)
    term, d_sigma, _ = exponential(sigma, 1.0)
    log_density += term + log_sigma  # the last is the Jacobian of sigma = exp(log_sigma)
    for j in range(n):
        a = position[j]
        likelihood, d_logit = binomial_logit(data.survived[j], data.density[j], data.log_coefficient[j], a)
        prior, d_a, d_mean, d_sd = normal(a, a_bar, sigma)
        log_density += likelihood + prior
        gradient[j] = d_logit + d_a
        d_a_bar += d_mean
        d_sigma += d_sd
    gradient[n] = d_a_bar
    gradient[n + 1] = d_sigma * sigma + 1.0  # the chain rule, and the Jacobian's derivative
    return log_density


def log_likelihood(position, data, out):
    """Of each tank, for WAIC and PSIS."""
    for j in range(data.survived.size):
        out[j], _ = binomial_logit(data.survived[j], data.density[j], data.log_coefficient[j], position[j])


survived, density = frogs["surv"].to_numpy(float), frogs["density"].to_numpy(float)
tanks = Tanks(survived, density, np.array([log_choose(d, s) for d, s in zip(density, survived, strict=True)]))
parameters = [hmc.Parameter("a", 48), hmc.Parameter("a_bar"), hmc.Parameter("sigma", constraint=hmc.positive)]
model = hmc.Model(log_density, tanks, parameters, name="mST", log_likelihood=log_likelihood)
model

# %% [markdown]
# Is the gradient that of the density? `hmc.check` compares, and looks for other mistakes.

# %%
hmc.check(model)

# %% [markdown]
# ## Fit

# %%
fit = hmc.sample(model, seed=12)
fit

# %% [markdown]
# `sigma` is about 1.6: tanks differ a lot, on the scale of log-odds. `precis` shows single tanks.

# %%
precis(fit, parameters=["a_bar", "sigma", "a[1]", "a[9]", "a[48]"])

# %% [markdown]
# ## Picture
#
# Rings are raw proportions, dots the estimates. Small tanks move most, on average.

# %%
figures.draw("tanks", {"mST": fit})

# %% [markdown]
# ## Does pooling predict better?
#
# The model with amnesia, mSTnomem, has sigma fixed at 1: no tank tells it how much tanks differ.

# %%
amnesia = models.mSTnomem()
amnesia

# %%
table = compare({"mST": fit, "mSTnomem": hmc.sample(amnesia, seed=12)})
table

# %% [markdown]
# Yes: mST comes first, by several standard errors `dSE` of the difference. The warnings are no error of yours. Each
# tank's own intercept depends on that one tank, which WAIC sees too little of. `diagnostics.loo_refit` leaves each tank
# out and fits again, which is exact and takes some seconds for each model.

# %%
assert table.index[0] == "mST"
assert table.loc["mSTnomem", "dWAIC"] > 2 * table.loc["mSTnomem", "dSE"]

# %% [markdown]
# ## Exercises
#
# **1.** By how much does each tank's estimate move from its raw proportion? Plot it against the number of tadpoles.
#
# <details><summary>Solution</summary>
#
# ```python
# estimate = 1 / (1 + np.exp(-fit["a"]))
# shift = np.abs(estimate.mean(axis=(0, 1)) - survived / density)
# plt.scatter(density + np.random.default_rng(1).uniform(-1, 1, 48), shift)
# plt.xlabel("Tadpoles"), plt.ylabel("Shift")
# assert shift[density == 10].mean() > shift[density == 35].mean()
# ```
#
# Tanks of 10 tadpoles say less about themselves, so the population says more.
# </details>
#
# **2.** Fit the model to the first 5 tanks alone. What happens to sigma?
#
# <details><summary>Solution</summary>
#
# ```python
# few = Tanks(*(field[:5] for field in tanks))
# parameters[0] = hmc.Parameter("a", 5)
# of_five = hmc.sample(hmc.Model(log_density, few, parameters, name="five tanks"), seed=12, target_accept=0.95)
# assert of_five["sigma"].std() > fit["sigma"].std()
# of_five
# ```
#
# Five tanks hardly tell how much tanks differ: the interval of sigma is wide, and its prior matters. Chains mix less
# well, too: with few tanks the non-centred form is the better one.
# </details>
#
# **3.** What proportion survives in a tank that nobody has seen? Draw from the posterior.
#
# <details><summary>Solution</summary>
#
# ```python
# rng = np.random.default_rng(12)
# new = rng.normal(fit["a_bar"], fit["sigma"])
# p = 1 / (1 + np.exp(-new))
# plt.hist(p.ravel(), bins=40)
# assert np.quantile(p, 0.945) - np.quantile(p, 0.055) > 0.5
# ```
#
# Nearly anything: `sigma` is large. The mean tank is known well, a new tank is not.
# </details>
