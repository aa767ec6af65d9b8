"""Writes models/data/exact_posteriors.json, which `hmc fit --exact` prints from: exact means and standard deviations.

python tests/golden/models/collect.py
"""

import json
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parents[2] / "models" / "data" / "exact_posteriors.json"

# Non-centred models have the posterior of the centred ones; that of their z is not known.
FILES = {name: name for name in ("mRS", "mST", "mSTnomem", "mSTP", "m0", "mf", "mr", "mrx")}
FILES |= {"mSTnc": "mST", "mSTPnc": "mSTP"}


def collected():
    """{model: {parameter: [mean, sd]}} of all golden files."""
    parameters = {name: golden(f"exact_{file}.json")["parameters"] for name, file in FILES.items()}
    parameters["cafes"] = golden("exact_cafes.json")["states"][-1]["parameters"]
    return {
        name: {parameter: [values["mean"], values["sd"]] for parameter, values in found.items()}
        for name, found in parameters.items()
    }


def golden(file):
    """The content of a golden file."""
    return json.loads((HERE / file).read_text(encoding="utf-8"))


if __name__ == "__main__":
    TARGET.write_text(json.dumps(collected(), indent=1) + "\n", encoding="utf-8")
