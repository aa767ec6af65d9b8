"""The lecture's models in PyMC, from the data of ours, so that two samplers can draw from one posterior.

Written as PyMC's users write them, from the formulas; parameters have the names and shapes of ours. Of the models of
ordered responses, which PyMC's own distribution makes slow, there are tuned versions too: written as ours are, for
speed, so that what is left of a ratio is the samplers'. Also an independent check: `disagreement` compares the two log
densities.
"""

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.distributions.transforms import ordered

from hmc.parameters import blocks
from hmc.transforms import ORDERED, REAL, SIMPLEX, simplex_log_jacobian


def pymc_model(name, model, tuned=False):
    """The PyMC model of the lecture model called `name`, on the data of `model`.

    ValueError for a name without one, or, with `tuned`, without a tuned one (see TUNED).
    """
    builders = TUNED if tuned else PLAIN
    if name not in builders:
        raise ValueError(f"no {'tuned ' if tuned else ''}PyMC model is written for {name}, only {', '.join(builders)}")
    with pm.Model() as peer:
        builders[name](model.data)
    return peer


def disagreement(model, peer, positions=5):
    """How far the two log densities are apart but for a constant, at worst, relative to their size.

    At `positions` unconstrained positions uniform in (-1, 1). Densities are of constrained values: each side may have
    a transformation of its own, so the log Jacobian is taken out of ours, and left out of the peer's.
    """
    rng = np.random.default_rng(1)
    peer_log_density = peer.compile_logp(jacobian=False, mode="FAST_COMPILE")
    differences, sizes = [], []
    for _ in range(positions):
        position = rng.uniform(-1.0, 1.0, model.dimension)
        log_density = model.evaluate(position)[0] - log_jacobian(model, position)
        differences.append(log_density - float(peer_log_density(peer_point(peer, model.constrain(position)))))
        sizes.append(abs(log_density))
    return (max(differences) - min(differences)) / max(sizes)


def peer_point(peer, values):
    """Constrained values {name: array} as PyMC's functions take them, transformed."""
    point = {}
    for variable in peer.free_RVs:
        transform, value = peer.rvs_to_transforms[variable], values[variable.name]
        if transform is not None:
            value = transform.forward(pt.constant(value), *variable.owner.inputs).eval()
        point[peer.rvs_to_values[variable].name] = np.asarray(value)
    return point


def log_jacobian(model, position):
    """The log Jacobian of all our transformations at an unconstrained position."""
    total = 0.0
    for parameter, part in blocks(model.parameters):
        free = position[part]
        if parameter.constraint.kind == SIMPLEX:
            total += sum(simplex_log_jacobian(row) for row in free.reshape(-1, parameter.shape[-1] - 1))
        elif parameter.constraint.kind != REAL:  # positive, or all but the first of ordered ones
            total += free[1 if parameter.constraint.kind == ORDERED else 0 :].sum()
    return total


def _cafes(data):
    z = pm.Normal("z", 0, 1, shape=data.cafes)
    # Of the int 10, PyTensor takes the reciprocal in single precision.
    a = pm.Normal("a_bar", 2, 0.5) + z * pm.Exponential("sigma", np.float64(10))
    pm.Poisson("wait", pt.exp(a[data.cafe]), observed=data.wait.astype(int))


def _centred(data, *slopes):
    _survival(data, _intercepts(data, pm.Exponential("sigma", 1)), slopes)


def _noncentred(data, *slopes):
    z = pm.Normal("z", 0, 1, shape=data.survived.size)
    _survival(data, pm.Normal("a_bar", 0, 1.5) + z * pm.Exponential("sigma", 1), slopes)


def _known_spread(data, sigma):
    _survival(data, _intercepts(data, sigma))


def _intercepts(data, sigma):
    return pm.Normal("a", pm.Normal("a_bar", 0, 1.5), sigma, shape=data.survived.size)


def _survival(data, intercepts, slopes=()):
    logit_p = intercepts
    for slope, predictor in zip(slopes, data.predictors, strict=True):
        logit_p = logit_p + pm.Normal(slope, 0, 0.5) * predictor
    pm.Binomial("S", n=data.density.astype(int), logit_p=logit_p, observed=data.survived.astype(int))


def _outcome(data, intercepts):
    """Y, given the groups' intercepts but for their Z."""
    bxy, bzy = pm.Normal("bxy", 0, 1), pm.Normal("bzy", 0, 1)
    pm.Bernoulli("Y", logit_p=(intercepts + bzy * data.Z)[data.group] + bxy * data.X, observed=data.Y.astype(int))


def _varying_intercepts(data):
    z = pm.Normal("z", 0, 1, shape=data.Z.size)
    return pm.Normal("abar", 0, 1) + z * pm.Exponential("tau", 1)


def _m0(data):
    _outcome(data, pm.Normal("a", 0, 10))


def _mf(data):
    _outcome(data, pm.Normal("a", 0, 10, shape=data.Z.size))


def _mr(data):
    _outcome(data, _varying_intercepts(data))


def _mrx(data):
    size = np.bincount(data.group, minlength=data.Z.size)
    mean_x = np.bincount(data.group, data.X, data.Z.size) / np.maximum(size, 1)  # of an empty group it does not matter
    _outcome(data, _varying_intercepts(data) + pm.Normal("buy", 0, 1) * mean_x)


