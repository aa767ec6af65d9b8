"""Every option of every command has an effect, or is refused."""

import inspect
import json
import re
import sys

import numpy as np
import pytest

import figures
import hmc
import models
from figures.lecture import contents
from hmc import cli
from hmc.cli import shared
from hmc.cli.parser import make_parser

SHORT = ("--warmup", "60", "--draws", "25", "--chains", "2", "--workers", "1")
FROGS = models.tables.BUNDLED / "reedfrogs.csv"


class ReachedError(Exception):
    """The work of a command has begun."""


def seen(capsys, monkeypatch, arguments, function=None):
    """What a command makes of its arguments: its output without times, or the arguments of the function that works."""
    called = []
    if function:

        def work(*given, **named):
            called.append(repr((given[1:] if given and isinstance(given[0], hmc.Model) else given, named)))
            raise ReachedError

        monkeypatch.setattr(function, work)
    try:
        status = cli.main([*map(str, arguments)])
    except ReachedError:
        status = 0
    out, err = capsys.readouterr()
    return status, re.sub(r"in [\d.]+ s", "", out), err, called


# How an option is seen to be used: a command line without it, and what to add. "" stands for the function that works,
# whose arguments are compared; else the output is.
SAMPLE, FIT, COMPARE = "hmc.sample", ("fit", "mST"), ("compare", "mST", "mSTnomem")
OF_CHAIN = {
    "--warmup": 7, "--seed": 5, "--target-accept": 0.9, "--max-depth": 4, "--metric": "unit", "--adaptation": "windows",
    "--algorithm": "hmc", "--tolerance": 0.5, "--initial": "initial.json",
}  # fmt: skip
OF_SAMPLING = {"--chains": 3, "--draws": 9, "--workers": 1, **OF_CHAIN}
OF_STUDIES = {"--replications": 7, "--seed": 5, "--workers": 1}
OF_LECTURE = {"--out": "folder", "--only": "cafes", "--trolley": "x.csv", **OF_STUDIES}
WATCH, CALIBRATE, COVERAGE = "hmc.record.narrate.watch", "diagnostics.calibrate", "models.coverage.coverage"
VERIFY = ("verify", "mST", "draws.csv")
MAKE = "figures.lecture.work.making.make"
REFERENCE, WRITE = ("reference", "cafes", "--out", "one"), "hmc.cli.reference_files.write"
OF_REFERENCE = {"--out": "pack", "--seed": 5, "--workers": 1}
USED = {
    **{("fit", option): (FIT, value, SAMPLE) for option, value in OF_SAMPLING.items()},
    ("fit", "--checkpoint"): (FIT, "some.checkpoint", SAMPLE),
    ("fit", "--depth"): ((*FIT, *SHORT), 2, None),
    ("fit", "--prob"): ((*FIT, *SHORT), 0.5, None),
    ("fit", "--digits"): ((*FIT, *SHORT), 5, None),
    ("fit", "--exact"): ((*FIT, *SHORT), None, None),
    ("fit", "--out"): ((*FIT, *SHORT), "out.csv", None),
    ("fit", "--data"): ((*FIT, *SHORT), "frogs.csv", None),
    ("fit", "--set"): (("fit", "cafes", *SHORT), "visits=3", None),
    **{("compare", option): (COMPARE, value, SAMPLE) for option, value in OF_SAMPLING.items()},
    ("compare", "--criterion"): ((*COMPARE, *SHORT), "PSIS", None),
    ("compare", "--moment-match"): ((*COMPARE, "--criterion", "PSIS", *SHORT), None, None),
    ("compare", "--scale"): ((*COMPARE, *SHORT), "log", None),
    ("compare", "--digits"): ((*COMPARE, *SHORT), 5, None),
    ("compare", "--data"): ((*COMPARE, *SHORT), "frogs.csv", None),
    ("compare", "--set"): (("compare", "mST", "mST_fixed", "--set", "sigma=1", *SHORT), "visits=3", None),
    **{("figures", option): (("figures", "tanks"), value, SAMPLE) for option, value in OF_SAMPLING.items()},
    ("figures", "--list"): (("figures", "dag_tadpoles"), None, None),
    ("figures", "--out"): (("figures", "dag_tadpoles"), "folder", None),
    ("figures", "--data"): (("figures", "tanks"), "frogs.csv", "hmc.cli.figures._draw_planned"),
    ("figures", "--set"): (("figures", "cluster_effects"), "participants=4", "hmc.cli.figures._draw_planned"),
    ("figures", "--width"): (("figures", "dag_tadpoles"), 6, "figures.drawing.style.asked"),
    ("figures", "--height"): (("figures", "dag_tadpoles"), 6, "figures.drawing.style.asked"),
    ("figures", "--dpi"): (("figures", "dag_tadpoles"), 60, "figures.drawing.style.asked"),
    ("figures", "--style"): (("figures", "dag_tadpoles"), "ggplot", "figures.drawing.style.asked"),
    ("figures", "--format"): (("figures", "dag_tadpoles"), "pdf", None),
    ("figures", "--step-size"): (("figures", "nuts_tree"), 0.4, "hmc.cli.figures._draw_planned"),
    **{("watch", option): (("watch", "cafes"), value, WATCH) for option, value in OF_CHAIN.items()},
    ("watch", "--initial"): (("watch", "mST"), "initial.json", WATCH),
    ("watch", "--transitions"): (("watch", "cafes"), 2, WATCH),
    ("watch", "--after"): (("watch", "cafes"), 2, WATCH),
    ("watch", "--chain"): (("watch", "cafes"), 2, WATCH),
    ("watch", "--data"): (("watch", "mST", "--warmup", "9"), "frogs.csv", None),
    ("watch", "--set"): (("watch", "cafes", "--warmup", "9"), "visits=3", None),
    ("check", "--points"): (("check", "cafes"), 5, "hmc.checking.check"),
    ("check", "--seed"): (("check", "cafes"), 5, "hmc.checking.check"),
    ("check", "--bounds"): (("check", "cafes"), None, "hmc.checking.check"),
    ("check", "--data"): (("check", "mST", "--points", "2"), "few.csv", None),
    ("check", "--set"): (("check", "cafes", "--points", "2"), "visits=x", None),
    **{("calibrate", option): (("calibrate", "m0"), value, CALIBRATE) for option, value in OF_STUDIES.items()},
    ("calibrate", "--thinned"): (("calibrate", "m0"), 9, CALIBRATE),
    ("calibrate", "--spacing"): (("calibrate", "m0"), 9, CALIBRATE),
    ("calibrate", "--target-accept"): (("calibrate", "m0"), 0.9, CALIBRATE),
    ("calibrate", "--metric"): (("calibrate", "m0"), "unit", CALIBRATE),
    ("calibrate", "--algorithm"): (("calibrate", "m0"), "walnuts", CALIBRATE),
    ("calibrate", "--tolerance"): (("calibrate", "m0"), 0.5, CALIBRATE),
    ("calibrate", "--data"): (("calibrate", "m0"), "nowhere.csv", CALIBRATE),
    ("calibrate", "--set"): (("calibrate", "cafes"), "visits=x", CALIBRATE),
    **{("coverage", option): (("coverage",), value, COVERAGE) for option, value in OF_STUDIES.items()},
    ("coverage", "--set"): (("coverage",), "groups=9", COVERAGE),
    ("coverage", "--digits"): (("coverage", "--replications", "2", "--set", "individuals=30", "--workers=1"), 5, None),
    **{("lecture", option): (("lecture",), value, MAKE) for option, value in OF_LECTURE.items()},
    ("lecture", "--still"): (("lecture",), None, MAKE),
    ("verify", "--rename"): (VERIFY, "z=b", "diagnostics.verify"),
    ("verify", "--from-zero"): (VERIFY, None, "diagnostics.verify"),
    ("new", "--out"): (("new", "mine"), "folder", None),
    ("explore", "--out"): (("explore", "plane"), "page.html", None),
    ("explore", "--lecture"): (("explore", "plane"), None, None),
    **{("reference", option): (REFERENCE, value, WRITE) for option, value in OF_REFERENCE.items()},
}  # fmt: skip


