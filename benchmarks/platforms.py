"""Are a browser's draws those of `hmc.sample`, bit for bit? python benchmarks/platforms.py [MODEL ...] [--open PROGRAM]

It serves a page on this machine, which runs each model's module and sends all positions and statistics back, the
warm-up's too. Open the address that it prints in the browser in question; `--open "firefox --headless"` starts one.
With `--host` and this machine's address in its network, a telephone can open it. It prints a line for each model, and
ends with the status 1 if a bit differs.
"""

import argparse
import contextlib
import http.server
import json
import queue
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import numpy as np

import hmc
import hmc.web
import models
from figures.sampler.toys import TOYS
from tests.hmc.helpers import node

SCRIPTS = Path(hmc.web.__file__).parent / "js"
LONGEST = 300.0  # seconds that a browser may take for a model, and until it asks for the first
OPTIONS = {"mST_fixed": {"sigma": 0.3}, "mRXma": {"participants": 12}, "mRXma2": {"participants": 12}}
SHORT = {"chains": 2, "warmup": 100, "draws": 40, "keep_warmup": True}
SETTINGS = [
    {**SHORT, "seed": 12},
    {**SHORT, "seed": 2**40 + 7},
    {**SHORT, "seed": 12, "algorithm": "walnuts", "tolerance": 0.7},
]
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Draws of a browser</title>
<body>Running ...
<script type="module">
import { load, sample } from "./js/hmc.mjs";
const send = (path, body) => fetch(path, { method: "POST", body });
try {
  const { models, settings } = await (await fetch("plan")).json();
  for (const name of models) {
    const model = await load(await (await fetch(`module/${name}`)).arrayBuffer());
    for (const each of settings) {
      const { position, stats, warmup, warmup_stats } = sample(model, each);
      const arrays = { position, ...stats, warmup_position: warmup };
      for (const [key, values] of Object.entries(warmup_stats)) arrays[`warmup_${key}`] = values;
      for (const [key, values] of Object.entries(arrays)) await send(`array/${key}`, Float64Array.from(values));
      await send("run", navigator.userAgent);
    }
  }
  document.body.textContent = "Done.";
} catch (error) {
  await send("error", `${error}`);
  document.body.textContent = error;
}
</script>
"""


def main(arguments=None):
    """The status that the program ends with."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [*TOYS, *models.names()]
    parser.add_argument("models", nargs="*", metavar="MODEL", help="of the lecture, or a toy (default: all)")
    parser.add_argument("--open", metavar="PROGRAM", help="a browser to start, which is ended when all is compared")
    parser.add_argument("--host", default="127.0.0.1", help="address to serve at (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="(default: a free one)")
    options = parser.parse_args(arguments)
    for name in options.models:
        if name not in names:
            parser.error(f"no model is called {name}; there are {', '.join(names)}")
    if options.open and not shutil.which(shlex.split(options.open)[0]):
        parser.error(f"--open {options.open}: there is no such program")
    built = {name: _built(name) for name in options.models or names}
    modules = {name: hmc.web.module(model) for name, model in built.items()}
    heard = queue.Queue()
    with http.server.ThreadingHTTPServer((options.host, options.port), _handler(modules, heard)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://{options.host}:{server.server_address[1]}/"
        print(f"open {address}", flush=True)
        try:
            with _opened(options.open, address):
                return _compared(built, heard)
        finally:
            server.shutdown()


@contextlib.contextmanager
def _opened(command, address):
    """A browser with a profile of its own, if a command is given, which shows the address meanwhile."""
    if not command:
        yield
        return
    program, *rest = shlex.split(command)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        profile = ["--profile", folder, "--no-remote"] if "firefox" in program else [f"--user-data-dir={folder}"]
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        browser = subprocess.Popen([program, *rest, *profile, address], **silent)
        try:
            yield
        finally:
            browser.terminate()
            browser.wait()


def _built(name):
    return TOYS[name].model() if name in TOYS else models.build(name, **OPTIONS.get(name, {}))


def _compared(built, heard):
    """1 if anything differs or fails, else 0; a line for each model."""
    status, agents = 0, []
    for name, model in built.items():
        differ = []
        for settings in SETTINGS:
            try:
                agent, run = heard.get(timeout=LONGEST)
            except queue.Empty:
                agent, run = f"nothing was heard for {LONGEST:g} seconds", None
            if run is None:
                print(f"{name}: {agent}")
                return 1
            if agent not in agents:
                agents.append(agent)
                print(agent, flush=True)
            how = f"{settings.get('algorithm', 'nuts')}, seed {settings['seed']}"
            differ += [f"{key} ({how})" for key in node.not_of_library(model, settings, run)]
        status = 1 if differ else status
        print(f"{name}: {'differs: ' + ', '.join(differ) if differ else 'the same bits'}", flush=True)
    return status


def _handler(modules, heard):
    """A handler of requests, which puts (browser, {name: array}) of each run into `heard`, or (error, None)."""
    arrays = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            kind, content = _served(self.path.strip("/"), modules)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content or b"")

        def do_POST(self):
            path, body = self.path.strip("/"), self.rfile.read(int(self.headers["Content-Length"]))
            if path.startswith("array/"):
                arrays[path.removeprefix("array/")] = np.frombuffer(body, "<f8")
            elif path == "run":
                heard.put((body.decode(), dict(arrays)))
                arrays.clear()
            else:
                heard.put((body.decode(), None))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    return Handler


def _served(path, modules):
    """(type of content, bytes) of a path; None for bytes where there is nothing."""
    if path == "":
        return "text/html", PAGE.encode()
    if path == "plan":
        return "application/json", json.dumps({"models": list(modules), "settings": SETTINGS}).encode()
    if path.startswith("module/") and path.removeprefix("module/") in modules:
        return "application/wasm", modules[path.removeprefix("module/")]
    script = SCRIPTS / Path(path).name
    if path.startswith("js/") and script.suffix == ".mjs" and script.exists():
        return "text/javascript", script.read_bytes()
    return "text/plain", None


if __name__ == "__main__":
    sys.exit(main())