def _mru(data):
    u = pm.Normal("u", 0, 1, shape=data.Z.size)
    _outcome(data, _varying_intercepts(data) + pm.Normal("buy", 0, 1) * u)
    x_mean = pm.Normal("aX", 0, 1) + pm.Exponential("bux", 1) * u
    pm.Normal("X", x_mean[data.group], pm.Exponential("sigma", 1), observed=data.X)


def _cutpoints():
    """As in Stan, the prior of ordered cutpoints is not renormalised."""
    return pm.Normal("alpha", 0, 1, shape=6, transform=ordered, initval=np.linspace(-2, 2, 6))


def _responses(phi, response):
    """Responses, from 0."""
    pm.OrderedLogistic("R", eta=phi, cutpoints=_cutpoints(), compute_p=False, observed=response)


def _responses_by_cases(phi, response):
    """The same for responses in ascending order, with two sigmoids each at most, not one for every cutpoint."""
    alpha = _cutpoints()
    first, last = np.searchsorted(response, (1, 6))
    above, below = alpha[response[first:last]] - phi[first:last], alpha[response[first:last] - 1] - phi[first:last]
    log_likelihood = pt.log(pt.sigmoid(above) - pt.sigmoid(below)).sum()
    log_likelihood -= pt.softplus(phi[:first] - alpha[0]).sum() + pt.softplus(alpha[5] - phi[last:]).sum()
    pm.Potential("R", log_likelihood)


def _mrs(data):
    b = pm.Normal("b", 0, 1, shape=data.counts.shape[1])
    _responses(b[data.story], data.response)


def _mrs_by_counts(data):
    """The same but for a constant: PyMC has no ordered logit of counts, but a multinomial."""
    b = pm.Normal("b", 0, 1, shape=data.counts.shape[1])
    p = pm.OrderedLogistic.compute_p(b, _cutpoints())
    counts = data.counts.T.astype(int)
    pm.Multinomial("R", n=counts.sum(axis=1), p=p, observed=counts)


def _centred_effects(data):
    sigma_story, sigma_participant = pm.Exponential("sigmaS", 1), pm.Exponential("sigmaU", 1)
    of_story = pm.Normal("as", 0, sigma_story, shape=data.stories)
    return of_story, pm.Normal("au", 0, sigma_participant, shape=data.gender.size)


def _partly_centred_effects(data):
    of_story = pm.Normal("as", 0, pm.HalfNormal("sigmaS", 1), shape=data.stories)
    return of_story, pm.Normal("zu", 0, 1, shape=data.gender.size) * pm.HalfNormal("sigmaU", 1)


def _shared_parameters():
    """The slopes by name and gender, and what each level of education adds, by gender."""
    b = {name: pm.Normal(name, 0, 0.5, shape=2) for name in ("bA", "bI", "bC", "bE", "bY")}
    delta = pm.Dirichlet("delta", np.full(7, 2.0), shape=(2, 7))
    return b, pt.concatenate([pt.zeros((2, 1)), pt.cumsum(delta, axis=1)], axis=1)


def _with_everything(data, effects):
    """Row by row, as the formula reads."""
    of_story, of_participant = effects(data)
    b, schooling = _shared_parameters()
    gender, scene = data.gender[data.participant], data.scene
    phi = (
        b["bE"][gender] * schooling[gender, data.education[data.participant]]
        + b["bA"][gender] * data.action[scene]
        + b["bI"][gender] * data.intention[scene]
        + b["bC"][gender] * data.contact[scene]
        + b["bY"][gender] * data.age[data.participant]
        + of_story[data.story[scene]]
        + of_participant[data.participant]
    )
    _responses(phi, _response(data))


def _with_everything_once(data, effects):
    """What depends on the participant or the scene alone is computed once for each."""
    of_story, of_participant = effects(data)
    b, schooling = _shared_parameters()
    g, h = data.gender, data.scene_gender
    of_participant += b["bE"][g] * schooling[g, data.education] + b["bY"][g] * data.age
    of_scene = b["bA"][h] * data.action + b["bI"][h] * data.intention + b["bC"][h] * data.contact + of_story[data.story]
    _responses_by_cases(of_participant[data.participant] + of_scene[data.scene], _response(data))


def _response(data):
    """Each response, from 0, in ascending order, as the rows of the data stand."""
    return np.repeat(np.arange(7), np.diff(data.first[:, [0, -1]]).ravel())


PLAIN = {
    "mRS": _mrs,
    "cafes": _cafes,
    "mST": _centred,
    "mSTnomem": lambda data: _known_spread(data, 1.0),
    "mST_fixed": lambda data: _known_spread(data, data.sigma),
    "mSTnc": _noncentred,
    "mSTP": lambda data: _centred(data, "bP"),
    "mSTPnc": lambda data: _noncentred(data, "bP"),
    "mSTD": lambda data: _centred(data, "bD"),
    "mSTG": lambda data: _centred(data, "bG"),
    "mSTPDG": lambda data: _centred(data, "bP", "bD", "bG", "bPG"),
    "m0": _m0,
    "mf": _mf,
    "mr": _mr,
    "mrx": _mrx,
    "mru": _mru,
    "mRXma": lambda data: _with_everything(data, _centred_effects),
    "mRXma2": lambda data: _with_everything(data, _partly_centred_effects),
}
TUNED = {
    "mRS": _mrs_by_counts,
    "mRXma": lambda data: _with_everything_once(data, _centred_effects),
    "mRXma2": lambda data: _with_everything_once(data, _partly_centred_effects),
}
