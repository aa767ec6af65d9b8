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
# # Confounds of a group
#
# **Goal.** A group's trait U moves both X and Y of its members, so it confounds the effect of X on Y. Varying
# intercepts alone do not cure that. We write the multilevel estimator and the Mundlak machine as one model by hand, on
# a simulated study in which the effect of X is 1.
#
# $$Y_i \sim \text{Bernoulli}(p_i), \quad \text{logit}(p_i) = a_{G_i} + b_{XY} X_i + b_{ZY} Z_{G_i} +
# b_{UY} \bar X_{G_i}, \quad a_g = \bar a + z_g \tau$$
#
# $$z_g, b_{XY}, b_{ZY}, b_{UY}, \bar a \sim \text{Normal}(0, 1), \quad \tau \sim \text{Exponential}(1)$$

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
from models.densities import bernoulli_logit, exponential, normal

figures.draw("dag_confounds", {})

# %%
folder = Path(models.__file__).parent / "data"
individuals = pd.read_csv(folder / "confounds_individuals.csv")
groups = pd.read_csv(folder / "confounds_groups.csv")
individuals.merge(groups, on="g").head()

# %% [markdown]
# `Ug` is the confound. The simulation knows it, our models do not. But the mean of X in a group hints at it.

# %%
means = individuals.groupby("g")["X"].mean().reindex(groups["g"], fill_value=individuals["X"].mean())
plt.scatter(means, groups["Ug"])
plt.xlabel("mean of X in the group")
plt.ylabel("the group's confound U")
plt.show()

# %% [markdown]
# ## The model, line by line
#
# The Mundlak machine has the groups' means of X. With zeros in their place `buy` does nothing, and it is the multilevel
# estimator: one function, two data sets.


# %%
class Study(NamedTuple):
    group: np.ndarray  # from 0
    X: np.ndarray
    Y: np.ndarray
    Z: np.ndarray  # of the groups
    Xbar: np.ndarray  # of the groups, or zeros


def log_density(position, data, gradient):
    """Y ~ Bernoulli(logit^-1(abar + z[g] tau + bxy X + bzy Z[g] + buy Xbar[g])), all priors Normal(0, 1) but tau's."""
    n = data.Z.size
    z, bxy, bzy, buy, abar = position[:n], position[n], position[n + 1], position[n + 2], position[n + 3]
    tau = constrain_positive(position[n + 4])
    log_density, d_tau, _ = exponential(tau, 1.0)
    log_density += position[n + 4]
    for k in range(n + 4):
        term, gradient[k], _, _ = normal(position[k], 0.0, 1.0)
        log_density += term
    for i in range(data.Y.size):
        g = data.group[i]
        logit = abar + z[g] * tau + bxy * data.X[i] + bzy * data.Z[g] + buy * data.Xbar[g]
        term, d = bernoulli_logit(data.Y[i], logit)
        log_density += term
        gradient[g] += d * tau
        gradient[n] += d * data.X[i]
        gradient[n + 1] += d * data.Z[g]
        gradient[n + 2] += d * data.Xbar[g]
        gradient[n + 3] += d
        d_tau += d * z[g]
    gradient[n + 4] = d_tau * tau + 1.0
    return log_density


def study(individuals, groups, with_means):
    """The data of the model."""
    g = individuals["g"].to_numpy() - 1
    means = individuals.groupby("g")["X"].mean().reindex(groups["g"], fill_value=0.0).to_numpy()
    columns = [individuals["X"].to_numpy(), individuals["Y"].to_numpy(float), groups["Z"].to_numpy()]
    return Study(g, *columns, means if with_means else np.zeros_like(means))


names = ("bxy", "bzy", "buy", "abar")
parameters = [hmc.Parameter("z", 30), *map(hmc.Parameter, names), hmc.Parameter("tau", constraint=hmc.positive)]
mundlak = hmc.Model(log_density, study(individuals, groups, True), parameters, name="Mundlak machine")
multilevel = hmc.Model(log_density, study(individuals, groups, False), parameters, name="multilevel")
hmc.check(mundlak)

# %% [markdown]
# ## Fit both

# %%
fits = {model.name: hmc.sample(model, seed=12, target_accept=0.9) for model in (multilevel, mundlak)}
fits["Mundlak machine"]

# %%
precis(fits["multilevel"], parameters=["bxy", "bzy", "tau"])

# %% [markdown]
# ## Picture
#
# The truth is 1. The multilevel estimator takes a part of the groups' effect for the effect of X.

# %%
for name, fit in fits.items():
    plt.hist(fit["bxy"].ravel(), bins=50, density=True, histtype="step", linewidth=2, label=name)
plt.axvline(1.0, color="black", linestyle="--", label="truth")
plt.xlabel("bxy")
plt.legend()
plt.show()
assert fits["multilevel"]["bxy"].mean() > fits["Mundlak machine"]["bxy"].mean()

# %% [markdown]
# One study can flatter or slander an estimator: the next notebook, `coverage`, makes many.
#
# ## Exercises
#
# **1.** Is the effect of the group's mean, `buy`, above 0? What does it stand for?
#
# <details><summary>Solution</summary>
#
# ```python
# print((fits["Mundlak machine"]["buy"] > 0).mean())
# precis(fits["Mundlak machine"], parameters=["bxy", "buy"])
# ```
#
# For U: groups with a large U have a large mean of X. It is not the effect of anything that one could change.
# </details>
#
# **2.** Simulate a study without the confound: let U vary by almost nothing. Do the two estimators still differ?
#
# <details><summary>Solution</summary>
#
# ```python
# calm = models.confounds.simulate_study(seed=3, sd_U=0.01)
# found = []
# for with_means in (False, True):
#     other = multilevel.with_data(study(calm.individuals, calm.groups, with_means))
#     found.append(hmc.sample(other, seed=12, target_accept=0.9)["bxy"])
# print([f"{f.mean():.2f} +- {f.std():.2f}" for f in found])
# assert abs(found[0].mean() - found[1].mean()) < found[1].std()
# assert found[0].std() < found[1].std()
# ```
#
# By less than a standard deviation, which is chance. The mean of X, which is not needed here, costs a wider posterior.
# </details>
#
# **3.** Give the model the confound itself in the place of its stand-in. How much more exact is `bxy`?
#
# <details><summary>Solution</summary>
#
# ```python
# known = mundlak.data._replace(Xbar=groups["Ug"].to_numpy())
# with_u = hmc.sample(mundlak.with_data(known), seed=12, target_accept=0.9)
# exact, stand_in = with_u["bxy"].std(), fits["Mundlak machine"]["bxy"].std()
# print(f"sd of bxy: {exact:.3f}, with the stand-in {stand_in:.3f}")
# assert 0.8 < exact / stand_in < 1
# precis(with_u, parameters=["bxy", "buy"])
# ```
#
# A little: the mean of X is a good stand-in. `buy` is now an estimate of the effect of U, which the simulation sets
# to 1.
# </details>
