"""Claims of the lecture's own words: the texts of its parts, the lines about its models, the captions of its tables."""

from __future__ import annotations

import numpy as np

from diagnostics.waic import compute_waic
from figures.claims.cafes import CLAIMS as OF_CAFES
from figures.claims.draws import rises
from figures.lecture.contents import PARTS
from models.cafes import CAFES
from models.reedfrogs import TANKS
from models.tables import read
from models.trolley.ordered_logit import RESPONSES


def _shown_sigma(fits):
    """Of the fit of `mST_fixed` whose card the page shows."""
    (card,) = [each for part in PARTS for each in part.contents if getattr(each, "name", "") == "mST_fixed"]
    return fits[card.nth].model.data.sigma


def _p_waic(shown, name):
    return compute_waic(shown[name].log_likelihood).p_waic


def _parameters(shown, name):
    return shown[name].unconstrained.shape[2]


def _memory_costs_less(shown):
    fewer = _parameters(shown, "mSTnomem") < _parameters(shown, "mST")
    return fewer and _p_waic(shown, "mST") < _p_waic(shown, "mSTnomem")


def _each_costs_less(shown):
    names = sorted(("mST", "mSTnomem", "mSTP", "mSTPDG"), key=lambda name: _parameters(shown, name))
    return rises([_parameters(shown, name) for name in names]) and rises([-_p_waic(shown, name) for name in names])


CLAIMS = {
    "part:trolley": {
        "from 1 to 7": lambda shown: RESPONSES == 7,
        "Each of the 12 stories was read hundreds of times": lambda shown: (
            shown["mRS"].model.data.counts.shape[1] == 12 and shown["mRS"].model.data.counts.sum(axis=0).min() > 200
        ),
    },
    "part:participants": {
        "Each participant answered 30 scenes": lambda shown: (
            set(np.bincount(shown["mRXma2"].model.data.participant.astype(int))) == {30}
        ),
    },
    "part:cafes": {
        "five cafes": lambda shown: read(CAFES, None)["cafe"].max() == 5,
        "two perspectives": "both are named",
        "It learns faster": OF_CAFES["learning_curves"]["Memory learns faster"],
    },
    "part:tadpoles": {
        "each of 48 tanks": lambda shown: read(TANKS, None)["surv"].size == 48,
    },
    "part:confounds": {
        "Five estimators": "m0, mf, mr, mrx and mru, which are named",
        "`m0` ignores groups": "its formula",
    },
    "part:coverage": {
        "the same truth": "the design of the studies",
        "far off each estimator": "a question that the figure answers",
    },
    "part:failing": {},
    "model:mRXma2": {"The same with half-normal priors": "the formula of mRXma, but for these"},
    "model:mSTnomem": {
        "given as 1": "its formula",
        "no tank teaches how much tanks differ": "sigma is given",
    },
    "model:mST_fixed": {
        "here 5": lambda shown: abs(_shown_sigma(shown["mST_fixed"]) - 5.0) < 0.05,
        "tanks are hardly pooled": "shown by `pooling`",
    },
    "model:m0": {"No groups": "its formula"},
    "model:mr": {"the backdoor is half closed": "shown by `closing_questions`: a bias smaller than that of m0"},
    "model:schools_nc": {"The same posterior": "a change of variables"},
    "model:schools": {},
    "model:mru_normal": {"two mirror modes": "shown by `mirror`"},
    "model:mSTnc": {"data that say much": "shown by `funnel`"},
    "table:participants": {"each answered 30 scenes": "counted in the table"},
    "table:penalties": {
        "not the number of parameters": _each_costs_less,
        "mST has more parameters than mSTnomem, and a smaller penalty pWAIC": _memory_costs_less,
        "leave each intercept less free": _each_costs_less,
        "each further parameter comes with a smaller penalty": _each_costs_less,
    },
    "table:mST_mSTnomem_WAIC": {
        "learns nothing from the others": "its formula: sigma is given",
        "Its penalty pWAIC is larger, though it has one parameter less: learning from all tanks leaves each intercept "
        "less free": _memory_costs_less,
    },
    "table:mST_mSTP_PSIS": {
        "a parameter that only this tank informs": "its intercept",
    },
    "table:estimators": {
        "Five estimators": "its rows",
        "the same study": "each is a fit of the bundled study",
    },
    "table:coverage": {
        "Five estimators": "its rows",
        "may be 0": "the ideal",
    },
}
