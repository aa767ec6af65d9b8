"""What is in a checkpoint is of the run that is asked for, to the last byte, or it is refused in one line."""

import errno
import itertools
import os
import random
import re
import subprocess
import sys
from types import SimpleNamespace

import numba
import numpy as np
import pytest

import hmc
from hmc import sampling
from hmc.results import checkpoint, identity
from tests.hmc.helpers import checkpointing, running


@pytest.fixture
def model():
    return running.grouped_model()


OTHERS = {
    "settings": ({"warmup": 31}, "it was started with warmup = 30, not 31"),
    "seed": ({"seed": 13}, "it was started with seed = 12, not 13"),
    "starts": ({"initial": [0.0] * 4}, "it was started with other initial points"),
    "chains": ({"chains": 3}, "it was started with chains = 2, not 3"),
    "fewer draws": ({"draws": 9}, "it has 10 draws of a chain, and draws is 9"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_other_settings_are_refused_and_named(model, tmp_path, what):
    changes, message = OTHERS[what]
    path = tmp_path / "run.ckpt"
    checkpointing.sampled(model, path)
    content = path.read_bytes()
    with pytest.raises(ValueError, match=f"^{path}: {message}"):
        checkpointing.sampled(model, path, **changes)
    assert path.read_bytes() == content


def test_another_model_data_code_or_version_is_refused_and_named(model, tmp_path, monkeypatch):
    path = tmp_path / "run.ckpt"
    checkpointing.sampled(model, path)
    with pytest.raises(ValueError, match="it is a fit of grouped, not of other"):
        checkpointing.sampled(running.grouped_model(name="other"), path)
    with pytest.raises(
        ValueError,
        match=r"other data: y is float64 of shape \(12,\) in the fit, and float64 of shape \(15,\) in the model",
    ):
        checkpointing.sampled(running.grouped_model(rows=15), path)
    with pytest.raises(ValueError, match=r"other data: scale is 0\.5 in the fit, and 0\.7 in the model"):
        checkpointing.sampled(model.with_data(model.data._replace(scale=0.7)), path)
    with pytest.raises(ValueError, match="the code of the log density of grouped has changed"):
        checkpointing.sampled(
            hmc.Model(checkpointing.other_density, model.data, model.parameters, name="grouped"), path
        )
    monkeypatch.setattr(identity, "sampler_key", lambda: "another")
    with pytest.raises(ValueError, match="the code of the sampler has changed"):
        checkpointing.sampled(model, path)
    monkeypatch.setattr(identity, "numba", SimpleNamespace(__version__="98"))
    with pytest.raises(
        ValueError, match=rf"it was started with Numba {re.escape(numba.__version__)}, and this is 98: draws"
    ):
        checkpointing.sampled(model, path)
    monkeypatch.setattr(identity, "__version__", "99")
    with pytest.raises(ValueError, match=r"it was started with rethinking-hmc .*, and this is 99"):
        checkpointing.sampled(model, path)


@pytest.fixture
def short(model, tmp_path):
    """(a checkpoint of a few chunks, its bytes, the fit of the run to its end)."""
    path = tmp_path / "run.ckpt"
    for draws in (1, 4, 7):
        fit = checkpointing.sampled(model, path, draws=draws)
    return path, path.read_bytes(), fit


def test_a_file_cut_short_anywhere_is_noticed_and_its_run_ends_in_the_same_draws(model, short, capsys):
    path, content, fit = short
    ends = [len(checkpoint.MAGIC), *checkpointing.entry_ends(path)]
    heads = [end + offset for end in ends for offset in (-1, 0, 1, checkpoint._HEAD.size - 1, checkpoint._HEAD.size)]
    places = {*random.Random(2).sample(range(len(content)), 60), *heads, 0, 1} - {len(content)}
    for place in sorted(place for place in places if place < len(content)):
        path.write_bytes(content[:place])
        if place < ends[1]:  # not even the description is whole
            with pytest.raises(ValueError, match=f"^{path}: it is (cut short|not a checkpoint)"):
                checkpointing.sampled(model, path, draws=7)
            assert path.read_bytes() == content[:place]
            continue
        assert running.same_run(checkpointing.sampled(model, path, draws=7), fit)
        said = capsys.readouterr().err
        assert ("the last chunk was not written completely" in said) == (place not in ends)


def test_every_other_damage_is_refused_in_one_line_and_the_file_left_alone(model, short):
    path, content, _ = short
    rng = random.Random(3)
    for _ in range(300):
        place = rng.randrange(len(content))
        damage = bytes([content[place] ^ (1 << rng.randrange(8))]) if rng.random() < 0.5 else rng.randbytes(8)
        hurt = content[:place] + damage + content[place + len(damage) :]
        if hurt[: len(content)] == content:
            continue
        path.write_bytes(hurt)
        with pytest.raises(ValueError, match=f"^{path}: it is (damaged at byte|not a checkpoint)") as caught:
            checkpointing.sampled(model, path, draws=7)
        assert "\n" not in str(caught.value)
        assert path.read_bytes() == hurt


def test_a_flipped_bit_in_any_head_is_refused_and_never_taken_for_a_chunk_cut_short(model, short, monkeypatch):
    """Above all in a length, which may then reach beyond the end of the file: what follows would be cut off."""
    path, content, fit = short
    monkeypatch.setattr(sampling, "identity_of", lambda model: fit.identity)  # which takes longest of all
    for start in [len(checkpoint.MAGIC), *checkpointing.entry_ends(path)[:-1]]:
        for place in range(start, start + checkpoint._HEAD.size):
            for bit in range(8):
                hurt = bytearray(content)
                hurt[place] ^= 1 << bit
                path.write_bytes(hurt)
                with pytest.raises(ValueError, match=f"^{path}: it is damaged at byte {start};"):
                    checkpointing.sampled(model, path, draws=7)
                assert path.read_bytes() == hurt


def test_chunks_left_out_or_exchanged_are_noticed(model, short):
    path, content, _ = short
    ends = checkpointing.entry_ends(path)
    chunks = [content[a:b] for a, b in itertools.pairwise(ends)]
    for kept in (chunks[1:], chunks[:2] + chunks[3:], [chunks[1], chunks[0], *chunks[2:]], [*chunks, chunks[-1]]):
        path.write_bytes(content[: ends[0]] + b"".join(kept))
        with pytest.raises(ValueError, match="it is damaged at byte"):
            checkpointing.sampled(model, path, draws=7)


def test_cut_off_where_it_says_a_damaged_file_keeps_what_stands_before(model, short):
    path, content, fit = short
    path.write_bytes(content[:-5] + b"12345")
    with pytest.raises(ValueError, match="damaged at byte") as caught:
        checkpointing.sampled(model, path, draws=7)
    place = int(str(caught.value).partition("byte ")[2].partition(";")[0])
    path.write_bytes(content[:place])
    assert running.same_run(checkpointing.sampled(model, path, draws=7), fit)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"rethinking-hmc checkpoint, version 9\n" + bytes(100)])
