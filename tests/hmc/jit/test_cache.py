"""Compiled code on disk: never stale, never another function's, never in the way."""

import os
import shutil
import struct
import subprocess
import sys

import pytest

import hmc
from tests.hmc.helpers import running

# How many times Numba really compiled is counted by Numba's own events, which loading from disk does not raise.
EVALUATE = """
import numba.core.event as event
from numba.core.event import EventStatus

with event.install_recorder("numba:compile") as recorder:
    import author

    model = author.model()
    value = model.evaluate([1.0, 2.0, 3.0])[0]
compiled = [e for _, e in recorder.buffer if e.status == EventStatus.START]
print(value, len(compiled))
"""


@pytest.fixture
def author(tmp_path):
    """A folder with an author's modules, and a cache of its own."""
    running.write_author(tmp_path)
    return tmp_path


def evaluate(folder, **changes):
    """(log density, compilations) of a new process."""
    done = running.python(folder, EVALUATE, **{"NUMBA_CACHE_DIR": folder / "cache", **changes})
    value, compiled = done.stdout.split()
    return float(value), int(compiled)


@pytest.fixture(scope="module")
def first_process(tmp_path_factory):
    """An author's folder as a first process leaves it."""
    folder = tmp_path_factory.mktemp("author")
    running.write_author(folder)
    value, compiled = evaluate(folder)
    assert value == -1.5
    assert compiled > 0
    return folder


@pytest.fixture
def evaluated(first_process, tmp_path):
    """A copy of it: its density lies in its own cache, and is loaded from there as the first test shows."""
    return shutil.copytree(first_process, tmp_path / "evaluated")


