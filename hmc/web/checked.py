"""That a module gives the draws of `hmc.sample`: it brings some along, and whoever loads it sees whether it finds them.

LLVM has been seen to make modules that run and are wrong: of code that was optimised for another machine. Python cannot
run WebAssembly, and no code for this machine has a module's addresses of four bytes. So each module has with it the end
of a short chain that the native sampler ran, and is tried wherever it is loaded: here by Node, if there is one; and in
each browser, by `load` of `js/hmc.mjs`, before anything is shown.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hmc.errors import HMCError, InitializationError
from hmc.sampler.chain import make_buffers, make_record
from hmc.sampler.machine_code import compiled_advance
from hmc.sampler.starting import chain_rng, make_orders, start
from hmc.settings import check_settings

if TYPE_CHECKING:
    from hmc.model import Model

# Few gradients, 600 at most; with a fit of the metric, trees, and both phases.
SETTINGS: dict[str, Any] = {"chains": 1, "warmup": 30, "draws": 10, "seed": 12, "max_depth": 4}
_SCRIPT = Path(__file__).parent / "js" / "check.mjs"
_HANGS = 300  # seconds


def native_end(model: "Model") -> dict[str, Any] | None:
    """The settings of a short chain and the position that it ends at; None where it finds no start."""
    settings = check_settings(**SETTINGS)
    orders = make_orders(settings, np.zeros(1, np.int64), np.zeros(1, np.int64))
    rng, density = chain_rng(settings, 0), model.density()
    try:
        state = start(model, density, settings, 0, rng, orders.stop)
    except InitializationError:
        return None
    record = make_record(settings.draws, orders.until, model.dimension)
    buffers = make_buffers(state, settings.max_depth)
    compiled_advance()(*density, rng.bit_generator, state, buffers, orders, record)
    return {"settings": SETTINGS, "position": record.position[-1].tolist()}


def verify(module: bytes) -> bool:
    """Whether a module was tried here: False where there is no Node. HMCError if its draws are not `hmc.sample`'s."""
    node = shutil.which("node")
    if node is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.wasm"
        path.write_bytes(module)
        done = subprocess.run(
            [node, str(_SCRIPT), str(path)], capture_output=True, text=True, timeout=_HANGS, check=False
        )
    if done.returncode != 0:
        raise HMCError(done.stderr.strip())
    return True