def test_a_file_of_something_else_is_refused_and_left_alone(model, tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"^{path}: it is not a checkpoint of this version"):
        checkpointing.sampled(model, path)
    assert path.read_bytes() == content


def test_places_where_no_file_can_be_are_named(model, tmp_path):
    with pytest.raises(ValueError, match=f"^{tmp_path}: it is not an ordinary file"):
        checkpointing.sampled(model, tmp_path)
    with pytest.raises(ValueError, match=r"nowhere/run\.ckpt: there is no such folder"):
        checkpointing.sampled(model, tmp_path / "nowhere" / "run.ckpt")
    for path in (5, False, "", b""):
        with pytest.raises(ValueError, match=r"^checkpoint = .* is not the path of a file"):
            checkpointing.sampled(model, path)
    with pytest.raises(OSError, match=f"File name too long: '{tmp_path}/a{{250}}'"):
        checkpointing.sampled(model, tmp_path / ("a" * 250))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_would_never_end_is_not_read(model, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="it is not an ordinary file"):
        checkpointing.sampled(model, tmp_path / "pipe")
    with open(tmp_path / "large", "wb") as file:
        file.truncate(2**40)  # a terabyte of nothing, which takes no room
    with pytest.raises(ValueError, match="it is not a checkpoint of this version"):
        checkpointing.sampled(model, tmp_path / "large")