def options():
    """(command, option) of all there are."""
    commands = make_parser().commands
    return [
        (name, action.option_strings[-1])
        for name, command in commands.items()
        for action in command._actions
        if action.option_strings and action.dest != "help"
    ]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "folder").mkdir()
    (tmp_path / "frogs.csv").write_text("density,pred,size,surv\n" + 24 * "10,no,big,9\n" + 24 * "20,pred,small,5\n")
    (tmp_path / "few.csv").write_text("density,pred,size,surv\n10,no,big,9\n")
    (tmp_path / "draws.csv").write_text("a[1],z\n1,2\n3,4\n")
    values = {"a_bar": 0.5, "sigma": 1.5, "a": [0.5] * 48}
    (tmp_path / "initial.json").write_text(json.dumps(values))
    return tmp_path


@pytest.mark.parametrize(("command", "option"), options())
def test_every_option_is_used_or_refused(command, option, capsys, monkeypatch, folder):
    if option == "--dask":  # which connects to an address
        status, out, err = cli.main([*USED[command, "--workers"][0], option, "nowhere"]), *capsys.readouterr()
        assert (status, out) == (1, "")
        assert "--dask nowhere is not of the form" in err
        return
    if option == "--initial" and command == "compare":  # two models, each with all of the values
        (folder / "initial.json").write_text(json.dumps({"a_bar": 0.5, "a": [0.5] * 48}))
    assert is_used_or_refused(command, option, capsys, monkeypatch, folder)


