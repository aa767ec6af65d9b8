"""A run that is taken up again, or extended, gives the draws of one that never stopped."""

import signal

import pytest

import hmc
from hmc import sampling
from hmc.results import checkpoint
from hmc.sampler import snapshot
from tests.hmc.helpers import checkpointing, running

WAYS = {
    "the defaults": {},
    "a dense metric": {"metric": "dense", "keep_warmup": True},
    "a metric of low rank": {"metric": "low_rank", "keep_warmup": True},
    "Stan's windows": {"adaptation": "windows", "metric": "dense"},
    "the unit metric": {"metric": "unit", "keep_warmup": True},
    "paths of fixed length": {"algorithm": "hmc"},
    "macro steps": {"algorithm": "walnuts", "tolerance": 0.1, "keep_warmup": True},
    "given starts": {"initial": [0.1, -0.1, 0.2, 0.3]},
    "no warm-up": {"warmup": 0},
}


@pytest.fixture
def model():
    return running.grouped_model()


@pytest.fixture
def short_chunks(monkeypatch):
    """Chunks of one transition each."""
    monkeypatch.setattr("hmc.sampling.chunk_seconds", lambda model: 0.0)


@pytest.mark.parametrize("way", WAYS)
def test_a_run_taken_up_after_any_chunk_gives_the_draws_of_one_that_never_stopped(model, tmp_path, short_chunks, way):
    expected = hmc.sample(model, **checkpointing.SETTINGS | WAYS[way])
    path = tmp_path / "run.ckpt"
    assert running.same_run(checkpointing.sampled(model, path, **WAYS[way]), expected)
    content, ends = path.read_bytes(), checkpointing.entry_ends(path)
    transitions = expected.settings["warmup"] + expected.settings["draws"]
    assert len(ends) == 1 + 2 * transitions
    for end in ends[:: max(1, transitions // 7)]:
        path.write_bytes(content[:end])
        again = checkpointing.sampled(model, path, **WAYS[way])
        assert running.same_run(again, expected)
        assert again.settings.keys() == expected.settings.keys()
        assert running.equal_bits(again.warmup, expected.warmup)
        assert path.read_bytes()[:end] == content[:end]


def test_a_generator_that_is_one_number_further_gives_other_draws(model, tmp_path, short_chunks, monkeypatch):
    """So the comparison above would see a state that is not kept whole."""
    expected = hmc.sample(model, **checkpointing.SETTINGS)
    resume = snapshot.resume

    def further(kept):
        state, rng = resume(kept)
        if state.iteration == 35:
            rng.random()
        return state, rng

    monkeypatch.setattr(snapshot, "resume", further)
    assert not running.same_run(checkpointing.sampled(model, tmp_path / "run.ckpt"), expected)


@pytest.mark.parametrize("lost", ["moments", "search", "metric"])
def test_no_part_of_the_state_can_be_left_out_of_a_snapshot(model, tmp_path, short_chunks, monkeypatch, lost):
    expected = hmc.sample(model, **checkpointing.SETTINGS)
    resume, first = snapshot.resume, {}

    def forgetful(kept):
        state, rng = resume(kept)
        if state.iteration == 15:
            state = state._replace(**{lost: first["kept"]})
        elif state.iteration == 5:
            first["kept"] = getattr(resume(kept)[0], lost)
        return state, rng

    monkeypatch.setattr(snapshot, "resume", forgetful)
    assert not running.same_run(checkpointing.sampled(model, tmp_path / "run.ckpt"), expected)


def test_snapshots_survive_being_taken_apart(model):
    for kept in hmc.sample(model, **checkpointing.SETTINGS, metric="dense").snapshots:
        again = snapshot.from_arrays(snapshot.to_arrays(kept))
        assert again.generator == kept.generator
        assert repr(again.state) == repr(kept.state)
        assert [type(value) for value in again.state] == [type(value) for value in kept.state]


@pytest.mark.parametrize("way", WAYS)
def test_an_extended_fit_is_the_fit_of_one_longer_run(model, tmp_path, way):
    longer = hmc.sample(model, **checkpointing.SETTINGS | WAYS[way] | {"draws": 25})
    fit = hmc.sample(model, **checkpointing.SETTINGS | WAYS[way])
    fit.save(tmp_path / "a.fit")
    for shorter in (fit, hmc.load(tmp_path / "a.fit", model)):
        extended = hmc.extend(hmc.extend(shorter, 5, workers=1), 10, workers=2, executor="threads")
        assert running.same_run(extended, longer)
        assert running.equal_bits(extended.warmup, longer.warmup)
        assert extended.settings["draws"] == 25
    checkpointing.sampled(model, tmp_path / "run.ckpt", **WAYS[way])
    extended = checkpointing.sampled(model, tmp_path / "run.ckpt", **WAYS[way] | {"draws": 25})
    assert running.same_run(extended, longer)


def test_what_cannot_be_extended_is_refused_in_words(model, tmp_path):
    fit = hmc.sample(model, **checkpointing.SETTINGS)
    fit.save(tmp_path / "a.fit")
    with pytest.raises(ValueError, match=r"without its model: hmc\.load\(path, model\)"):
        hmc.extend(hmc.load(tmp_path / "a.fit"), 10)
    with pytest.raises(ValueError, match=r"takes a hmc\.Fit, not a Model"):
        hmc.extend(model, 10)
    with pytest.raises(ValueError, match="draws = 0 is not a whole number of at least 1"):
        hmc.extend(fit, 0)
    loaded = hmc.load(tmp_path / "a.fit", model)
    loaded.identity.code["version"] = "0.0"
    with pytest.raises(ValueError, match=r"cannot be extended: it was started with rethinking-hmc 0\.0, and this is"):
        hmc.extend(loaded, 10)
    changed = hmc.load(tmp_path / "a.fit", model)
    changed.model = hmc.Model(checkpointing.other_density, model.data, model.parameters, name="grouped")
    with pytest.raises(ValueError, match="the code of the log density of grouped has changed"):
        hmc.extend(changed, 10)
    loaded = hmc.load(tmp_path / "a.fit", model)
    loaded.identity.code["numba"] = "0.0"
    with pytest.raises(ValueError, match=r"cannot be extended: it was started with Numba 0\.0, and this is"):
        hmc.extend(loaded, 10)
    fit.snapshots = None
    with pytest.raises(ValueError, match="interrupted"):
        hmc.extend(fit, 10)


def failing_where(monkeypatch, is_unlucky):
    """Tasks of chains that fail where `is_unlucky(chain, transitions before)`."""
    run_chain = sampling.run_chain

    def failing(model, settings, chain, address, begun, seconds):
        if is_unlucky(chain, begun.state.iteration if begun else 0):
            raise RuntimeError("out of luck")
        return run_chain(model, settings, chain, address, begun, seconds)

    monkeypatch.setattr(sampling, "run_chain", failing)


def test_an_extended_fit_tells_of_the_chains_that_failed_before_and_of_those_that_do_now(model, monkeypatch):
    run = checkpointing.SETTINGS | {"chains": 3}
    longer = hmc.sample(model, **run | {"draws": 25})
    with monkeypatch.context() as patch:
        failing_where(patch, lambda chain, before: chain == 2)
        fit = hmc.sample(model, **run)
    extended = hmc.extend(fit, 15, workers=1)
    assert extended.failures == fit.failures == [(2, 0, "RuntimeError: out of luck")]
    assert running.equal_bits(extended.unconstrained, longer.unconstrained[:2])
    failing_where(monkeypatch, lambda chain, before: chain == 0)
    extended = hmc.extend(fit, 15, workers=1)
    assert extended.failures == [(0, 40, "RuntimeError: out of luck"), (2, 0, "RuntimeError: out of luck")]
    assert running.equal_bits(extended.unconstrained, longer.unconstrained[1:2])


def test_a_seed_of_none_is_the_seed_of_the_file(model, tmp_path):
    first = checkpointing.sampled(model, tmp_path / "run.ckpt", seed=None)
    assert running.same_run(checkpointing.sampled(model, tmp_path / "run.ckpt", seed=None), first)
    assert checkpointing.sampled(
        model, tmp_path / "run.ckpt", seed=first.settings["seed"], draws=11
    ).settings == first.settings | {"draws": 11}


def test_a_chain_that_failed_is_gone_on_from_where_it_was(tmp_path, short_chunks, monkeypatch, capsys):
    """Whatever failed is mended, and the same call ends the run."""
    model = running.grouped_model()
    expected = hmc.sample(model, **checkpointing.SETTINGS)
    broken = {"yes": True}
    failing_where(monkeypatch, lambda chain, before: broken["yes"] and (chain, before) == (1, 33))
    fit = checkpointing.sampled(model, tmp_path / "run.ckpt")
    assert [tuple(failure) for failure in fit.failures] == [(1, 33, "RuntimeError: out of luck")]
    assert fit.chains == [0]
    assert running.equal_bits(fit.unconstrained[0], expected.unconstrained[0])
    said = capsys.readouterr().err
    assert (
        said
        == "hmc: chain 2 failed after 33 transitions and is run again from transition 33: RuntimeError: out of luck\n"
    )
    broken["yes"] = False
    assert running.same_run(checkpointing.sampled(model, tmp_path / "run.ckpt"), expected)


def test_every_chunk_of_a_chain_may_fail_once(model, tmp_path, short_chunks, monkeypatch, capsys):
    expected = hmc.sample(model, **checkpointing.SETTINGS)
    once = {(1, 0), (1, 17), (1, 33), (1, 34)}
    failing_where(monkeypatch, lambda chain, before: (chain, before) in once and not once.remove((chain, before)))
    fit = checkpointing.sampled(model, tmp_path / "run.ckpt")
    assert fit.failures == []
    assert running.same_run(fit, expected)
    assert capsys.readouterr().err.count("hmc: chain 2 failed after ") == 4


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


def test_an_interrupt_before_a_chunk_is_begun_costs_no_draw_of_its_chain(model, tmp_path, short_chunks, monkeypatch):
    expected = hmc.sample(model, **checkpointing.SETTINGS)
    resume = snapshot.resume

    def interrupted(kept):
        if kept.state.iteration == 35:
            raise KeyboardInterrupt
        return resume(kept)

    monkeypatch.setattr(snapshot, "resume", interrupted)
    fit = checkpointing.sampled(model, tmp_path / "run.ckpt")
    assert fit.interrupted
    assert running.equal_bits(fit.unconstrained, expected.unconstrained[fit.chains, : fit.unconstrained.shape[1]])
    assert running.equal_bits(fit.inverse_metric, expected.inverse_metric[fit.chains])


def test_an_interrupt_keeps_nearly_all_that_was_finished(model, tmp_path, monkeypatch):
    """A chunk of a second is written up to its last tenth: what is drawn again is little."""
    take, kept_at = snapshot.take, [0]

    def interrupting(state, rng, warmup):
        """Where steps are no longer doubled, so that the one under way is a part of what stands before it."""
        step, is_first = state.iteration - kept_at[-1], not is_sent
        kept_at.append(state.iteration)
        if is_first and state.iteration > max(1100, 4 * step):
            is_sent.append(state.iteration)
            signal.raise_signal(signal.SIGINT)
        return take(state, rng, warmup)

    is_sent = []
    monkeypatch.setattr(snapshot, "take", interrupting)
    how = checkpointing.SETTINGS | {"chains": 1, "draws": 2_000_000}
    fit = hmc.sample(model, **how, checkpoint=tmp_path / "run.ckpt")
    assert fit.interrupted
    finished = fit.unconstrained.shape[1]
    with checkpointing.opened(model, tmp_path / "run.ckpt", fit) as kept:
        (chain,) = kept.chains
    reached = chain.snapshot.state.iteration
    assert reached > 0.5 * finished > 1000
    draws = reached - 30
    assert running.equal_bits(chain.records[-1].position[-1], fit.unconstrained[0, draws - 1])


def test_an_interrupt_after_the_last_draw_is_none(model, tmp_path, monkeypatch):
    expected = hmc.sample(model, **checkpointing.SETTINGS)
    append, seen = checkpoint.Checkpoint.append, []

    def interrupted(self, *chunk):
        append(self, *chunk)
        number = chunk[0]
        seen.append(number)
        if len(seen) == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(checkpoint.Checkpoint, "append", interrupted)
    fit = checkpointing.sampled(model, tmp_path / "run.ckpt")
    assert len(seen) == 2
    assert not fit.interrupted
    assert running.same_run(fit, expected)


def test_what_a_chunk_had_finished_before_its_density_failed_is_kept(tmp_path, monkeypatch):
    """And the chunk is run again from there."""
    model = running.grouped_model()
    expected = hmc.sample(model, **checkpointing.SETTINGS)
    monkeypatch.setattr("hmc.running.tasks._STEP_SECONDS", 0.0)  # steps of one transition
    take, tries = snapshot.take, []

    def failing(state, rng, warmup):
        if state.iteration == 20:
            tries.append(state)
            if len(tries) == 1:
                raise RuntimeError("out of luck")
        return take(state, rng, warmup)

    monkeypatch.setattr(snapshot, "take", failing)
    assert running.same_run(checkpointing.sampled(model, tmp_path / "run.ckpt"), expected)
    with checkpointing.opened(model, tmp_path / "run.ckpt", expected) as kept:
        assert [len(record.lp) for chain in kept.chains for record in chain.records] == [19, 21, 40]


def test_a_fit_that_was_interrupted_is_not_extended(model):
    fit = hmc.sample(model, chains=2, warmup=20, draws=20, workers=1)
    fit.interrupted = True  # between two chains: those it has are whole
    with pytest.raises(ValueError, match="the fit was interrupted"):
        hmc.extend(fit, 10)


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"executor": "elsewhere"}, {"draws": 10**13}])
def test_what_cannot_be_run_leaves_no_file(model, tmp_path, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        hmc.sample(model, **{"chains": 1, "warmup": 20, "draws": 20} | wrong, checkpoint=tmp_path / "run.ckpt")
    assert list(tmp_path.iterdir()) == []


def test_a_density_that_does_not_compile_leaves_no_file(model, tmp_path):
    def misspelt(position, data, gradient):
        return positoin[0]  # noqa: F821

    wrong = hmc.Model(misspelt, model.data, model.parameters, name="misspelt")
    with pytest.raises(ValueError, match=r"misspelt: .*positoin"):
        hmc.sample(wrong, chains=1, warmup=20, draws=20, checkpoint=tmp_path / "run.ckpt")
    assert list(tmp_path.iterdir()) == []