def edit(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_second_process_loads_without_compiling(evaluated):
    assert evaluate(evaluated) == (-1.5, 0)


def test_density_that_allocates_and_uses_numpy_is_loaded_without_compiling(author):
    """Loaded code finds Numba's memory management and library functions where nothing was ever compiled."""
    edit(author / "author.py", "    total = 0.0 if", "    total = np.sort(np.empty(3) * 0.0).sum() if")
    first, second = evaluate(author), evaluate(author)
    assert first[1] > 0
    assert second == (-1.5, 0)


def test_edited_helper_in_another_file_changes_the_next_process(evaluated):
    edit(evaluated / "helper.py", "(x - centre) ** 2", "(x - centre) ** 2 - 7.0")
    assert evaluate(evaluated)[0] == -1.5 - 21.0


def test_edited_constant_in_another_file_changes_the_next_process(evaluated):
    edit(evaluated / "helper.py", "WEIGHT = 1.0", "WEIGHT = 4.0")
    assert evaluate(evaluated)[0] == -6.0


def test_edited_helper_is_seen_where_the_author_caches_with_numba_too(author):
    edit(author / "author.py", "def log_density", "@numba.njit(cache=True)\ndef log_density")
    edit(author / "author.py", "import numpy as np", "import numba\nimport numpy as np")
    assert evaluate(author)[0] == -1.5
    edit(author / "helper.py", "WEIGHT = 1.0", "WEIGHT = 4.0")
    assert evaluate(author)[0] == -6.0


def test_edited_comment_compiles_nothing(evaluated):
    edit(evaluated / "helper.py", "import numba", "# A comment, which moves all lines.\n\nimport numba")
    edit(evaluated / "author.py", "    waste = 0.0", "    # another\n    waste = 0.0")
    assert evaluate(evaluated) == (-1.5, 0)


TWO_MODELS = """
import sys
import author, hmc, other

fits = [hmc.sample(sys.modules[n].model(), chains=1, warmup=50, draws=50, workers=1) for n in sys.argv[1:]]
print([float(f["x"].mean()) for f in fits])
"""


def test_models_compiled_by_different_processes_are_not_mistaken_for_one_another(author):
    """Numba names machine code by module, function and a number that each process counts from the start."""
    (author / "other.py").write_text(
        (author / "author.py").read_text().replace("data.steepness[i] * ", "400.0 * data.steepness[i] * ")
    )
    alone = {name: running.python(author, TWO_MODELS, name).stdout.strip("[]\n") for name in ("author", "other")}
    assert alone["author"] != alone["other"]
    both = running.python(author, TWO_MODELS, "author", "other", "author").stdout.strip("[]\n")
    assert both.split(", ") == [alone["author"], alone["other"], alone["author"]]


CONSTRAIN = """
import hmc, models
print(float(models.mST().constrain([0.0] * 50)["sigma"]), hmc.__file__)
"""


def test_edited_source_of_the_sampler_changes_the_next_process(tmp_path):
    for package in ("hmc", "models"):
        shutil.copytree(running.ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    cache = {"NUMBA_CACHE_DIR": tmp_path / "cache"}
    first = running.python(tmp_path, CONSTRAIN, **cache).stdout.split()
    assert first == ["1.0", str(tmp_path / "hmc" / "__init__.py")]
    edit(
        tmp_path / "hmc" / "numerics.py",
        "    return (1.0 + t) * _power_of_two(half)",
        "    return (3.0 + t) * _power_of_two(half)",
    )
    assert running.python(tmp_path, CONSTRAIN, **cache).stdout.split()[0] == "3.0"


SAMPLE = """
import numba.core.event as event

with event.install_recorder("numba:compile") as recorder:
    import author, hmc

    fit = hmc.sample(author.model(), chains=2, warmup=20, draws=20, workers=1)
    total = fit.unconstrained.sum()
print(len(recorder.buffer), repr(float(total)))
"""


def test_sampling_in_a_second_process_compiles_nothing(author):
    running.python(author, SAMPLE)  # in the user's cache, where the sampler lies already
    assert running.python(author, SAMPLE).stdout.split()[0] == "0"


STORED = """
from hmc.sampler.machine_code import sampler_is_stored
print(sampler_is_stored())
"""


def test_edited_leapfrog_is_not_loaded(author):
    """It is compiled then, from the source as it is now; that takes long, and nobody waits for it here."""
    shutil.copytree(running.ROOT / "hmc", author / "hmc", ignore=shutil.ignore_patterns("__pycache__"))
    rows = author / "hmc" / "sampler" / "rows.py"
    rows.write_text("# A comment, which moves all lines.\n" + rows.read_text())
    running.python(author, SAMPLE)  # the same code elsewhere, which lies in the user's cache from now on
    assert running.python(author, STORED).stdout == "True\n"
    edit(rows, "out[i] += time * (scale", "out[i] += 0.9 * time * (scale")
    assert running.python(author, STORED).stdout == "False\n"


UNWRITABLE = """
import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import author

    values = [author.model().evaluate([1.0, 2.0, 3.0])[0] for _ in range(2)]
    named = author.model().constrain([[1.0, 2.0, 3.0]])
print(values, len(caught), *[w.category.__name__ + ": " + str(w.message) for w in caught])
"""


def test_unwritable_folder_costs_one_warning_and_nothing_else(author):
    (author / "file").write_text("a file where the folder should be")
    printed = running.python(author, UNWRITABLE, NUMBA_CACHE_DIR=author / "file").stdout
    assert printed.startswith("[-1.5, -1.5] 1 RuntimeWarning: ")
    assert "cannot be kept in" in printed


@pytest.mark.slow
def test_sampling_works_where_nothing_can_be_kept(author):
    (author / "file").write_text("a file where the folder should be")
    script = "import author, hmc\nif __name__ == '__main__':\n    print(hmc.sample(author.model(), draws=9, workers=2))"
    # Half the time of compiling is optimising, which is not what is tested.
    done = running.python(author, script, NUMBA_CACHE_DIR=author / "file", NUMBA_OPT=0)
    assert "4 chains of 9 draws" in done.stdout
    assert done.stderr.count("Warning") == 1


INTERRUPTED = """
import _thread
from numba.core import types
from numba.core.typing.context import BaseContext

import author

insert = BaseContext.insert_attributes

def interrupting(self, attributes):
    if attributes.key is types.Array:  # `shape`, say
        _thread.interrupt_main()
        for _ in range(1000):  # a main thread that runs this itself is interrupted here
            pass
    insert(self, attributes)

BaseContext.insert_attributes = interrupting
model = author.model()
try:
    model.density()
    print("not interrupted")
except KeyboardInterrupt:
    print("interrupted")
print(model.evaluate([1.0, 2.0, 3.0])[0])
"""


def test_an_interrupt_while_numba_loads_leaves_it_whole(author):
    printed = running.python(author, INTERRUPTED, NUMBA_CACHE_DIR=author / "cache").stdout
    assert printed == "interrupted\n-1.5\n"


def test_folder_and_files_are_made_for_their_user_alone(author):
    (author / "loose.py").write_text("import os\nos.umask(0)\n" + EVALUATE)
    running.python(author, "import loose", NUMBA_CACHE_DIR=author / "cache")
    root = author / "cache" / "rethinking-hmc"
    assert {path.stat().st_mode & 0o777 for path in (root, *root.iterdir())} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in root.rglob("*.bin")} == {0o600}
    assert evaluate(author) == (-1.5, 0)


def folder_of(cache):
    (today,) = (cache / "rethinking-hmc").iterdir()
    return today


OPENED = {
    "the root": lambda cache: cache / "rethinking-hmc",
    "the folder": folder_of,
    "the file": lambda cache: next(folder_of(cache).glob("log_density-*")),
}


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
@pytest.mark.parametrize("change", ["group", "others", "owner"])
@pytest.mark.parametrize("label", OPENED)
def test_code_that_others_may_have_written_is_not_loaded_and_one_line_says_so(evaluated, label, change):
    path = OPENED[label](evaluated / "cache")
    if change == "owner":
        if os.geteuid() != 0:
            pytest.skip("only root gives files away")
        os.chown(path, 12345, -1)
    else:
        path.chmod(path.stat().st_mode | {"group": 0o020, "others": 0o002}[change])
    done = running.python(evaluated, EVALUATE, NUMBA_CACHE_DIR=evaluated / "cache")
    value, compiled = done.stdout.split()
    assert float(value) == -1.5
    assert int(compiled) > 0
    assert done.stderr.count("RuntimeWarning") == 1
    told = "belongs to somebody else" if change == "owner" else "can be written by others"
    assert f"{path} {told}, so compiled code is not loaded from there" in done.stderr


def change_a_constant(content):
    """Machine code that runs, and gives another density: the -0.5 of `bell`. The checksum alone can tell."""
    changed = content.replace(struct.pack("<d", -0.5), struct.pack("<d", 0.5))
    if changed == content:
        pytest.skip("on this processor the constant is part of an instruction")
    return changed


@pytest.mark.parametrize("damage", [lambda b: b[:100], lambda b: b"", change_a_constant])
def test_damaged_file_is_compiled_again_and_mended(evaluated, damage):
    files = list((evaluated / "cache").rglob("log_density-*"))
    assert len(files) == 1
    files[0].write_bytes(damage(files[0].read_bytes()))
    value, compiled = evaluate(evaluated)
    assert value == -1.5
    assert compiled > 0
    assert evaluate(evaluated) == (-1.5, 0)


def test_folders_long_unused_are_removed(evaluated):
    root = evaluated / "cache" / "rethinking-hmc"
    (today,) = root.iterdir()
    for age in range(1, 9):
        (root / f"old{age}").mkdir()
        (root / f"old{age}" / "entry.bin").write_bytes(b"x")
        os.utime(root / f"old{age}", (today.stat().st_mtime - 1000 * age,) * 2)
    os.utime(today, (today.stat().st_mtime - 1e6,) * 2)
    assert evaluate(evaluated) == (-1.5, 0)  # today's folder is kept though it was the one longest unused
    left = {folder.name for folder in root.iterdir()}
    assert today.name in left
    assert left - {today.name} == {f"old{age}" for age in range(1, len(left))}
    assert len(left) == 4


def test_two_processes_that_compile_at_once_do_not_harm_each_other(author):
    (author / "script.py").write_text(EVALUATE)
    environ = running.environment(author, NUMBA_CACHE_DIR=author / "cache")
    command = [sys.executable, "script.py"]
    pair = [subprocess.Popen(command, cwd=author, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    values = [process.communicate(timeout=running.HANGS)[0].split()[0] for process in pair]
    assert values == ["-1.5", "-1.5"]
    assert evaluate(author) == (-1.5, 0)
    assert not list((author / "cache").rglob("tmp*"))


OTHERS = """
import numba
import author, mine

before = numba.config.CACHE_DIR
author.model().evaluate([1.0, 2.0, 3.0])
mine.twice(2.0)
assert numba.config.CACHE_DIR == before, numba.config.CACHE_DIR
print(mine.twice.stats.cache_path)
"""


def test_caches_of_the_users_own_functions_stay_where_they_were(author):
    (author / "mine.py").write_text("import numba\n@numba.njit(cache=True)\ndef twice(x):\n    return 2.0 * x\n")
    home = {"NUMBA_CACHE_DIR": None, "XDG_CACHE_HOME": author / "xdg"}
    assert running.python(author, OTHERS, **home).stdout.strip() == str(author / "__pycache__")
    assert list((author / "__pycache__").glob("mine.twice-*.nbi"))
    assert list((author / "xdg" / "rethinking-hmc").rglob("log_density-*.bin"))


def test_data_of_another_length_compile_nothing():
    import numba.core.event as event

    full = running.grouped_model(rows=12)
    position = [0.1, 0.2, 0.3, -0.4]
    full.density()
    with event.install_recorder("numba:compile") as recorder:
        for rows in (1, 5, 40, 0):
            model = running.grouped_model(rows=rows)
            value, _ = model.evaluate(position)
            gradient = [0.0] * 4
            assert abs(value - running.log_density(position, model.data, gradient)) < 1e-12  # a sum of 40 terms
    assert recorder.buffer == []


def test_stored_code_of_a_module_that_is_gone_does_not_break_loading(tmp_path):
    """Models named by path (`hmc fit file.py:factory`) live in modules that cannot be imported by name."""
    running.write_author(tmp_path)
    script = """
import importlib.util
spec = importlib.util.spec_from_file_location("nowhere_to_be_found", "author.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(module.model().evaluate([1.0, 2.0, 3.0])[0])
"""
    cache = {"NUMBA_CACHE_DIR": tmp_path / "cache"}
    assert [running.python(tmp_path, script, **cache).stdout for _ in range(2)] == ["-1.5\n", "-1.5\n"]


def test_code_lies_where_the_documentation_says():
    hmc.sample(running.grouped_model(), chains=1, warmup=1, draws=1, workers=1)
    assert list(running.cache_root().rglob("advance-*.bin"))
