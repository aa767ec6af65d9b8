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
# # Inside the sampler
#
# **Goal.** Write Hamiltonian Monte Carlo by hand in a dozen lines, then watch the library's sampler do the same step by
# step: a trajectory, a U-turn, a divergence.
#
# The target is a normal distribution in two dimensions, $x \sim \text{Normal}(0, 1)$,
# $y \sim \text{Normal}(0.9 x, \sqrt{1 - 0.9^2})$.

# %%
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

import figures
import hmc
from figures.sampler import toys
from hmc.record import record, record_from
from models.densities import normal


class Nothing(NamedTuple):
    correlation: float


def log_density(position, data, gradient):
    """x ~ Normal(0, 1), y ~ Normal(r x, sqrt(1 - r r))."""
    x, y, r = position[0], position[1], data.correlation
    of_x, d_x, _, _ = normal(x, 0.0, 1.0)
    of_y, gradient[1], d_mean, _ = normal(y, r * x, np.sqrt(1.0 - r * r))
    gradient[0] = d_x + r * d_mean
    return of_x + of_y


model = hmc.Model(log_density, Nothing(0.9), [hmc.Parameter("x"), hmc.Parameter("y")], name="plane")
model

# %% [markdown]
# ## By hand
#
# A *leapfrog step* moves a position and a momentum along the density's slope: half a kick, a drift, half a kick. A path
# of such steps ends at a proposal, which is accepted by its change of energy.


# %%
def leapfrog(position, momentum, step_size):
    """One step."""
    momentum = momentum + 0.5 * step_size * model.evaluate(position)[1]
    position = position + step_size * momentum
    return position, momentum + 0.5 * step_size * model.evaluate(position)[1]


def energy(position, momentum):
    """Potential and kinetic."""
    return -model.evaluate(position)[0] + 0.5 * momentum @ momentum


def transition(rng, start, step_size=0.25, steps=6):
    """One transition of static HMC."""
    position, momentum = start, rng.standard_normal(2)
    before = energy(position, momentum)
    for _ in range(steps):
        position, momentum = leapfrog(position, momentum, step_size)
    accepted = np.log(rng.random()) < before - energy(position, momentum)
    return position if accepted else start


rng = np.random.default_rng(12)
draws = [np.zeros(2)]
for _ in range(4000):
    draws.append(transition(rng, draws[-1]))
draws = np.array(draws)
np.corrcoef(draws.T)

# %%
assert abs(np.corrcoef(draws.T)[0, 1] - 0.9) < 0.03
plt.plot(*draws[:50].T, "o-", alpha=0.4)
plt.xlabel("x")
plt.ylabel("y")
plt.show()

# %% [markdown]
# ## The energy error
#
# Exact dynamics would keep the energy. Leapfrog steps do not, but the error does not grow with time, unless the steps
# are too large.

# %%
figures.draw("leapfrog", {})

# %% [markdown]
# ## NUTS, recorded
#
# How many steps? NUTS doubles the path until it turns back on itself. `record` gives the transitions of `hmc.sample`,
# the very same, with every leapfrog step.

# %%
recorded = record(model, transitions=5, warmup=200, seed=12)
recorded

# %%
recorded[0]

# %%
figures.draw("nuts_trajectory", {}, recorded=recorded[0], model=model)

# %% [markdown]
# The same trajectory as a tree: each doubling joins two halves of equal size.

# %%
figures.draw("nuts_tree", {}, recorded=recorded[0])

# %% [markdown]
# ## The same draws
#
# The recorder is not a second sampler: these are the fit's draws, bit for bit.

# %%
fit = hmc.sample(model, warmup=200, seed=12)
assert all((fit.unconstrained[0, k] == recorded[k].draw).all() for k in range(5))
fit

# %% [markdown]
# ## A divergence
#
# In the neck of a funnel the steps that suit its mouth are too long: the energy error explodes.

# %%
funnel = toys.funnel()
trouble = record_from(funnel, [0.4, -4.0], 0.6, transitions=8, seed=3)
trouble

# %%
figures.draw("divergence", {})

# %% [markdown]
# ## Exercises
#
# **1.** In `transition`, let `steps` be 1, and then 60. How many independent draws are 300 transitions worth?
#
# <details><summary>Solution</summary>
#
# ```python
# from diagnostics import ess_bulk
#
# worth = {}
# for steps in (1, 6, 60):
#     chain = [np.zeros(2)]
#     for _ in range(300):
#         chain.append(transition(rng, chain[-1], steps=steps))
#     ess = ess_bulk(np.array(chain)[None, :, 0])
#     worth[steps] = 1000 * ess / (300 * steps)
#     print(f"{steps} steps: {ess:.0f} independent draws, {worth[steps]:.0f} for each 1,000 leapfrog steps")
# assert worth[6] > worth[60]
# ```
#
# One step is a random walk. Sixty give the most draws, but each costs ten times as much as with six: for the same work,
# they are worth less. NUTS finds out by itself where to stop.
# </details>
#
# **2.** What happens to the acceptance if the step size is above twice the smallest standard deviation of the target?
#
# <details><summary>Solution</summary>
#
# ```python
# smallest = np.sqrt(np.linalg.eigvalsh([[1, 0.9], [0.9, 1]])[0])
# moved = [(transition(rng, np.ones(2), 2.2 * smallest, 20) != 1).any() for _ in range(100)]
# print(np.mean(moved))
# assert np.mean(moved) < 0.1
# ```
#
# The path leaves for good, and no proposal is accepted.
# </details>
#
# **3.** Give NUTS the right metric, and record again. How many leapfrog steps does a transition need?
#
# <details><summary>Solution</summary>
#
# ```python
# covariance = np.array([[1, 0.9], [0.9, 1]])
# for metric in (None, covariance):
#     some = record_from(model, [0.5, 0.5], 0.3 if metric is None else 0.8, inverse_metric=metric, transitions=50)
#     print(np.mean([one.outcome.n_steps for one in some]))
# ```
#
# Fewer: after whitening, all directions are alike, and the steps may be as long as the standard deviation.
# </details>
