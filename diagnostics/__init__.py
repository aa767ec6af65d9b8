"""Statistics of draws: convergence, precision, predictive criteria. Arrays in, numbers out.

Draws have the shape (chains, draws, ...), log likelihoods (chains, draws, observations). Only `precis`,
`compare` and `verdict` take a fit: the first two read its names, draws and log likelihood, `verdict` also reads the
sampler's statistics. `loo_refit`, `kfold` and `calibrate` sample models; nothing else here uses the sampler.

Read in this order: protocols, arrays, rank, rhat, rhat_nested, rstar, ess, mcse; cautions, waic, psis, pareto,
stacking; moment_matching, loo_pit, r2, power_scaling; refits, loo_refit, kfold; precis, same_data, differences,
compare; energy, hierarchy, findings, quantities, verdict; ecdf, calibration_verdict, calibration; chi_square_sums,
verification. How a notebook shows them: markup, pictures, cells.
"""

from .calibration import calibrate
from .calibration_verdict import Calibration
from .compare import akaike_weights, compare
from .ecdf import Band, Uniformity, ecdf_band, rank_counts, uniformity
from .energy import ebfmi
from .ess import (
    autocorrelation,
    autocovariance,
    ess_basic,
    ess_bulk,
    ess_mean,
    ess_median,
    ess_quantile,
    ess_sd,
    ess_tail,
)
from .kfold import KFold, kfold
from .loo_pit import loo_pit
from .loo_refit import loo_refit
from .mcse import mcse_mean, mcse_median, mcse_quantile, mcse_sd
from .moment_matching import Matching, loo_moment_match, moment_match
from .pareto import convergence_rate, min_ss, pareto_khat
from .power_scaling import cjs_distance, power_scaling_sensitivity
from .precis import precis
from .psis import k_threshold, psis, psis_loo, relative_efficiency
from .r2 import bayes_r2, loo_r2
from .rank import average_ranks, fold, rank_histogram, rank_normalize, split_chains
from .rhat import rhat, rhat_basic
from .rhat_nested import rhat_nested
from .rstar import rstar, rstar_distribution
from .stacking import stacking_weights
from .verdict import Finding, Verdict, verdict
from .verification import Verification, verify
from .waic import waic

__all__ = [
    "Band",
    "Calibration",
    "Finding",
    "KFold",
    "Matching",
    "Uniformity",
    "Verdict",
    "Verification",
    "akaike_weights",
    "autocorrelation",
    "autocovariance",
    "average_ranks",
    "bayes_r2",
    "calibrate",
    "cjs_distance",
    "compare",
    "convergence_rate",
    "ebfmi",
    "ecdf_band",
    "ess_basic",
    "ess_bulk",
    "ess_mean",
    "ess_median",
    "ess_quantile",
    "ess_sd",
    "ess_tail",
    "fold",
    "k_threshold",
    "kfold",
    "loo_moment_match",
    "loo_pit",
    "loo_r2",
    "loo_refit",
    "mcse_mean",
    "mcse_median",
    "mcse_quantile",
    "mcse_sd",
    "min_ss",
    "moment_match",
    "pareto_khat",
    "power_scaling_sensitivity",
    "precis",
    "psis",
    "psis_loo",
    "rank_counts",
    "rank_histogram",
    "rank_normalize",
    "relative_efficiency",
    "rhat",
    "rhat_basic",
    "rhat_nested",
    "rstar",
    "rstar_distribution",
    "split_chains",
    "stacking_weights",
    "uniformity",
    "verdict",
    "verify",
    "waic",
]
