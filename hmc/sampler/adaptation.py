"""The metric learned in warm-up: running moments of draws and gradients, and when they are used.

Warm-up is data: `plan_gradients`, `plan_fits` and `plan_windows` give an integer per warm-up transition, a sum of the
actions below, and `adapt` carries them out. Two estimates of the inverse metric's diagonal:

* "windows", Stan's: the variance of the draws, shrunk a little towards 1e-3 (Stan reference manual, "HMC algorithm
  parameters"). It needs many draws.
* "gradients", nutpie's: sqrt(variance of draws / variance of gradients), which minimises the Fisher divergence
  between the posterior and a normal distribution. Exact for a normal target of independent components whatever the
  number of draws, since a gradient there is the draw's deviation times the precision. Seyboldt et al. (2024), "If only
  my posterior were normal"; the schedule is that of nuts-rs.

A dense metric is, by "windows", the covariance of the draws; by "gradients" it is fitted to draws and gradients, and so
is a low-rank one (`hmc/sampler/fisher.py`). The diagonal serves before the first fit.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmc.jit.kernel import kernel
from hmc.numerics import sqrt
from hmc.sampler.fisher import Window, forget, keep, make_window
from hmc.sampler.fitted import refit
from hmc.sampler.metric import IS_FITTED, set_diagonal_element, set_from_covariance

COLLECT = 1  # add the draw and its gradient to both estimators
ROTATE = 2  # the background estimator becomes the foreground one, and a new background is begun
UPDATE = 4  # set the metric from the foreground estimator
CLEAR = 8  # forget all draws so far
RESTART = 16  # begin the search for a step size anew
FIT = 32  # fit the metric to the window of draws and gradients
FIT_IF_WORTH = 64  # the same, but leave it to the diagonal where that serves well
FORGET = 128  # the window's foreground goes

VARIANCE_OF_DRAWS, DRAWS_AND_GRADIENTS = 0, 1  # estimators

# A scale outside these bounds is the noise of a handful of draws, or a parameter that does not matter.
SMALLEST_VARIANCE, LARGEST_VARIANCE = 1e-20, 1e20


class Moments(NamedTuple):
    """Running moments (Welford) of two estimators, row 0 the foreground and row 1 the background."""

    count: np.ndarray  # type: ignore[assignment]  # (2,) draws seen; hides the method of tuples
    draw_mean: np.ndarray  # (2, dimension)
    draw_squares: np.ndarray  # (2, dimension) sums of squared deviations
    gradient_mean: np.ndarray  # (2, dimension)
    gradient_squares: np.ndarray  # (2, dimension)
    draw_products: np.ndarray  # (2, dimension, dimension) sums of products of deviations; (2, 0, 0) if not needed
    covariance: np.ndarray  # (dimension, dimension) room for an estimate; (0, 0) if not needed
    window: Window  # the draws themselves, where a metric is fitted to them


def make_moments(dimension: int, covariances: bool = False, capacity: int = 0) -> Moments:
    """Empty moments; with room for covariances, or for a window of `capacity` draws, if asked for."""
    size = dimension if covariances else 0
    return Moments(
        count=np.zeros(2),
        draw_mean=np.zeros((2, dimension)),
        draw_squares=np.zeros((2, dimension)),
        gradient_mean=np.zeros((2, dimension)),
        gradient_squares=np.zeros((2, dimension)),
        draw_products=np.zeros((2, size, size)),
        covariance=np.zeros((size, size)),
        window=make_window(dimension, capacity),
    )


def plan_windows(warmup: int) -> NDArray[np.int64]:
    """Stan's schedule: a start without adaptation of the metric, windows that double, a step size's end.

    75, 25, 50, 100, ... and 50 transitions; 15%, 75% and 10% where there are fewer than 150; under 20, only the
    step size is adapted. At the end of each window the metric is set and all else begins anew. The last window takes
    what is left over where it could not double; so does ours where it is the first (Stan adds one as short as 1).
    """
    plan = np.zeros(warmup, dtype=np.int64)
    if warmup < 20:
        return plan
    start, window, end = 75, 25, 50
    if warmup < start + window + end:
        start, end = int(0.15 * warmup), int(0.1 * warmup)
        window = warmup - start - end
    slow_end = warmup - end
    plan[start:slow_end] = COLLECT
    first = start
    while first < slow_end:
        last = slow_end if first + window + 2 * window > slow_end else first + window
        plan[last - 1] |= UPDATE | CLEAR | RESTART
        first, window = last, 2 * window
    return plan


def plan_gradients(warmup: int) -> NDArray[np.int64]:
    """The schedule of nuts-rs: the metric is set after every draw from the latest 80 to 240 of them (at first from
    the latest 10 to 20), and only the step size is adapted in the last 15%.
    """
    plan = np.zeros(warmup, dtype=np.int64)
    metric_end, early_end = _metric_end(warmup), int(0.3 * warmup)
    plan[:metric_end] = COLLECT | UPDATE
    window, filled = 10, 0
    for n in range(metric_end):
        filled += 1
        if n >= early_end:
            window = 80
        if filled >= window and n + window < metric_end:
            plan[n] |= ROTATE
            filled = 0
    return plan


def plan_fits(warmup: int, action: int) -> NDArray[np.int64]:
    """When a metric is fitted: `action` is FIT or FIT_IF_WORTH. To be added to `plan_gradients`.

    Correlations are many, and a fit takes dimension^3. So fits come at the ends of windows, which grow by half, when
    there are the most draws: those of the window and of the one before. On its way from the start a chain has a
    direction, but no correlations to learn: a thirtieth of the warm-up goes by in windows of 10 before the first fit.
    """
    plan = np.zeros(warmup, dtype=np.int64)
    metric_end, window, end = _metric_end(warmup), 10, 10
    while end + window < metric_end:
        plan[end - 1] = FORGET
        if end > warmup // 30:
            plan[end - 1] |= action
            window += window // 2
        end += window
    plan[metric_end - 1 : metric_end] = action
    return plan


def most_kept(plan: NDArray[np.int64]) -> int:
    """The most draws that a window holds at a time by this plan; 0 if nothing is fitted."""
    if not (plan & (FIT | FIT_IF_WORTH)).any():
        return 0
    most = kept = background = 0
    for action in plan:
        if action & COLLECT:
            kept += 1
            background += 1
            most = max(most, kept)
        if action & FORGET:
            kept, background = background, 0
    return most


def _metric_end(warmup: int) -> int:
    return warmup - int(0.15 * warmup)


@kernel
def adapt(actions, estimator, metric, moments, room, point):
    """Carry out, in place, the actions that the plan asks for after a transition to `point`."""
    if actions & COLLECT:
        collect(moments, 0, point.position, point.gradient)
        collect(moments, 1, point.position, point.gradient)
        keep(moments.window, point.position, point.gradient)
    if actions & ROTATE:
        rotate(moments)
    if actions & (FIT | FIT_IF_WORTH):
        refit(metric, moments.window, room, actions & FIT_IF_WORTH != 0)
    if actions & UPDATE and metric.form[IS_FITTED] == 0:
        update_metric(estimator, metric, moments)
    if actions & FORGET:
        forget(moments.window)
    if actions & CLEAR:
        rotate(moments)
        rotate(moments)


@kernel
def start_metric(estimator, metric, gradient):
    """A first metric from the gradient at the starting point: a steep direction is a short one (nuts-rs)."""
    if estimator == DRAWS_AND_GRADIENTS:
        for i in range(gradient.shape[0]):
            set_scale(metric, i, 1.0 / max(abs(gradient[i]), SMALLEST_VARIANCE))


@kernel
def collect(moments, row, position, gradient):
    """Add a draw and its gradient to one estimator."""
    moments.count[row] += 1.0
    weight = 1.0 / moments.count[row]
    dense = moments.draw_products.shape[1] > 0
    for i in range(position.shape[0]):
        deviation = position[i] - moments.draw_mean[row, i]
        if dense:
            # The deviations of i from the old mean, times those of j < i from the new one.
            for j in range(i):
                moments.draw_products[row, i, j] += deviation * (position[j] - moments.draw_mean[row, j])
        moments.draw_mean[row, i] += weight * deviation
        moments.draw_squares[row, i] += deviation * (position[i] - moments.draw_mean[row, i])
        deviation = gradient[i] - moments.gradient_mean[row, i]
        moments.gradient_mean[row, i] += weight * deviation
        moments.gradient_squares[row, i] += deviation * (gradient[i] - moments.gradient_mean[row, i])


@kernel
def rotate(moments):
    """The background becomes the foreground, and the background is emptied."""
    dimension, size = moments.draw_mean.shape[1], moments.draw_products.shape[1]
    moments.count[0], moments.count[1] = moments.count[1], 0.0
    for i in range(dimension):
        moments.draw_mean[0, i], moments.draw_mean[1, i] = moments.draw_mean[1, i], 0.0
        moments.draw_squares[0, i], moments.draw_squares[1, i] = moments.draw_squares[1, i], 0.0
        moments.gradient_mean[0, i], moments.gradient_mean[1, i] = moments.gradient_mean[1, i], 0.0
        moments.gradient_squares[0, i], moments.gradient_squares[1, i] = moments.gradient_squares[1, i], 0.0
    for i in range(size):
        for j in range(size):
            moments.draw_products[0, i, j], moments.draw_products[1, i, j] = moments.draw_products[1, i, j], 0.0


@kernel
def update_metric(estimator, metric, moments):
    """Set the metric from the foreground estimator; it stays what it was before there are three draws."""
    count = moments.count[0]
    if count < 3.0:
        return
    dimension, covariance = moments.draw_mean.shape[1], moments.covariance
    if covariance.shape[0] == 0:
        for i in range(dimension):
            set_scale(metric, i, marginal_variance(estimator, moments, i))
        return
    # Few draws tell little of correlations: shrink the covariances, and more so the fewer draws there are.
    trust = count / (count + 5.0)
    for i in range(dimension):
        for j in range(i):
            covariance[i, j] = trust * moments.draw_products[0, i, j] / (count - 1.0)
        covariance[i, i] = marginal_variance(estimator, moments, i)
    set_from_covariance(metric, covariance)


@kernel
def marginal_variance(estimator, moments, i):
    """The estimate of parameter i's variance from the foreground estimator; nan where there is none."""
    count = moments.count[0]
    if estimator == DRAWS_AND_GRADIENTS:
        return sqrt(moments.draw_squares[0, i] / moments.gradient_squares[0, i])
    variance = moments.draw_squares[0, i] / (count - 1.0)
    return (count / (count + 5.0)) * variance + 1e-3 * (5.0 / (count + 5.0))


@kernel
def set_scale(metric, i, variance):
    """Give parameter i this variance in the metric; keep the old one if it is not a positive number."""
    if SMALLEST_VARIANCE < variance < LARGEST_VARIANCE:
        set_diagonal_element(metric, i, sqrt(variance))
