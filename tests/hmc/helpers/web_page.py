"""A page of the engine alone, for tests in a browser: one file that needs nothing else, under a strict policy.

The modules of hmc/web/js become one script, as in the page of `hmc explore`: in the order of their imports, without
`import` and `export`. It defines `window.hmc`, and runs itself in a Web Worker too.
"""

import base64
import hashlib
import json
import re
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "hmc" / "web" / "js"

_WIRED = """
const MODULES = %s;
const loaded = {};
const modelOf = (name) => (loaded[name] ??= load(Uint8Array.from(atob(MODULES[name]), (c) => c.charCodeAt(0))));
const hmc = {
  models: () => Object.keys(MODULES),
  sample: async (name, settings) => sample(await modelOf(name), settings),
  record: async (name, settings) => record(await modelOf(name), settings),
};
const inWorker = typeof WorkerGlobalScope !== "undefined";
if (inWorker) onmessage = async ({ data: [call, ...given] }) => postMessage(await hmc[call](...given));
else {
  hmc.ready = Promise.resolve();
  const text = document.getElementById("engine").textContent;
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  hmc.aside = (...asked) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(url);
      worker.onmessage = ({ data }) => (worker.terminate(), resolve(data));
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(asked);
    });
  window.hmc = hmc;
}
"""


def script_of(path, done=None):
    """A module and all that it imports, as one script."""
    done = [] if done is None else done
    text = path.read_text(encoding="utf-8")
    parts = []
    for name in re.findall(r'^import [^;]* from "\./(.*?)";', text, re.MULTILINE):
        if name not in done:
            done.append(name)
            parts.append(script_of(path.with_name(name), done))
    text = re.sub(r"^import [^;]*;\n", "", text, flags=re.MULTILINE)
    return "".join(parts) + re.sub(r"^export ", "", text, flags=re.MULTILINE)


def page_of(modules):
    """The HTML of a page with the modules, {name: bytes}."""
    encoded = {name: base64.b64encode(module).decode() for name, module in modules.items()}
    script = script_of(FOLDER / "hmc.mjs") + _WIRED % json.dumps(encoded)
    # From the file system a worker of a blob has the page's policy; its script is the page's own.
    own = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; script-src 'sha256-{own}' 'wasm-unsafe-eval'; worker-src blob:"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>engine</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><link rel="icon" href="data:,">'
        f'<script id="engine">{script}</script></html>'
    )


def of_other_draws(module):
    """A module whose description has another first digit in the position that its short chain ends at."""
    before, digit, after = re.split(rb'(?<="position": \[)(-?\d)', module, maxsplit=1)
    return before + (digit[:-1] + (b"3" if digit[-1:] != b"3" else b"4")) + after
