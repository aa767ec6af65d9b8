"""Claims about figures of any fit: they say how to read them, and their numbers are constants of the code."""

from __future__ import annotations

from statistics import NormalDist

from figures import convergence

CLAIMS = {
    "traces": {
        "the same distribution": "a condition",
        "so that no chain stands out": "how chains of one distribution look",
        "in any chain": "drawn so",
    },
    "ranks": {
        "the same distribution share all ranks evenly": "the meaning of one distribution",
        "would lie within the grey band in 99 bins of 100": lambda shown: (
            abs(2.0 * NormalDist().cdf(convergence.NORMAL_99) - 1.99) < 1e-4
        ),
    },
    "predictive": {
        "the band holds 89% of the replicated data sets": "drawn so",
        "on the 89% interval of its replicates": "drawn so",
        "at least 89% of the points on their": "the meaning of an 89% interval",
        "it looks better than for new data: nearly all points lie on their intervals if each observation has": (
            "a rule of reading: the data are used twice"
        ),
    },
    "centring": {
        "Near 1": "the value of a ratio",
        "Near 0": "the value of a ratio",
    },
    "energies": {
        "Only the new momentum changes the energy from draw to draw": "the dynamics keep it, but for small errors",
        "if they are much narrower": "a condition",
        "The ratio of the two": "its definition",
        "near 1 is good, below 0.3 is bad": lambda shown: convergence.LOW_EBFMI == 0.3,
    },
}
