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
# # Stories: repeated measures
#
# **Goal.** People say of 12 stories, on a scale from 1 to 7, how permissible an action is. Do stories differ? We write
# the lecture's model mRS by hand: an ordered logit with an intercept for each story, and no memory.
#
# $$R_i \sim \text{OrderedLogit}(\phi_i, \alpha), \quad \phi_i = b_{S_i}, \quad b_j \sim \text{Normal}(0, 1),
# \quad \alpha_k \sim \text{Normal}(0, 1) \text{ in order}$$

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
from hmc.transforms import constrain_ordered, ordered_log_jacobian, ordered_pullback
from models.densities import cutpoint_gap, normal, ordered_logistic

counts = pd.read_csv(Path(models.__file__).parent / "data" / "trolley_counts.csv")
counts.pivot(index="story", columns="response", values="count")

# %% [markdown]
# The data, first. Each row of the picture is a story.

# %%
figures.draw("story_responses", {})

# %% [markdown]
# ## The model, line by line
#
# Six cutpoints divide a line into seven responses; a story's intercept moves all of its responses along that line. The
# cutpoints must be in order, so the position holds the first one and the logarithms of the gaps between them.


# %%
class Responses(NamedTuple):
    story: np.ndarray  # from 0
    response: np.ndarray  # from 0
    count: np.ndarray  # how often this story got this response


def log_density(position, data, gradient):
    """R ~ OrderedLogit(b[S], alpha), b ~ Normal(0, 1), alpha ~ Normal(0, 1) in order."""
    free, b = position[:6], position[6:]
    alpha = np.empty(8)  # with the ends of the line
    alpha[0], alpha[7] = -np.inf, np.inf
    constrain_ordered(free, alpha[1:7])
    d_alpha = np.zeros(8)

    log_density = ordered_log_jacobian(free)
    for k in range(1, 7):
        term, d_alpha[k], _, _ = normal(alpha[k], 0.0, 1.0)
        log_density += term
    for j in range(b.size):
        term, gradient[6 + j], _, _ = normal(b[j], 0.0, 1.0)
        log_density += term
    for i in range(data.count.size):
        s, r, times = data.story[i], data.response[i], data.count[i]
        gap = cutpoint_gap(alpha[r + 1] - alpha[r])
        term, d_phi, d_lower, d_upper = ordered_logistic(b[s], alpha[r], alpha[r + 1], gap)
        log_density += times * term
        gradient[6 + s] += times * d_phi
        d_alpha[r] += times * d_lower
        d_alpha[r + 1] += times * d_upper
    ordered_pullback(free, d_alpha[1:7], gradient[:6])  # back to the unconstrained numbers, Jacobian included
    return log_density


labels, story = np.unique(counts["story"], return_inverse=True)
data = Responses(story, counts["response"].to_numpy() - 1, counts["count"].to_numpy(float))
parameters = [hmc.Parameter("alpha", 6, hmc.ordered), hmc.Parameter("b", 12)]
model = hmc.Model(log_density, data, parameters, name="mRS")
hmc.check(model)

# %% [markdown]
# It is the library's model, up to rounding:

# %%
position = np.linspace(-1, 1, 18)
ours, theirs = model.evaluate(position), models.mRS().evaluate(position)
assert np.isclose(ours[0], theirs[0])
assert np.allclose(ours[1], theirs[1])

# %% [markdown]
# ## Fit

# %%
fit = hmc.sample(model, seed=12)
fit

# %% [markdown]
# ## Picture
#
# Differences between stories are known well; the bars are long because all intercepts can move together, and the
# cutpoints with them.

# %%
figures.draw("story_effects", {"mRS": fit})

# %% [markdown]
# ## Exercises
#
# **1.** How likely does the model find each response to the story with the largest `b`? Compare with the data.
#
# <details><summary>Solution</summary>
#
# ```python
# best = int(fit["b"].mean(axis=(0, 1)).argmax())
# below = 1 / (1 + np.exp(-(fit["alpha"] - fit["b"][..., best, None])))
# chance = np.diff(below, axis=-1, prepend=0, append=1).mean(axis=(0, 1))
# seen = data.count[data.story == best]
# plt.bar(np.arange(1, 8), seen / seen.sum(), alpha=0.4, label="data")
# plt.plot(np.arange(1, 8), chance, "o-", label="model")
# plt.legend()
# assert np.allclose(chance.sum(), 1)
# ```
# </details>
#
# **2.** What is the chance that the story with the second largest mean is in truth above the one with the largest?
#
# <details><summary>Solution</summary>
#
# ```python
# order = fit["b"].mean(axis=(0, 1)).argsort()
# chance = (fit["b"][..., order[-2]] > fit["b"][..., order[-1]]).mean()
# print(labels[order[-2]], "above", labels[order[-1]], chance)
# assert chance < 0.5
# ```
#
# Compare draw by draw: both intercepts can be uncertain while their difference is not.
# </details>
#
# **3.** The model has amnesia. Remove a story's data. What does the model expect of it?
#
# <details><summary>Solution</summary>
#
# ```python
# without = data._replace(count=np.where(data.story == 0, 0.0, data.count))
# blind = hmc.sample(model.with_data(without), seed=12)
# assert abs(blind["b"][..., 0].std() - 1) < 0.15
# precis(blind, parameters=["b[1]", "b[2]"])
# ```
#
# Its prior, Normal(0, 1), however alike the eleven others are. A model with memory would expect another such story.
# </details>
