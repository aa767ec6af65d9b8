"""The folder of compiled code: one for each compiler, of which our own sources are a part, and the latest are kept."""

import os
import shutil
from pathlib import Path

import llvmlite
import numba
import numpy as np
import pytest

from hmc.jit import cache

SOURCES = Path(cache.__file__).parent


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A copy of the sources that compile, which `cache` takes for its own, and a cache of its own."""
    copy = shutil.copytree(SOURCES, tmp_path / "jit", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "__file__", str(copy / "cache.py"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    for name in ("_compiler_hash", "_folder"):  # as in a new process
        monkeypatch.setattr(cache, name, getattr(cache, name).__wrapped__)
    return copy


def folder():
    """Today's folder, which is made."""
    made = cache._folder()
    assert made.is_dir()
    return made


def test_the_same_sources_elsewhere_have_the_same_folder(sources, monkeypatch):
    copied = folder()
    monkeypatch.setattr(cache, "__file__", str(SOURCES / "cache.py"))
    assert folder() == copied


@pytest.mark.parametrize("name", sorted(path.name for path in SOURCES.glob("*.py")))
def test_an_edited_source_that_compiles_gives_a_second_folder(sources, name):
    """Code that an older version made is not what this version would make."""
    before = folder()
    with open(sources / name, "a", encoding="utf-8") as file:
        file.write("\nEDITED = 1\n")
    assert folder() != before
    assert {path.name for path in before.parent.iterdir()} == {before.name, folder().name}


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [(numba, "__version__", "0"), (llvmlite, "__version__", "0"), (np, "__version__", "0"),
     (numba.config, "OPT", 0), (numba.config, "BOUNDSCHECK", 1)],
)  # fmt: skip
def test_another_compiler_gives_a_second_folder(sources, monkeypatch, place, name, value):
    before = folder()
    monkeypatch.setattr(place, name, value)
    assert folder() != before


def aged(path, days, now):
    os.utime(path, (now - 86400.0 * days,) * 2)


def test_the_four_latest_folders_are_kept_and_today_s_is_one(sources):
    today = folder()
    now = today.stat().st_mtime
    for days in range(1, 9):
        (today.parent / f"of_{days}_days").mkdir()
        (today.parent / f"of_{days}_days" / "entry.bin").write_bytes(b"x")
        aged(today.parent / f"of_{days}_days", days, now)
    aged(today, 100, now)
    folder()
    left = {path.name for path in today.parent.iterdir()}
    assert left == {today.name, "of_1_days", "of_2_days", "of_3_days"}


def test_the_five_hundred_latest_files_are_kept(sources):
    today = folder()
    for days in range(503):
        (today / f"{days}.bin").write_bytes(b"")
        aged(today / f"{days}.bin", days, today.stat().st_mtime)
    folder()
    assert {path.name for path in today.iterdir()} == {f"{days}.bin" for days in range(500)}


@pytest.mark.skipif(os.name == "nt", reason="Windows has a place of its own")
@pytest.mark.parametrize(
    ("xdg", "numba_s", "expected"),
    [("", "", "home/.cache"), ("xdg", "", "xdg"), ("", "numba", "numba"), ("xdg", "numba", "numba")],
)
def test_the_folder_lies_in_numba_s_cache_if_there_is_one_else_in_the_user_s(
    sources, monkeypatch, tmp_path, xdg, numba_s, expected
):
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setenv("XDG_CACHE_HOME", xdg and str(tmp_path / xdg))
    monkeypatch.setattr(numba.config, "CACHE_DIR", numba_s and str(tmp_path / numba_s))
    assert folder().parent == tmp_path / expected / "rethinking-hmc"


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
@pytest.mark.parametrize("mode", [0o702, 0o720])
def test_a_folder_that_others_can_write_is_named_once_and_what_to_do(sources, mode):
    today = folder()
    today.chmod(mode)
    cache._is_trusted.cache_clear()
    words = f"{today} can be written by others, so compiled code is not loaded from there: chmod go-w {today}"
    with pytest.warns(RuntimeWarning) as caught:
        contents = [cache._trusted_content(today / name) for name in ("some.bin", "other.bin")]
    assert contents == [None, None]
    assert [str(warning.message) for warning in caught] == [words]