def test_a_link_to_where_nothing_is_yet_will_do(model, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "run.ckpt")
    fit = checkpointing.sampled(model, tmp_path / "link", draws=4)
    assert (tmp_path / "link").is_symlink()
    assert running.same_run(checkpointing.sampled(model, tmp_path / "run.ckpt", draws=4), fit)


def test_a_chunk_that_cannot_be_written_leaves_the_file_as_it_was(model, tmp_path, monkeypatch):
    path = tmp_path / "run.ckpt"
    expected = checkpointing.sampled(model, path, draws=4)
    content = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=f"No space left on device.*{path}"):
            checkpointing.sampled(model, path, draws=8)
    assert path.read_bytes() == content
    assert running.same_run(checkpointing.sampled(model, path, draws=4), expected)


@pytest.mark.skipif(os.name == "nt", reason="files are locked by flock, which Windows has not")
def test_two_runs_do_not_write_to_one_file(model, tmp_path):
    path = tmp_path / "run.ckpt"
    checkpointing.sampled(model, path, draws=4)
    holding = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
input()
"""
    command = [sys.executable, "-c", holding, str(path)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match=f"^{path}: another run is writing to it"):
            checkpointing.sampled(model, path, draws=8)
        holder.communicate("\n")
    assert checkpointing.sampled(model, path, draws=8).unconstrained.shape == (2, 8, 4)


def test_a_checkpoint_costs_no_draw_and_is_small(model, tmp_path):
    path = tmp_path / "run.ckpt"
    fit = checkpointing.sampled(model, path, draws=2000)
    statistics = [*fit.stats.values(), *fit.warmup_stats.values()]
    content = fit.unconstrained.nbytes + sum(values.nbytes for values in statistics)
    assert path.stat().st_size < 1.2 * content + 50_000
    assert np.isfinite(fit.unconstrained).all()


def test_a_chunk_takes_a_second_and_longer_where_sending_the_data_does():
    def seconds(*numbers):
        shapes = running.Rows(*(np.broadcast_to(0.0, (n,)) for n in numbers), 0.5, 3)  # of no memory
        return checkpoint.chunk_seconds(SimpleNamespace(data=shapes))

    assert seconds(10, 10) == pytest.approx(1.0, abs=1e-3)
    for numbers in ((10**8, 10), (10, 10**8)):  # 0.8 GB, which are some 2.4 s on their way
        assert seconds(*numbers) == pytest.approx(1.0 + 24.0, rel=1e-3)


SHORT_WRITE = """
import inspect, os, resource, sys
import numpy as np
import author, hmc
from hmc.results.checkpoint import open_checkpoint
from hmc.results.identity import identity_of
from hmc.running.tasks import run_chain
from hmc.settings import Settings, check_settings

defaults = {name: inspect.signature(hmc.sample).parameters[name].default for name in Settings._fields}
model, settings = author.model(), check_settings(**defaults | dict(chains=1, warmup=20, draws=20))
result = run_chain(model, settings, 0, np.zeros(2, np.int64))
identity, chunk = identity_of(model), (0, result.record, result.snapshot)
with open_checkpoint("run.ckpt", model, identity, settings, 12) as kept:
    size = os.path.getsize("run.ckpt")
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, -1))
    try:
        kept.append(*chunk)
    except OSError as error:
        print(error.strerror, os.path.getsize("run.ckpt") - size)
    resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))  # there is room again
    kept.append(*chunk)
with open_checkpoint("run.ckpt", model, identity, settings, 12) as kept:
    print([chain.snapshot.state.iteration for chain in kept.chains])
"""


@pytest.mark.skipif(os.name == "nt", reason="limits the size of files by setrlimit")
def test_a_chunk_that_fits_in_part_is_not_taken_for_written(tmp_path):
    running.write_author(tmp_path)
    assert running.python(tmp_path, SHORT_WRITE).stdout == "File too large 0\n[40]\n"


FORKED = """
import concurrent.futures, multiprocessing
import author, hmc

if __name__ == "__main__":
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        for draws in (10, 20):
            fit = hmc.sample(author.model(), chains=1, warmup=20, draws=draws, executor=pool, checkpoint="run.ckpt")
    print(fit.unconstrained.shape)
"""


@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_workers_that_were_forked_meanwhile_do_not_keep_the_file_locked(tmp_path):
    running.write_author(tmp_path)
    assert running.python(tmp_path, FORKED).stdout == "(1, 20, 3)\n"
