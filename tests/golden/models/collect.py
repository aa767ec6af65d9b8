"""Writes what the product knows beforehand, models/data/*.json, from the golden files: see `models/exact.py`.

python tests/golden/models/collect.py
"""

import csv
import json
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parents[2] / "models" / "data"

# Non-centred models have the posterior of the centred ones; that of their z is not known.
FILES = {name: name for name in ("mRS", "mST", "mSTnomem", "mSTP", "m0", "mf", "mr", "mrx")}
FILES |= {"mSTnc": "mST", "mSTPnc": "mSTP"}
FROGS = ("mST", "mSTnomem", "mSTP")
CRITERIA = {"WAIC": "WAIC", "SE": "WAIC_se_rethinking", "pWAIC": "pWAIC"}
CRITERIA |= {name: name for name in ("looic", "looic_se", "p_loo")}
PUBLISHED_DRAWS = 2000


def exact_posteriors():
    """{model: {parameter: [mean, sd, 5.5% quantile, 94.5% quantile]}} of all golden files."""
    parameters = {name: golden(f"exact_{file}.json")["parameters"] for name, file in FILES.items()}
    parameters["cafes"] = golden("exact_cafes.json")["states"][-1]["parameters"]
    return {
        name: {parameter: [values[key] for key in ("mean", "sd", "q5_5", "q94_5")] for parameter, values in of.items()}
        for name, of in parameters.items()
    }


def exact_errors():
    """{model: [bound of the error of means and sds, of any number]}, of the same files."""
    files = {name: golden(f"exact_{file}.json") for name, file in (FILES | {"cafes": "cafes"}).items()}
    return {name: [of.get("error_bound_moments", of["error_bound"]), of["error_bound"]] for name, of in files.items()}


def exact_criteria():
    """WAIC and exact leave-one-tank-out of the models of tadpoles, and their differences."""
    found = {name: golden(f"exact_{name}.json")["ic"] for name in FROGS}
    return {
        "models": {name: {key: of[golden_key] for key, golden_key in CRITERIA.items()} for name, of in found.items()},
        "differences": golden("exact_frog_differences.json"),
    }


def long_runs():
    """{model: {scalar: [mean, sd, Monte Carlo standard error of the mean]}}."""
    parameters = golden("nutpie_mru.json")["parameters"]
    scalars = {name: values for name, values in parameters.items() if "[" not in name}
    return {"mru": {name: [of["mean"], of["sd"], of["mcse_mean"]] for name, of in scalars.items()}}


def published():
    """The lecture's tables, and the scatter of such numbers over runs of as many draws."""
    noise = golden("noise_at_lecture_size.json")
    noise["mSTnomem"] |= noise["mSTnomem_minus_mST"]
    return {
        "draws": PUBLISHED_DRAWS,
        "precis": rows("published_precis_mST.csv"),
        "compare": rows("published_compare_mST_mSTnomem.csv"),
        "scatter": {
            name: {key: [of["mean_of_blocks"], of["sd_of_blocks"]] for key, of in noise[name].items()}
            for name in ("mST", "mSTnomem")
        },
    }


def golden(file):
    """The content of a golden file."""
    return json.loads((HERE / file).read_text(encoding="utf-8"))


def rows(file):
    """{first cell: {column: number, or None of an empty cell}} of a golden CSV file."""
    with open(HERE / file, newline="", encoding="utf-8") as lines:
        first, *columns = next(lines).strip().split(",")
        found = csv.DictReader(lines, [first, *columns])
        return {row[first]: {key: float(row[key]) if row[key] else None for key in columns} for row in found}


COLLECTED = {
    "exact_posteriors": exact_posteriors,
    "exact_errors": exact_errors,
    "exact_criteria": exact_criteria,
    "long_runs": long_runs,
    "published": published,
}

if __name__ == "__main__":
    for name, collected in COLLECTED.items():
        (TARGET / f"{name}.json").write_text(json.dumps(collected(), indent=1) + "\n", encoding="utf-8")
