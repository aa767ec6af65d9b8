"""Whether two checkouts give the same draws: every model of the lecture at two seeds, compared bit for bit.

    python benchmarks/same_draws.py OTHER_CHECKOUT

Each checkout runs in a process of its own, on the Python that runs this. Prints a line per model: a hash of its draws
and statistics, and whether both agree. The exit status is 1 where some do not.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

SEEDS = (12, 2026)
HASHES = """
import hashlib, json, sys
import hmc, models

required = {"mST_fixed": {"sigma": 1.0}}
found = {}
for name in models.names():
    for seed in map(int, sys.argv[1:]):
        model = models.build(name, **required.get(name, {}))
        settings = {"metric": "diag", "workers": 1, "progress": False}
        fit = hmc.sample(model, chains=2, warmup=300, draws=200, seed=seed, **settings)
        digest = hashlib.sha256(fit.unconstrained.tobytes() + fit.inverse_metric.tobytes())
        for statistic in sorted(fit.stats):
            digest.update(fit.stats[statistic].tobytes() + fit.warmup_stats[statistic].tobytes())
        found[f"{name}, seed {seed}"] = digest.hexdigest()[:16]
print(json.dumps(found))
"""


def hashes(checkout):
    """{model and seed: hash} of a checkout's draws."""
    environment = dict(os.environ) | {"PYTHONPATH": str(Path(checkout).resolve())}
    command = [sys.executable, "-c", HASHES, *map(str, SEEDS)]
    done = subprocess.run(command, env=environment, cwd=checkout, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", help="folder of the other checkout")
    other = hashes(parser.parse_args().other)
    here = hashes(Path(__file__).parents[1])
    for name, digest in here.items():
        print(f"{name:24} {digest} {'the same' if other.get(name) == digest else 'DIFFERENT: ' + str(other.get(name))}")
    return 0 if here == other else 1


if __name__ == "__main__":
    sys.exit(main())
