"""The types that JSDoc gives the JavaScript of the page and the engine hold together, by TypeScript's checker.

`npm install --global typescript` brings the program `tsc`; where it is not installed, this is skipped.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).parents[3] / "hmc" / "web"
ENTRIES = [WEB / "page" / "js" / name for name in ("main.mjs", "worker.mjs")]  # they import all others but check.mjs
HANGS = 300  # seconds
OPTIONS = {
    "allowJs": True,
    "checkJs": True,
    "noEmit": True,
    "strict": False,
    "skipLibCheck": True,
    "target": "es2022",
    "lib": ["es2022", "dom", "dom.iterable"],
    "module": "esnext",
    "moduleResolution": "bundler",
    "types": [],
}


def complaints(folder, *files):
    """What the checker says of modules and of all that they import."""
    if not shutil.which("tsc"):
        pytest.skip("TypeScript's checker, tsc, is not installed")
    project = folder / "tsconfig.json"
    project.write_text(json.dumps({"compilerOptions": OPTIONS, "files": [str(file) for file in files]}))
    done = subprocess.run(["tsc", "-p", project], capture_output=True, text=True, timeout=HANGS, check=False)
    return done.stdout.splitlines()


def test_types_hold_together(tmp_path):
    assert complaints(tmp_path, *ENTRIES) == []


def test_a_wrong_type_is_found(tmp_path):
    wrong = tmp_path / "wrong.mjs"
    wrong.write_text(f'import {{ ticksOf }} from "{WEB}/page/js/frame.mjs";\nticksOf("text");\n')
    (found,) = complaints(tmp_path, wrong)
    assert "wrong.mjs(2,9): error TS2345" in found
