"""Exact posterior means and standard deviations, where the project stores them."""

import json

from models.tables import BUNDLED


def exact_posterior(name):
    """{"a[1]": (mean, sd), ..., "sigma": (mean, sd)} of the model `name` with its bundled data; None if not stored.

    By deterministic quadrature, to 1e-5 or better; of the non-centred mSTnc and mSTPnc without their z. Method, error
    bounds and provenance in tests/golden/models/README.md.
    """
    stored = json.loads((BUNDLED / "exact_posteriors.json").read_text(encoding="utf-8"))
    return {parameter: tuple(moments) for parameter, moments in stored[name].items()} if name in stored else None
