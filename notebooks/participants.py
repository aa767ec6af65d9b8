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
# # Participants: stories and people at once
#
# **Goal.** Each participant answers two dozen times, so answers cluster by story *and* by person. We write a model with
# two kinds of varying intercepts by hand, and separate the two. The published file is not part of the project; the
# study is simulated, so the truth is known.
#
# $$R_i \sim \text{OrderedLogit}(s_{S_i} + u_{U_i}, \alpha), \quad s_j \sim \text{Normal}(0, \sigma_S), \quad
# u_j \sim \text{Normal}(0, \sigma_U), \quad \sigma_S, \sigma_U \sim \text{Exponential}(1)$$

# %%
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

import hmc
from diagnostics import precis
from hmc.transforms import constrain_ordered, constrain_positive, ordered_log_jacobian, ordered_pullback
from models.densities import cutpoint_gap, exponential, normal, ordered_logistic

STORIES, PEOPLE, SCENES = 12, 25, 24
rng = np.random.default_rng(7)
truth = {"s": rng.normal(0, 0.8, STORIES), "u": rng.normal(0, 1.5, PEOPLE), "alpha": np.linspace(-2, 2, 6)}
truth |= {name: truth[name] - truth[name].mean() for name in ("s", "u")}  # the answers tell differences alone
person = np.repeat(np.arange(PEOPLE), SCENES)
story = np.tile(np.arange(SCENES) % STORIES, PEOPLE)
noise = rng.logistic(truth["s"][story] + truth["u"][person])
response = np.searchsorted(truth["alpha"], noise)  # from 0 to 6
np.bincount(response, minlength=7)

# %% [markdown]
# ## The model, line by line
#
# The same ordered logit as for stories alone, and a second loop over a second kind of cluster.


# %%
class Answers(NamedTuple):
    story: np.ndarray
    person: np.ndarray
    response: np.ndarray


def log_density(position, data, gradient):
    """R ~ OrderedLogit(s[S] + u[U], alpha); s, u varying, with a spread each."""
    free, s, u = position[:6], position[6:18], position[18:-2]
    of_s, of_u = gradient[6:18], gradient[18:-2]
    sigma_s, sigma_u = constrain_positive(position[-2]), constrain_positive(position[-1])
    alpha, d_alpha = np.empty(8), np.zeros(8)
    alpha[0], alpha[7] = -np.inf, np.inf
    constrain_ordered(free, alpha[1:7])

    log_density = ordered_log_jacobian(free) + position[-2] + position[-1]
    for k in range(1, 7):
        term, d_alpha[k], _, _ = normal(alpha[k], 0.0, 2.0)
        log_density += term
    term_s, d_sigma_s, _ = exponential(sigma_s, 1.0)
    term_u, d_sigma_u, _ = exponential(sigma_u, 1.0)
    log_density += term_s + term_u
    for j in range(s.size):
        term, of_s[j], _, d_sd = normal(s[j], 0.0, sigma_s)
        log_density += term
        d_sigma_s += d_sd
    for j in range(u.size):
        term, of_u[j], _, d_sd = normal(u[j], 0.0, sigma_u)
        log_density += term
        d_sigma_u += d_sd
    for i in range(data.response.size):
        j, k, r = data.story[i], data.person[i], data.response[i]
        gap = cutpoint_gap(alpha[r + 1] - alpha[r])
        term, d_phi, d_lower, d_upper = ordered_logistic(s[j] + u[k], alpha[r], alpha[r + 1], gap)
        log_density += term
        of_s[j] += d_phi
        of_u[k] += d_phi
        d_alpha[r] += d_lower
        d_alpha[r + 1] += d_upper
    ordered_pullback(free, d_alpha[1:7], gradient[:6])
    gradient[-2] = d_sigma_s * sigma_s + 1.0
    gradient[-1] = d_sigma_u * sigma_u + 1.0
    return log_density


spreads = [hmc.Parameter("sigmaS", constraint=hmc.positive), hmc.Parameter("sigmaU", constraint=hmc.positive)]
parameters = [hmc.Parameter("alpha", 6, hmc.ordered), hmc.Parameter("s", STORIES), hmc.Parameter("u", PEOPLE), *spreads]
model = hmc.Model(log_density, Answers(story, person, response), parameters, name="stories and people")
hmc.check(model)

# %% [markdown]
# ## Fit

# %%
fit = hmc.sample(model, warmup=500, draws=1000, seed=12)
fit

# %% [markdown]
# ## Picture
#
# Dots are posterior means with 89% intervals, crosses the truth. A story has many answers and a person few, so people
# have the longer bars.


# %%
def draw(axes, name, sigma):
    lower, upper = np.quantile(fit[name], [0.055, 0.945], axis=(0, 1))
    order = truth[name].argsort()
    place = np.arange(order.size)
    axes.vlines(place, lower[order], upper[order], color="tab:blue", alpha=0.4, linewidth=4)
    axes.plot(place, fit[name].mean(axis=(0, 1))[order], "o", color="tab:blue")
    axes.plot(place, truth[name][order], "kx")
    axes.set_title(f"{name}: {sigma} = {fit[sigma].mean():.2f}")


figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True, width_ratios=(1, 2))
draw(left, "s", "sigmaS")
draw(right, "u", "sigmaU")

# %% [markdown]
# ## Exercises
#
# **1.** How many of the 89% intervals of people contain the truth?
#
# <details><summary>Solution</summary>
#
# ```python
# lower, upper = np.quantile(fit["u"], [0.055, 0.945], axis=(0, 1))
# inside = (lower < truth["u"]) & (truth["u"] < upper)
# print(inside.sum(), "of", PEOPLE)
# assert inside.mean() > 0.6
# ```
#
# They are not independent: all of them can move together with the cutpoints, so one study can be lucky or unlucky.
# </details>
#
# **2.** Whose differences are larger, those of people or of stories? Give a probability.
#
# <details><summary>Solution</summary>
#
# ```python
# chance = (fit["sigmaU"] > fit["sigmaS"]).mean()
# print(chance)
# assert chance > 0.95
# precis(fit)
# ```
# </details>
#
# **3.** Keep the first half of each person's answers alone. Whose intervals grow, and by how much?
#
# <details><summary>Solution</summary>
#
# ```python
# kept = np.tile(np.arange(SCENES) < SCENES // 2, PEOPLE)
# half = model.with_data(Answers(story[kept], person[kept], response[kept]))
# of_half = hmc.sample(half, warmup=400, draws=1000, seed=12, target_accept=0.95)
# growth = {name: of_half[name].std(axis=(0, 1)).mean() / fit[name].std(axis=(0, 1)).mean() for name in ("s", "u")}
# print(f"stories: {growth['s']:.2f} times as wide, people: {growth['u']:.2f} times")
# assert 1 < growth["s"] < growth["u"] < np.sqrt(2)
# of_half
# ```
#
# All grow, those of people more, but by less than the factor $\sqrt 2$ of independent estimates: part of what a
# person's answers no longer say, the other people say.
# </details>