def is_used_or_refused(command, option, capsys, monkeypatch, folder):
    """Whether a command does another thing with the option than without it, or says in one line that it does not."""
    base, value, function = USED[command, option]
    without = seen(capsys, monkeypatch, base, function)
    assert without[0] == 0, without[2]
    files = {*folder.rglob("*")}
    (folder / "mine.py").unlink(missing_ok=True)
    used = seen(capsys, monkeypatch, [*base, option, *([] if value is None else [value])], function)
    is_refused = used[0] == 1 and used[2].startswith("hmc: ") and used[2].count("\n") == 1
    return is_refused or used != without or bool({*folder.rglob("*")} - files)


def test_an_option_that_is_dropped_on_the_way_is_noticed(capsys, monkeypatch, folder):
    """Negative twin."""
    monkeypatch.setattr(shared, "OF_CHAINS", [name for name in shared.OF_CHAINS if name != "target_accept"])
    for command in ("fit", "figures", "watch"):
        assert not is_used_or_refused(command, "--target-accept", capsys, monkeypatch, folder)
        assert is_used_or_refused(command, "--max-depth", capsys, monkeypatch, folder)


def test_the_lists_of_options_for_sampling_are_complete():
    names = [option.removeprefix("--").replace("-", "_") for command, option in options() if command == "compare"]
    assert {*shared.OF_SAMPLING} == {*names} - {"criterion", "moment_match", "scale", "digits", "data", "set"}


UNSAMPLED = [name for name in [*figures.names(), *figures.films()] if not figures.needs(name)]


