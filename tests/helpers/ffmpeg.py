"""A program called ffmpeg, for machines with none: it records what it is told and given."""

import os
import stat
import sys
from pathlib import Path

# What it is told and given, instead of a film: in the file that it is to write.
RECORDER = """#!{python}
import json, sys
frames = sys.stdin.buffer.read()
if {fails}:
    sys.exit("no such codec")
with open(sys.argv[-1], "w") as file:
    json.dump({{"arguments": sys.argv[1:], "bytes": len(frames), "first": list(frames[:3])}}, file)
"""


def install(folder: Path, monkeypatch, fails: bool = False) -> None:
    """Make it in `folder`, first of the path; `fails`: it writes nothing and ends with an error."""
    path = folder / "ffmpeg"
    folder.mkdir(exist_ok=True)
    path.write_text(RECORDER.format(python=sys.executable, fails=fails))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
