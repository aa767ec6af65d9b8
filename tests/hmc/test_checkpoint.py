"""A run that is taken up again, or extended, gives the draws of one that never stopped; damage never goes unnoticed."""

import errno
import importlib.util
import itertools
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import hmc
from hmc import checkpoint, difference, snapshot
from hmc.settings import Settings

_spec = importlib.util.spec_from_file_location("running", Path(__file__).with_name("running.py"))
running = sys.modules.setdefault("running", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(running)

SETTINGS = {"chains": 2, "warmup": 30, "draws": 10, "workers": 1, "progress": False}

WAYS = {
    "the defaults": {},
    "a dense metric": {"metric": "dense", "keep_warmup": True},
    "Stan's windows": {"adaptation": "windows", "metric": "dense"},
    "the unit metric": {"metric": "unit", "keep_warmup": True},
    "paths of fixed length": {"algorithm": "hmc"},
    "given starts": {"initial": [0.1, -0.1, 0.2, 0.3]},
    "no warm-up": {"warmup": 0},
}


@pytest.fixture
def model():
    return running.grouped_model()


@pytest.fixture
def short_pieces(monkeypatch):
    """Pieces of one transition each."""
    monkeypatch.setattr("hmc.sampling.piece_seconds", lambda model: 0.0)


def sampled(model, path, **changes):
    return hmc.sample(model, **SETTINGS | {"checkpoint": path} | changes)


def entry_ends(path):
    """Where the entries of a file end, the description's first."""
    content, ends = path.read_bytes(), []
    place = len(checkpoint.MAGIC)
    while place < len(content):
        place += checkpoint._HEAD.size + checkpoint._HEAD.unpack_from(content, place)[0]
        ends.append(place)
    return ends


@pytest.mark.parametrize("way", WAYS)
def test_a_run_taken_up_after_any_piece_gives_the_draws_of_one_that_never_stopped(model, tmp_path, short_pieces, way):
    expected = hmc.sample(model, **SETTINGS | WAYS[way])
    path = tmp_path / "run.ckpt"
    assert running.same_run(sampled(model, path, **WAYS[way]), expected)
    content, ends = path.read_bytes(), entry_ends(path)
    transitions = expected.settings["warmup"] + expected.settings["draws"]
    assert len(ends) == 1 + 2 * transitions
    for end in ends[:: max(1, transitions // 7)]:
        path.write_bytes(content[:end])
        again = sampled(model, path, **WAYS[way])
        assert running.same_run(again, expected)
        assert again.settings.keys() == expected.settings.keys()
        assert running.equal_bits(again.warmup, expected.warmup)
        assert path.read_bytes()[:end] == content[:end]


def test_a_generator_that_is_one_number_further_gives_other_draws(model, tmp_path, short_pieces, monkeypatch):
    """So the comparison above would see a state that is not kept whole."""
    expected = hmc.sample(model, **SETTINGS)
    resume = snapshot.resume

    def further(kept):
        state, rng = resume(kept)
        if state.iteration == 35:
            rng.random()
        return state, rng

    monkeypatch.setattr(snapshot, "resume", further)
    assert not running.same_run(sampled(model, tmp_path / "run.ckpt"), expected)


@pytest.mark.parametrize("lost", ["moments", "search", "metric"])
def test_no_part_of_the_state_can_be_left_out_of_a_snapshot(model, tmp_path, short_pieces, monkeypatch, lost):
    expected = hmc.sample(model, **SETTINGS)
    resume, first = snapshot.resume, {}

    def forgetful(kept):
        state, rng = resume(kept)
        if state.iteration == 15:
            state = state._replace(**{lost: first["kept"]})
        elif state.iteration == 5:
            first["kept"] = getattr(resume(kept)[0], lost)
        return state, rng

    monkeypatch.setattr(snapshot, "resume", forgetful)
    assert not running.same_run(sampled(model, tmp_path / "run.ckpt"), expected)


def test_snapshots_survive_being_taken_apart(model):
    for kept in hmc.sample(model, **SETTINGS, metric="dense").snapshots:
        again = snapshot.from_arrays(snapshot.to_arrays(kept))
        assert again.generator == kept.generator
        assert repr(again.state) == repr(kept.state)
        assert [type(value) for value in again.state] == [type(value) for value in kept.state]


@pytest.mark.parametrize("way", WAYS)
def test_an_extended_fit_is_the_fit_of_one_longer_run(model, tmp_path, way):
    longer = hmc.sample(model, **SETTINGS | WAYS[way] | {"draws": 25})
    fit = hmc.sample(model, **SETTINGS | WAYS[way])
    fit.save(tmp_path / "a.fit")
    for shorter in (fit, hmc.load(tmp_path / "a.fit", model)):
        extended = hmc.extend(hmc.extend(shorter, 5, workers=1), 10, workers=2, executor="threads")
        assert running.same_run(extended, longer)
        assert running.equal_bits(extended.warmup, longer.warmup)
        assert extended.settings["draws"] == 25
    sampled(model, tmp_path / "run.ckpt", **WAYS[way])
    extended = sampled(model, tmp_path / "run.ckpt", **WAYS[way] | {"draws": 25})
    assert running.same_run(extended, longer)


def test_what_cannot_be_extended_is_refused_in_words(model, tmp_path):
    fit = hmc.sample(model, **SETTINGS)
    fit.save(tmp_path / "a.fit")
    with pytest.raises(ValueError, match=r"without its model: hmc\.load\(path, model\)"):
        hmc.extend(hmc.load(tmp_path / "a.fit"), 10)
    with pytest.raises(ValueError, match=r"takes a hmc\.Fit, not a Model"):
        hmc.extend(model, 10)
    with pytest.raises(ValueError, match="draws = 0 is less than 1"):
        hmc.extend(fit, 0)
    loaded = hmc.load(tmp_path / "a.fit", model)
    loaded.code["version"] = "0.0"
    with pytest.raises(ValueError, match=r"cannot be extended: it was begun with rethinking-hmc 0\.0, and this is"):
        hmc.extend(loaded, 10)
    changed = hmc.load(tmp_path / "a.fit", hmc.Model(other_density, model.data, model.parameters, name="grouped"))
    with pytest.raises(ValueError, match="the code of the log density of grouped is not what it was"):
        hmc.extend(changed, 10)
    fit.snapshots = None
    with pytest.raises(ValueError, match="interrupted"):
        hmc.extend(fit, 10)


def test_a_seed_of_none_is_the_seed_of_the_file(model, tmp_path):
    first = sampled(model, tmp_path / "run.ckpt", seed=None)
    assert running.same_run(sampled(model, tmp_path / "run.ckpt", seed=None), first)
    assert sampled(model, tmp_path / "run.ckpt", seed=first.settings["seed"], draws=11).settings == first.settings | {
        "draws": 11
    }


OTHERS = {
    "settings": ({"warmup": 31}, "it was begun with warmup = 30, not 31"),
    "seed": ({"seed": 13}, "it was begun with seed = 12, not 13"),
    "starts": ({"initial": [0.0] * 4}, "it was begun with other initial points"),
    "chains": ({"chains": 3}, "it was begun with chains = 2, not 3"),
    "fewer draws": ({"draws": 9}, "it has 10 draws of a chain, and draws is 9"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_other_settings_are_refused_and_named(model, tmp_path, what):
    changes, message = OTHERS[what]
    path = tmp_path / "run.ckpt"
    sampled(model, path)
    content = path.read_bytes()
    with pytest.raises(ValueError, match=f"^{path}: {message}"):
        sampled(model, path, **changes)
    assert path.read_bytes() == content


def other_density(position, data, gradient):
    gradient[:] = -position
    return -0.5 * (position[0] ** 2 + position[1] ** 2 + position[2] ** 2 + position[3] ** 2)


def test_another_model_data_code_or_version_is_refused_and_named(model, tmp_path, monkeypatch):
    path = tmp_path / "run.ckpt"
    sampled(model, path)
    with pytest.raises(ValueError, match="it is a fit of grouped, not of other"):
        sampled(running.grouped_model(name="other"), path)
    with pytest.raises(ValueError, match="other data: y is 12 rows in the fit, and 15 rows in the model"):
        sampled(running.grouped_model(rows=15), path)
    with pytest.raises(ValueError, match=r"other data: scale is 0\.5 in the fit, and 0\.7 in the model"):
        sampled(model.with_data(model.data._replace(scale=0.7)), path)
    with pytest.raises(ValueError, match="the code of the log density of grouped is not what it was"):
        sampled(hmc.Model(other_density, model.data, model.parameters, name="grouped"), path)
    monkeypatch.setattr(difference, "sampler_key", lambda: "another")
    with pytest.raises(ValueError, match="the code of the sampler is not what it was"):
        sampled(model, path)
    monkeypatch.setattr(difference, "VERSION", "99")
    with pytest.raises(ValueError, match=r"it was begun with rethinking-hmc .*, and this is 99"):
        sampled(model, path)


@pytest.fixture
def short(model, tmp_path):
    """(a checkpoint of a few pieces, its bytes, the fit of the run to its end)."""
    path = tmp_path / "run.ckpt"
    for draws in (1, 4, 7):
        fit = sampled(model, path, draws=draws)
    return path, path.read_bytes(), fit


def test_a_file_cut_short_anywhere_is_noticed_and_its_run_ends_in_the_same_draws(model, short, capsys):
    path, content, fit = short
    ends = [len(checkpoint.MAGIC), *entry_ends(path)]
    heads = [end + offset for end in ends for offset in (-1, 0, 1, checkpoint._HEAD.size - 1, checkpoint._HEAD.size)]
    places = {*random.Random(2).sample(range(len(content)), 60), *heads, 0, 1} - {len(content)}
    for place in sorted(place for place in places if place < len(content)):
        path.write_bytes(content[:place])
        if place < ends[1]:  # not even the description is whole
            with pytest.raises(ValueError, match=f"^{path}: it is (cut short|not a checkpoint)"):
                sampled(model, path, draws=7)
            assert path.read_bytes() == content[:place]
            continue
        assert running.same_run(sampled(model, path, draws=7), fit)
        said = capsys.readouterr().err
        assert ("the last piece was not written to its end" in said) == (place not in ends)


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
            sampled(model, path, draws=7)
        assert "\n" not in str(caught.value)
        assert path.read_bytes() == hurt


def test_pieces_left_out_or_exchanged_are_noticed(model, short):
    path, content, _ = short
    ends = entry_ends(path)
    pieces = [content[a:b] for a, b in itertools.pairwise(ends)]
    for kept in (pieces[1:], pieces[:2] + pieces[3:], [pieces[1], pieces[0], *pieces[2:]], [*pieces, pieces[-1]]):
        path.write_bytes(content[: ends[0]] + b"".join(kept))
        with pytest.raises(ValueError, match="it is damaged at byte"):
            sampled(model, path, draws=7)


def test_cut_off_where_it_says_a_damaged_file_keeps_what_stands_before(model, short):
    path, content, fit = short
    path.write_bytes(content[:-5] + b"12345")
    with pytest.raises(ValueError, match="damaged at byte") as caught:
        sampled(model, path, draws=7)
    place = int(str(caught.value).partition("byte ")[2].partition(";")[0])
    path.write_bytes(content[:place])
    assert running.same_run(sampled(model, path, draws=7), fit)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"rethinking-hmc checkpoint, version 9\n" + bytes(100)])
def test_a_file_of_something_else_is_refused_and_left_alone(model, tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"^{path}: it is not a checkpoint of this version"):
        sampled(model, path)
    assert path.read_bytes() == content


def test_places_where_no_file_can_be_are_named(model, tmp_path):
    with pytest.raises(ValueError, match=f"^{tmp_path}: it is no ordinary file"):
        sampled(model, tmp_path)
    with pytest.raises(ValueError, match=r"nowhere/run\.ckpt: there is no such folder"):
        sampled(model, tmp_path / "nowhere" / "run.ckpt")
    for path in (5, False, "", b""):
        with pytest.raises(ValueError, match=r"^checkpoint = .* is no path of a file"):
            sampled(model, path)
    with pytest.raises(OSError, match=f"File name too long: '{tmp_path}/a{{250}}'"):
        sampled(model, tmp_path / ("a" * 250))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_would_never_end_is_not_read(model, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="it is no ordinary file"):
        sampled(model, tmp_path / "pipe")
    with open(tmp_path / "large", "wb") as file:
        file.truncate(2**40)  # a terabyte of nothing, which takes no room
    with pytest.raises(ValueError, match="it is not a checkpoint of this version"):
        sampled(model, tmp_path / "large")


def test_a_link_to_where_nothing_is_yet_will_do(model, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "run.ckpt")
    fit = sampled(model, tmp_path / "link", draws=4)
    assert (tmp_path / "link").is_symlink()
    assert running.same_run(sampled(model, tmp_path / "run.ckpt", draws=4), fit)


def test_a_piece_that_cannot_be_written_leaves_the_file_as_it_was(model, tmp_path, monkeypatch):
    path = tmp_path / "run.ckpt"
    expected = sampled(model, path, draws=4)
    content = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=f"No space left on device.*{path}"):
            sampled(model, path, draws=8)
    assert path.read_bytes() == content
    assert running.same_run(sampled(model, path, draws=4), expected)


@pytest.mark.skipif(os.name == "nt", reason="files are locked by flock, which Windows has not")
def test_two_runs_do_not_write_to_one_file(model, tmp_path):
    path = tmp_path / "run.ckpt"
    sampled(model, path, draws=4)
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
            sampled(model, path, draws=8)
        holder.communicate("\n")
    assert sampled(model, path, draws=8).unconstrained.shape == (2, 8, 4)


def test_a_chain_that_failed_is_gone_on_from_where_it_was(tmp_path, short_pieces, monkeypatch, capsys):
    """Whatever failed is mended, and the same call ends the run."""
    model = running.grouped_model()
    expected = hmc.sample(model, **SETTINGS)
    from hmc import chains

    run_chain, broken = chains.run_chain, {"yes": True}

    def failing(*arguments):
        if broken["yes"] and arguments[2] == 1 and arguments[4] and arguments[4].state.iteration == 33:
            raise RuntimeError("out of luck")
        return run_chain(*arguments)

    monkeypatch.setattr(chains, "run_chain", failing)
    fit = sampled(model, tmp_path / "run.ckpt")
    assert [tuple(failure) for failure in fit.failures] == [(1, 33, "RuntimeError: out of luck")]
    assert fit.chains == [0]
    assert running.equal_bits(fit.unconstrained[0], expected.unconstrained[0])
    said = capsys.readouterr().err
    assert (
        said
        == "hmc: chain 2 failed after 33 transitions and is run again from transition 33: RuntimeError: out of luck\n"
    )
    broken["yes"] = False
    assert running.same_run(sampled(model, tmp_path / "run.ckpt"), expected)


def test_a_run_begun_with_the_jit_goes_on_without_it_and_the_other_way_round(tmp_path):
    running.write_author(tmp_path)
    script = """
import sys, author, hmc
how = dict(chains=2, warmup=20, workers=1)
fit = hmc.sample(author.model(), draws=int(sys.argv[1]), checkpoint=sys.argv[2] if sys.argv[2:] else None, **how)
print(fit.unconstrained.tobytes().hex())
"""
    expected = running.python(tmp_path, script, "12").stdout
    for name, first, second in (("a", None, "1"), ("b", "1", None)):
        running.python(tmp_path, script, "5", name, NUMBA_DISABLE_JIT=first)
        assert running.python(tmp_path, script, "12", name, NUMBA_DISABLE_JIT=second).stdout == expected


def test_a_checkpoint_costs_no_draw_and_is_small(model, tmp_path):
    path = tmp_path / "run.ckpt"
    fit = sampled(model, path, draws=2000)
    statistics = [*fit.stats.values(), *fit.warmup_stats.values()]
    content = fit.unconstrained.nbytes + sum(values.nbytes for values in statistics)
    assert path.stat().st_size < 1.2 * content + 50_000
    assert np.isfinite(fit.unconstrained).all()


SHORT_WRITE = """
import inspect, os, resource, sys
import numpy as np
import author, hmc
from hmc.chains import Chain
from hmc.checkpoint import open_checkpoint
from hmc.run import run_chain
from hmc.settings import Settings, check_settings

defaults = {name: inspect.signature(hmc.sample).parameters[name].default for name in Settings._fields}
model, settings = author.model(), check_settings(**defaults | dict(chains=1, warmup=20, draws=20))
result = run_chain(model, settings, 0, np.zeros(2, np.int64))
chain = Chain(0, [result.record], result.snapshot)
chain.fresh = result.record
with open_checkpoint("run.ckpt", model, settings, 12) as kept:
    size = os.path.getsize("run.ckpt")
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, -1))
    try:
        kept.append(chain)
    except OSError as error:
        print(error.strerror, os.path.getsize("run.ckpt") - size)
    resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))  # there is room again
    kept.append(chain)
with open_checkpoint("run.ckpt", model, settings, 12) as kept:
    print([chain.iteration for chain in kept.chains])
"""


@pytest.mark.skipif(os.name == "nt", reason="limits the size of files by setrlimit")
def test_a_piece_that_fits_in_part_is_not_taken_for_written(tmp_path):
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


def test_an_interrupt_before_a_piece_is_begun_costs_no_draw_of_its_chain(model, tmp_path, short_pieces, monkeypatch):
    expected = hmc.sample(model, **SETTINGS)
    resume = snapshot.resume

    def interrupted(kept):
        if kept.state.iteration == 35:
            raise KeyboardInterrupt
        return resume(kept)

    monkeypatch.setattr(snapshot, "resume", interrupted)
    fit = sampled(model, tmp_path / "run.ckpt")
    assert fit.interrupted
    assert running.equal_bits(fit.unconstrained, expected.unconstrained[fit.chains, : fit.unconstrained.shape[1]])
    assert running.equal_bits(fit.inverse_metric, expected.inverse_metric[fit.chains])


def test_an_interrupt_keeps_nearly_all_that_was_finished(model, tmp_path):
    """A piece of a second is written up to its last tenth: what is drawn again is little."""
    timer = threading.Timer(0.7, signal.raise_signal, [signal.SIGINT])
    timer.start()
    how = SETTINGS | {"chains": 1, "draws": 2_000_000}
    fit = hmc.sample(model, **how, checkpoint=tmp_path / "run.ckpt")
    assert fit.interrupted
    finished = fit.unconstrained.shape[1]
    with checkpoint.open_checkpoint(tmp_path / "run.ckpt", model, Settings(**fit.settings), 12) as kept:
        (chain,) = kept.chains
    assert chain.iteration > 0.5 * finished > 1000
    draws = chain.iteration - 30
    assert running.equal_bits(chain.pieces[-1].position[-1], fit.unconstrained[0, draws - 1])


def test_an_interrupt_after_the_last_draw_is_none(model, tmp_path, monkeypatch):
    expected = hmc.sample(model, **SETTINGS)
    append, seen = checkpoint.Checkpoint.append, []

    def interrupted(self, chain):
        append(self, chain)
        seen.append(chain.number)
        if len(seen) == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(checkpoint.Checkpoint, "append", interrupted)
    fit = sampled(model, tmp_path / "run.ckpt")
    assert len(seen) == 2
    assert not fit.interrupted
    assert running.same_run(fit, expected)


def test_what_a_piece_had_finished_before_its_density_failed_is_kept(tmp_path, monkeypatch):
    """And the piece is run again from there."""
    model = running.grouped_model()
    expected = hmc.sample(model, **SETTINGS)
    monkeypatch.setattr("hmc.run._STEP_SECONDS", 0.0)  # steps of one transition
    take, tries = snapshot.take, []

    def failing(state, rng, warmup):
        if state.iteration == 20:
            tries.append(state)
            if len(tries) == 1:
                raise RuntimeError("out of luck")
        return take(state, rng, warmup)

    monkeypatch.setattr(snapshot, "take", failing)
    assert running.same_run(sampled(model, tmp_path / "run.ckpt"), expected)
    with checkpoint.open_checkpoint(tmp_path / "run.ckpt", model, Settings(**expected.settings), 12) as kept:
        assert [len(piece.lp) for chain in kept.chains for piece in chain.pieces] == [19, 21, 40]