@pytest.mark.parametrize("option", [*OF_SAMPLING, "--dask"])
def test_figures_that_nothing_is_sampled_for_refuse_the_options_of_sampling(option, capsys, folder, monkeypatch):
    assert "nuts_trajectory" in UNSAMPLED
    value = {"--dask": "tcp://127.0.0.1:1"} | OF_SAMPLING
    monkeypatch.setattr("hmc.running.cluster._client", lambda address: pytest.skip("it is asked for a cluster first"))
    for name in UNSAMPLED if option != "--dask" else UNSAMPLED[:1]:
        if option == "--seed" and "seed" in figures.options_of(name):  # of a toy
            continue
        status, out, err, _ = seen(capsys, monkeypatch, ["figures", name, option, value[option]])
        assert (status, out, err) == (1, "", f"hmc: {option} would have no effect: nothing is sampled for {name}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["figures", "--list", "tanks"], "NAME would have no effect: --list lists all figures and draws none"),
        (["figures", "--list", "--seed", "12"], "--seed would have no effect: --list lists all figures and draws none"),
        (["figures", "coverage", "--draws", "9"], "--draws would have no effect: coverage has settings of its own"),
        (["figures", "schools_neck", "--target-accept", "0.9"],
         "--target-accept would have no effect: schools_neck show schools and schools_nc at several values of it"),
        (["figures", "tanks", "--step-size", "0.1"],
         "--step-size would have no effect: none of tanks shows steps of a size that is given"),
        (["figures", "dag_tadpoles", "--format", "svg", "--dpi", "90"],
         "--dpi would have no effect: svg are drawn with lines, not dots"),
        (["figures", "nuts_film", "--format", "svg"],
         "--format would have no effect: films, such as nuts_film, have formats of their own"),
        (["fit", "mST", "--warmup", "0", "--metric", "dense", "--target-accept", "0.9"],
         "--target-accept, --metric would have no effect: without warm-up (--warmup 0) nothing is adapted"),
        (["watch", "mST", "--warmup", "0", "--adaptation", "windows"],
         "--adaptation would have no effect: without warm-up (--warmup 0) nothing is adapted"),
        (["compare", "mST", "mSTnomem", "--moment-match"],
         "--moment-match would have no effect: it is of --criterion PSIS"),
        (["lecture", "--only", "cafes", "--trolley", "x.csv"],
         "--trolley would have no effect: the parts cafes do not show that file"),
        (["lecture", "--only", "cafes", "tadpoles", "--replications", "3"],
         "--replications would have no effect: the parts cafes, tadpoles have no simulated studies"),
        (["lecture", "--only", "trolley", "--still"],
         "--still would have no effect: the parts trolley have nothing to play with"),
    ],
)  # fmt: skip
def test_options_without_effect_are_refused_in_one_line(arguments, message, capsys, folder, monkeypatch):
    assert seen(capsys, monkeypatch, arguments)[:3] == (1, "", f"hmc: {message}\n")


def test_defaults_that_are_written_out_are_still_given(capsys, folder, monkeypatch):
    assert seen(capsys, monkeypatch, ["figures", "dag_tadpoles", "--seed", "12"])[0] == 1
    assert make_parser().parse_args(["fit", "mST"]).given == ["model"]
    assert make_parser().parse_args(["fit", "mST", "--seed", "12", "--set", "a=1"]).given == ["model", "seed", "set"]


def test_lengths_of_warm_up_are_those_of_the_library_and_of_the_lecture():
    assert inspect.signature(hmc.sample).parameters["warmup"].default == shared.WARMUP
    assert contents.WARMUP == shared.LECTURES_WARMUP
    lengths = {name: make_parser().parse_args([name, "mST"]).warmup for name in ("fit", "watch", "compare", "figures")}
    assert lengths == {"fit": 400, "watch": 400, "compare": 1000, "figures": 1000}


@pytest.mark.parametrize("several", [False, True])
def test_chains_start_at_the_values_of_a_file(several, folder, capsys):
    values = [{"a_bar": 0.1 * k, "sigma": 1.0 + k, "a": [0.5] * 48} for k in range(2)]
    (folder / "initial.json").write_text(json.dumps(values if several else values[0]))
    arguments = ["fit", "mST", *SHORT, "--initial", "initial.json", "--out", "x.fit"]
    assert cli.main(arguments) == 0
    positions = hmc.load("x.fit").settings["initial"]
    expected = [models.mST().unconstrain(v) for v in (values if several else [values[0]] * 2)]
    assert np.array_equal(positions, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--initial initial.json is not a JSON file: Expecting value: line 1 column 1 (char 0)"),
        ("[1, 2]", '--initial initial.json has no values with names, as in {"a_bar": 0.5, "sigma": 1}'),
        ("[]", '--initial initial.json has no values with names, as in {"a_bar": 0.5, "sigma": 1}'),
        ('{"a_bar": 1}', "mST: values are needed for a, a_bar, sigma; a has none"),
        (None, "nowhere.json: No such file or directory"),
    ],
)
def test_a_file_without_starting_values_is_refused(text, message, folder, capsys, monkeypatch):
    (folder / "initial.json").write_text(text or "")
    path = "nowhere.json" if text is None else "initial.json"
    assert seen(capsys, monkeypatch, ["fit", "mST", "--initial", path])[:3] == (1, "", f"hmc: {message}\n")
