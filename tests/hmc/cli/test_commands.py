"""The command line says what it was asked for, and refuses in one line on standard error what it cannot do."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import figures
import hmc
import models
from hmc import cli
from hmc.cli import figure_inputs
from hmc.cli.parser import COMMANDS

BUNDLED = Path(models.__file__).parent / "data" / "reedfrogs.csv"
SHORT = ["--warmup", "200", "--draws", "100", "--workers", "1"]


def run(capsys, *arguments):
    """(exit status, standard output, standard error) of a command line."""
    try:
        status = cli.main(list(arguments))
    except SystemExit as exit_:  # argparse
        status = exit_.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def own_file(tmp_path, monkeypatch):
    """A function that writes an author's model file and gives its MODEL argument."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def write(body, name):
        (tmp_path / f"{name}.py").write_text(AUTHORS_FILE + body)
        monkeypatch.delitem(sys.modules, name, raising=False)
        return f"{tmp_path / name}.py:factory"

    return write


AUTHORS_FILE = """
from typing import NamedTuple
import numpy as np
import hmc

class Nothing(NamedTuple):
    scale: float

def model(log_density):
    return hmc.Model(log_density, Nothing(1.0), [hmc.Parameter("x", (3,))], name="own")
"""
NORMAL = """
def log_density(position, data, gradient):
    total = 0.0
    for i in range(position.size):
        gradient[i] = {slope}
        total -= 0.5 * position[i] ** 2
    return {value}

def factory():
    return model(log_density)
"""


def rewritten(tmp_path, **changes):
    """The bundled data with cells of its third row changed; a value of None leaves the column out."""
    with open(BUNDLED, newline="") as file:
        rows = list(csv.DictReader(file))
    rows[2] |= {column: value for column, value in changes.items() if value is not None}
    columns = [column for column in rows[0] if changes.get(column, "") is not None]
    path = tmp_path / "tanks.csv"
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def test_fit_prints_the_table_and_a_line_on_convergence(capsys):
    status, out, _ = run(capsys, "fit", "mST", "--workers", "1")
    assert status == 0
    assert out.split()[:6] == ["mean", "sd", "5.5%", "94.5%", "n_eff", "Rhat4"]
    assert re.search(r"^a_bar +1\.3", out, re.MULTILINE)
    assert re.search(
        r"4 chains of 1000 draws in .* s, no divergences, Rhat at most 1\.0\d+, "
        r"bulk and tail ESS at least \d+: converged",
        out,
    )
    assert "48 vector or matrix parameters hidden" in out


def test_depth_2_shows_every_tank(capsys):
    _, out, _ = run(capsys, "fit", "mST", *SHORT, "--depth", "2")
    assert [line.split()[0] for line in out.splitlines()[1:49]] == [f"a[{i}]" for i in range(1, 49)]


def test_exact_puts_the_exact_mean_and_the_z_score_beside_each_estimate(capsys):
    _, out, _ = run(capsys, "fit", "mST", "--workers", "1", "--exact")
    heading, a_bar = out.splitlines()[:2]
    assert heading.split()[-2:] == ["exact", "z"]
    mean, exact, z = (float(a_bar.split()[i]) for i in (1, -2, -1))
    assert exact == 1.346
    assert abs(z) < 4
    assert (mean - exact) * z >= 0 or abs(mean - exact) < 0.001


def test_a_fit_too_short_to_trust_says_so(capsys):
    _, out, _ = run(capsys, "fit", "mST", "--warmup", "5", "--draws", "10", "--workers", "1")
    assert "DO NOT TRUST" in out


def test_the_same_seed_prints_the_same_table(capsys):
    tables = [run(capsys, "fit", "mST", *SHORT, "--seed", seed)[1].splitlines()[:3] for seed in ("3", "3", "4")]
    assert tables[0] == tables[1] != tables[2]


def test_the_saved_fit_is_the_printed_one(capsys, tmp_path):
    _, out, _ = run(capsys, "fit", "mST", *SHORT, "--out", str(tmp_path / "mST.fit"))
    loaded = hmc.load(tmp_path / "mST.fit")
    assert loaded["sigma"].shape == (4, 100)
    assert f"sigma  {loaded['sigma'].mean():.3f}" in out


def test_compare_ranks_the_lectures_models(capsys):
    status, out, _ = run(capsys, "compare", "mSTnomem", "mST", *SHORT)
    lines = out.splitlines()
    assert status == 0
    assert lines[0].split() == ["WAIC", "SE", "dWAIC", "dSE", "pWAIC", "weight", "p_worse", "diag_diff"]
    assert lines[1].split() == ["deviance", "scale"]
    assert [line.split()[0] for line in lines[2:4]] == ["mST", "mSTnomem"]
    assert lines[3].endswith("N < 100")
    assert "own group's parameters known" in out


def test_a_setting_is_given_to_the_models_that_have_it(capsys):
    status, out, _ = run(capsys, "compare", "mST", "mST_fixed", "--set", "sigma=0.5", *SHORT)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[2:4]] == ["mST", "mST_fixed"]
    status, _, err = run(capsys, "compare", "mST", "mST_fixed", "--set", "visits=5", *SHORT)
    assert (status, err) == (1, "hmc: mST has no option visits; its options are data\n")


def test_figures_are_written_and_named(capsys, tmp_path):
    status, out, _ = run(capsys, "figures", "tanks", *SHORT, "--out", str(tmp_path / "new" / "folder"))
    assert status == 0
    assert {Path(line).name for line in out.split()} == {"tanks.png", "tanks.svg"}
    assert all(Path(line).stat().st_size > 1000 for line in out.split())


def test_figures_of_several_fits_of_one_model_are_drawn(capsys, tmp_path):
    status, out, _ = run(capsys, "figures", "cafes_sheet", "dag_confounds", *SHORT, "--out", str(tmp_path))
    assert status == 0
    assert {Path(line).stem for line in out.split()} == {"cafes_sheet", "dag_confounds"}


def test_stills_films_and_figures_of_any_fit_are_listed_in_groups(capsys):
    status, out, _ = run(capsys, "figures", "--list")
    assert status == 0
    stills, films, of_any = re.fullmatch(
        r"stills:\n(.*)films:\n(.*)of the fit of any model:\n(.*)", out, re.DOTALL
    ).groups()
    listed = [[line.split()[0] for line in group.splitlines()] for group in (stills, films, of_any)]
    assert listed == [
        figures.names(),
        figures.films(),
        [f"{kind}:MODEL" for kind in ("traces", "ranks", "energies", "centring", "predictive", "metrics")],
    ]


def test_films_and_figures_of_a_fit_are_written_beside_stills(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("figures.drawing.film.has_ffmpeg", lambda: False)  # or there is an MP4, too: the next test
    monkeypatch.setitem(figures.SERIES, "mST_fixed", ("sigma", (0.5, 2.0)))
    names = ["sweep_film", "pooling", "ranks:mST_fixed", "energies:mRS"]
    status, out, _ = run(capsys, "figures", *names, *SHORT, "--out", str(tmp_path))
    assert status == 0
    stems = ["pooling", "ranks-mST_fixed", "energies-mRS"]
    assert [Path(line).name for line in out.split()] == [
        "sweep_film.gif",
        *(stem + ending for stem in stems for ending in (".png", ".svg")),
    ]


def test_a_film_is_written_for_slides_too_where_ffmpeg_is(capsys, tmp_path, ffmpeg):
    ffmpeg()
    status, out, _ = run(capsys, "figures", "sweep_film", *SHORT, "--out", str(tmp_path))
    assert status == 0
    assert [Path(line).name for line in out.split()] == ["sweep_film.gif", "sweep_film.mp4"]


def test_a_figure_of_metrics_is_drawn_from_fits_with_all_that_the_adaptation_knows(capsys, tmp_path, monkeypatch):
    asked = []
    draw = figures.draw

    def watched(name, inputs, **options):
        asked.append([inputs["mST"], *inputs["other metrics of mST"]])
        return draw(name, inputs, **options)

    monkeypatch.setattr(figures, "draw", watched)
    for options in ([], ["--metric", "dense"], ["--adaptation", "windows"]):
        assert run(capsys, "figures", "metrics:mST", *SHORT, *options, "--out", str(tmp_path))[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["metrics-mST.png", "metrics-mST.svg"]
    assert [[fit.settings["metric"] for fit in fits] for fits in asked] == [
        ["auto", "diag", "dense", "low_rank", "unit"],
        ["dense", "auto", "diag", "low_rank", "unit"],
        ["auto", "diag", "dense", "unit"],  # low_rank knows no windows
    ]
    for fits in asked:
        others = ({**fit.settings, "metric": None, "chosen_metric": None} for fit in fits)
        assert all(one == {**fits[0].settings, "metric": None, "chosen_metric": None} for one in others)


def test_without_a_name_all_stills_and_films_are_drawn():
    planned = figure_inputs.plan([])
    assert list(planned.options) == [*figures.names(), *figures.films()]
    assert planned.others == ("coverage",)
    assert {name: len(several) for name, several in planned.models.items() if isinstance(several, list)} == {
        "cafes": 21,
        "mST_fixed": 20,
        "schools": 4,
        "schools_nc": 4,
    }


def test_ranks_of_an_authors_model_are_drawn(capsys, tmp_path, own_file):
    argument = own_file(NORMAL.format(slope="-position[i]", value="total"), "own_ranks")
    status, out, _ = run(capsys, "figures", f"ranks:{argument}", *SHORT, "--out", str(tmp_path))
    assert status == 0
    assert all(":" not in Path(line).name for line in out.split())


def test_settings_go_to_the_figures_and_models_that_have_them():
    planned = figure_inputs.plan(["raw_survival", "tanks", "sigma_sweep", "dag_tadpoles"], data=str(BUNDLED))
    data = {"data": str(BUNDLED)}
    assert planned.options == {"raw_survival": data, "tanks": data, "sigma_sweep": {}, "dag_tadpoles": {}}
    few = figure_inputs.plan(["cluster_effects", "tanks"], settings=["participants=5"])
    assert few.models["mRXma2"].dimension < figure_inputs.plan(["cluster_effects"]).models["mRXma2"].dimension
    assert few.options == {"cluster_effects": {}, "tanks": {}}


def test_a_figure_that_cannot_be_drawn_does_not_keep_the_others(capsys, tmp_path):
    few = ["--warmup", "10", "--draws", "50", "--workers", "1"]
    status, out, err = run(capsys, "figures", "warmup", "tanks", *few, "--out", str(tmp_path))
    assert status == 1
    assert err == "hmc: warmup: the fit has 10 warm-up transitions, too few to draw\n"
    assert {Path(line).stem for line in out.split()} == {"tanks"}


def test_watch_tells_a_transition_in_words(capsys):
    status, out, _ = run(capsys, "watch", "cafes", "--warmup", "50", "--transitions", "2")
    assert status == 0
    assert out.count(": NUTS in 7 dimensions") == out.count("\nDraw: leaf ") == 2
    assert "cafes, chain 1, draw 2: NUTS in 7 dimensions" in out
    assert run(capsys, "watch", "cafes", "--warmup", "50", "--chain", "2")[1] != out
    status, _, err = run(capsys, "watch", "cafes", "--chain", "0")
    assert (status, err) == (1, "hmc: --chain = 0 is not a whole number of at least 1\n")


def test_new_writes_a_model_that_is_checked_and_fitted_as_it_stands(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    status, out, _ = run(capsys, "new", "rainfall_of_mine", "--out", str(tmp_path))
    argument = f"{tmp_path / 'rainfall_of_mine'}.py:rainfall_of_mine"
    assert status == 0
    assert f"hmc fit {argument}" in out
    assert run(capsys, "check", argument)[0] == 0
    assert run(capsys, "fit", argument, *SHORT)[0] == 0
    status, _, err = run(capsys, "new", "rainfall_of_mine", "--out", str(tmp_path))
    assert status == 1
    assert "rainfall_of_mine.py" in err
    assert run(capsys, "new", "no-name")[0] == 1


def test_models_lists_each_with_its_formula(capsys):
    _, out, _ = run(capsys, "models")
    assert all(name in out for name in models.names())
    assert "sigma ~ Exponential(1)" in out


def test_a_users_own_data_are_fitted(capsys, tmp_path):
    status, out, _ = run(capsys, "fit", "mST", *SHORT, "--depth", "2", "--data", rewritten(tmp_path, surv="1"))
    third = next(line for line in out.splitlines() if line.startswith("a[3]"))
    assert status == 0
    assert float(third.split()[1]) < 0  # 1 of 10 survived here, 7 of 10 in the bundled data


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"surv": "11"}, "row 3: surv = 11 is more than density = 10"),
        ({"surv": "-1"}, "row 3: surv = -1 is negative"),
        ({"surv": "6.5"}, "row 3: surv = 6.5 is not a whole number"),
        ({"surv": "NaN"}, "row 3: surv"),
        ({"surv": None}, "surv"),
        ({"pred": "maybe"}, "row 3: pred = maybe"),
    ],
)
def test_bad_data_are_refused_in_one_line_that_says_where(capsys, tmp_path, changes, message):
    status, out, err = run(capsys, "fit", "mST", "--data", rewritten(tmp_path, **changes))
    assert (status, out) == (1, "")
    assert err.startswith("hmc: reedfrogs: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("content", ["", "density|pred|size|surv\n10|no|big|9\n", "\x00\x01\x02"])
def test_files_that_are_no_table_are_refused_in_one_line(capsys, tmp_path, content):
    (tmp_path / "bad.csv").write_text(content)
    status, out, err = run(capsys, "fit", "mST", "--data", str(tmp_path / "bad.csv"))
    assert (status, out) == (1, "")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "mStt"], "no model is called mStt; did you mean mST?"),
        (["fit", "mST", "--draws", "0"], "draws = 0"),
        (["fit", "mST", "--chains", "0"], "chains = 0"),
        (["fit", "mST", "--warmup", "-1"], "warmup = -1"),
        (["fit", "mST", "--workers", "0"], "workers = 0"),
        (["fit", "mST", "--target-accept", "1"], "target_accept = 1.0"),
        (["fit", "mST", "--metric", "round"], "metric = 'round' is none of auto, diag, dense, low_rank, unit"),
        (["fit", "mST", "--algorithm", "gibbs"], "algorithm = 'gibbs'"),
        (["fit", "mST_fixed"], "mST_fixed needs the option sigma"),
        (["fit", "mST_fixed", "--exact"], "sigma"),
        (["fit", "nowhere.py:factory"], "nowhere.py: there is no such file"),
        (["fit", "mST", "--out", "no/such/folder/x.fit"], "no/such/folder"),
        (["fit", "mST", "--out", "."], "is a folder"),
        (["fit", "own.py"], "write own.py:FACTORY"),
        (["fit", "mST", "--prob", "1.5"], "1.5"),
        (["compare", "mST"], "two or more"),
        (["compare", "mST", "mST"], "twice: mST"),
        (["figures", "tank"], "no figure is called tank; did you mean tanks? known: "),
        (["figures", "tanks", "ranks:mStt"], "no model is called mStt; did you mean mST?"),
        (["figures", "ranks"], "ranks is of a fit of any model: write ranks:MODEL"),
        (["figures", "ranks:mST_fixed"], "mST_fixed needs the option sigma"),
        (["figures", "traces:nowhere.py:factory"], "nowhere.py: there is no such file"),
        (["figures", "--data", "x.csv"], "--data and --set need names of figures"),
        (["figures", "tanks", "dag_tadpoles", "--set", "sigma=1"], "--set sigma: nothing in tanks, dag_tadpoles has"),
        (["figures", "dag_tadpoles", "--data", "x.csv"], "--data: nothing in dag_tadpoles has an option data"),
        (["figures", "sigma_sweep", "--set", "sigma=1"], "--set sigma: the figures show mST_fixed at values of sigma"),
        (["check", "mST", "--points", "0"], "--points = 0 is not a whole number of at least 1"),
        (["check", "mST", "--seed", "-1"], "--seed = -1 is not a whole number of at least 0"),
        (
            ["watch", "mST", "--after", "100000000000000"],
            "after = 100000000000000 and transitions = 1: so many do not fit",
        ),
        (["fit", ":"], ": is not of the form FILE.py:FACTORY"),
        (["fit", "heights.py:"], "heights.py: is not of the form FILE.py:FACTORY"),
        (["compare", "mST", ":factory"], ":factory is not of the form FILE.py:FACTORY"),
        (["fit", "cafes", "--set", "visits=1_0"], "cafes: visits = 1_0 is not a whole number from 0 to 20"),
        (["fit", "cafes", "--set", "visits=\u0663"], "cafes: visits = \u0663 is not a whole number from 0 to 20"),
        (["fit", "mST_fixed", "--set", "sigma=1_0.5"], "mST_fixed: sigma = 1_0.5 is not a positive number"),
        (["fit", "mST_fixed", "--set", "sigma"], "--set sigma is not of the form NAME=VALUE"),
        (["fit", "mST_fixed", "--set", "sigma=-1"], "mST_fixed: sigma = -1 is not a positive number"),
        (["fit", "mST", "--set", "sigma=1"], "mST has no option sigma; its options are data"),
        (["fit", "cafes", "--set", "visits=21"], "cafes: visits = 21 is not a whole number from 0 to 20"),
        (["fit", "cafes", "--set", "visits=5", "--exact"], "cafes: no exact posterior is stored for your data"),
        (["fit", "m0", "--data", "x.csv"], "m0 has no option data; its options are individuals, groups"),
        (["fit", "m0", "--set", "groups=x.csv"], "groups are given without individuals"),
        (["fit", "mRXma", "--data", "x.csv"], "trolley: no such file: x.csv; the published Trolley.csv is part of"),
        (["coverage", "--replications", "0"], "replications = 0"),
        (["coverage", "--set", "groups=0"], "simulate_study: groups = 0 is not a whole number from 1"),
        (["coverage", "--set", "sizes=3"], "simulate_study has no argument sizes"),
        (["coverage", "--set", "seed=3"], "--set seed: simulate_study has no argument seed"),
        (["fit", "mST", "--set", "data=x.csv"], "--set data=x.csv: write --data x.csv"),
        (["fit", "mST", "--set", "name=x"], "mST has no option name; its options are data"),
        (["fit", "mST_fixed", "--set", "sigma=1", "--set", "sigma=2"], "--set sigma is given twice"),
        (["calibrate", "mST", "--replications", "0"], "replications = 0"),
        (["calibrate", "mST", "--thinned", "0"], "thinned = 0"),
    ],
)
def test_bad_arguments_are_refused_in_one_line_that_names_them(capsys, arguments, message):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (1, "")
    assert message in err
    assert err.startswith("hmc: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["fit", "mST", "--out", ""], "--out"),
        (["fit", "mST", "--metric", ""], "--metric"),
        (["fit", "mST", "--set", "a=1", "--set", ""], "--set"),
        (["fit", ""], "MODEL"),
        (["lecture", "--out", ""], "--out"),
        (["figures", "tanks", "--data", ""], "--data"),
        (["new", ""], "NAME"),
    ],
)
def test_no_text_is_empty(capsys, arguments, name):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.endswith(f"hmc {arguments[0]}: error: argument {name}: it is empty\n")


def test_figures_that_cannot_be_drawn_leave_no_folder(capsys, tmp_path):
    status, _, err = run(capsys, "figures", "tanks", "--draws", "0", "--out", str(tmp_path / "new" / "folder"))
    assert (status, err) == (1, "hmc: draws = 0 is not a whole number of at least 1\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--verson"], "hmc: error: there is no option --verson; did you mean --version?"),
        (["fitt", "mST"], "hmc: error: no command is called fitt; did you mean fit? The commands: models, fit, "),
        (["zzz"], "hmc: error: no command is called zzz. The commands: models, fit, "),
        (["fit", "mST", "--drws", "5"], "hmc fit: error: there is no option --drws; did you mean --draws?\n"),
        (["watch", "mST", "--target=0.9", "--chian=2"], "there is no option --chian; did you mean --chain?\n"),
        (["fit", "mST", "mSTP"], "hmc fit: error: unexpected argument mSTP\n"),
    ],
)
def test_a_word_that_is_nearly_right_gets_a_hint(capsys, arguments, message):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err


def test_without_a_command_all_are_listed(capsys):
    status, out, err = run(capsys)
    assert (status, err) == (0, "")
    assert all(re.search(rf"^ +{command.__name__.rpartition('.')[2]}\s+\w", out, re.M) for command in COMMANDS)


def test_a_lecture_model_is_checked(capsys):
    """That all of them pass is shown where hmc.check is called for each."""
    assert run(capsys, "check", "mST_fixed", "--set", "sigma=0.5", "--points", "3")[0] == 0


NEEDED = {"mST_fixed": ["--set", "sigma=0.5"], "mRXma": ["--set", "participants=4"]}
NEEDED["mRXma2"] = NEEDED["mRXma"]


@pytest.mark.parametrize("name", models.names())
def test_every_model_is_fitted(capsys, name):
    few = ["--warmup", "100", "--draws", "50", "--workers", "1"]
    status, out, err = run(capsys, "fit", name, *few, *NEEDED.get(name, []))
    assert status == 0
    assert "4 chains of 50 draws" in out
    assert ("simulated data" in err) == ("simulated data" in out) == name.startswith("mRXma")


def test_a_model_of_vectors_alone_shows_them(capsys):
    _, out, _ = run(capsys, "fit", "mRS", *SHORT)
    assert [line.split()[0] for line in out.splitlines()[1:8]] == [*(f"alpha[{k}]" for k in range(1, 7)), "b[1]"]


def test_a_model_is_sampled_with_the_metric_asked_for(capsys, tmp_path):
    for arguments, metric in (([], "auto"), (["--metric", "unit"], "unit")):
        run(capsys, "fit", "m0", *SHORT, "--out", str(tmp_path / "m0.fit"), *arguments)
        assert hmc.load(tmp_path / "m0.fit").settings["metric"] == metric


def test_exact_means_stand_beside_those_coordinates_that_have_one(capsys):
    status, out, _ = run(capsys, "fit", "mSTnc", *SHORT, "--exact", "--depth", "2")
    rows = {line.split()[0]: line.split() for line in out.splitlines()[1:]}
    assert status == 0
    assert len(rows["z[1]"]) == len(rows["a[1]"]) - 2
    assert float(rows["a[1]"][-2]) == pytest.approx(2.14, abs=0.005)


def test_settings_of_a_model_are_passed_on(capsys, tmp_path):
    run(capsys, "fit", "cafes", *SHORT, "--set", "visits=0", "--out", str(tmp_path / "prior.fit"))
    assert hmc.load(tmp_path / "prior.fit").log_likelihood.shape[2] == 0
    pd.DataFrame({"g": [1, 2, 2], "X": [0.5, -1.0, 1.0], "Y": [1, 0, 1]}).to_csv(tmp_path / "individuals.csv")
    pd.DataFrame({"g": [1, 2], "Z": [0.3, -0.2]}).to_csv(tmp_path / "groups.csv")
    files = [f"--set={name}={tmp_path / name}.csv" for name in ("individuals", "groups")]
    _, out, _ = run(capsys, "fit", "mf", *SHORT, "--depth", "2", *files)
    assert [line.split()[0] for line in out.splitlines()[1:5]] == ["a[1]", "a[2]", "bxy", "bzy"]


def test_coverage_prints_a_row_for_each_estimator_and_coefficient(capsys):
    status, out, _ = run(capsys, "coverage", "--replications", "3", "--workers", "1", "--set", "individuals=50")
    assert status == 0
    assert re.findall(r"\b(m0|mf|mr|mrx|mru)\b +bxy +1.000 ", out) == ["m0", "mf", "mr", "mrx", "mru"]
    assert out.count(" bzy ") == 5
    assert re.search(r"m0 +bxy .* \d\.\d\d+ \+- \d\.\d\d+ ", out)


def test_calibrate_says_whether_the_ranks_are_uniform(capsys, own_file):
    status, out, _ = run(capsys, "calibrate", "m0", "--replications", "40", "--workers", "1")
    assert status == 0
    assert re.match(r"m0: 40 replications in .* s, .*: calibrated\n", out)
    wrong = own_file(WRONG_PRIOR, "own_wrong_prior")
    status, out, _ = run(capsys, "calibrate", wrong, "--replications", "100", "--workers", "1")
    assert status == 1
    assert "NOT CALIBRATED" in out


WRONG_PRIOR = """
from typing import NamedTuple
import numpy as np
import hmc

class Data(NamedTuple):
    y: np.ndarray

def log_density(position, data, gradient):
    mean = position[0]
    gradient[0] = -4.0 * mean
    total = -2.0 * mean * mean
    for y in data.y:
        total -= 0.5 * (y - mean) ** 2
        gradient[0] += y - mean
    return total

def simulate(rng, data):
    return np.array([rng.standard_normal()])  # where the density has a standard deviation of 1/2

def simulate_data(position, data, rng):
    return Data(position[0] + rng.standard_normal(data.y.size))

def factory():
    return hmc.Model(
        log_density, Data(np.zeros(1)), [hmc.Parameter("mean")], name="wrong", simulate=simulate,
        simulate_data=simulate_data,
    )
"""


@pytest.mark.parametrize(
    ("name", "slope", "value", "message"),
    [
        ("sign", "position[i]", "total", "the gradient has the wrong sign, in all"),
        ("sign2", "-position[i] if i != 1 else position[i]", "total", "x[2] (component 1)"),
        ("unwritten", "-position[i] if i < 2 else gradient[i]", "total", "x[3] (component 2) is not written"),
        ("nan", "-position[i]", "np.nan", "log density is nan"),
        ("nowhere", "-position[i]", "-np.inf", "finite at none of 20 points"),
    ],
)
def test_check_names_what_is_wrong_with_an_authors_model(capsys, own_file, name, slope, value, message):
    argument = own_file(NORMAL.format(slope=slope, value=value), f"own_{name}")
    status, out, _ = run(capsys, "check", argument)
    assert status == 1
    assert message in out
    assert ("the sign is wrong" in out) == (name == "sign2")
    assert len(out.splitlines()) == 1


def test_a_density_that_is_nan_everywhere_is_refused_with_the_values_tried(capsys, own_file):
    argument = own_file(NORMAL.format(slope="-position[i]", value="np.nan"), "own_nan_everywhere")
    status, _, err = run(capsys, "fit", argument, "--workers", "1")
    assert status == 1
    assert re.search(
        r"own: no starting point with a finite log density in 100 tries; last: x = .*, log density = nan", err
    )


def test_an_authors_file_that_gives_no_model_is_refused(capsys, own_file):
    assert "gives a int, not a hmc.Model" in run(capsys, "check", own_file("def factory(): return 3", "own_three"))[2]
    assert "ZeroDivisionError" in run(capsys, "check", own_file("1 / 0", "own_broken"))[2]
    assert "has no function factory" in run(capsys, "check", own_file("", "own_empty"))[2]
    leaves = "import sys\ndef factory(): sys.exit(0)"
    assert "factory fails: SystemExit: 0" in run(capsys, "fit", own_file(leaves, "own_exit"))[2]
    gone = run(capsys, "fit", own_file("import sys; sys.exit()", "own_gone"))
    assert (gone[0], "cannot be imported: SystemExit" in gone[2]) == (1, True)
    assert "factory fails: KeyError: 1" in run(capsys, "check", own_file("def factory(): return {}[1]", "own_key"))[2]


def test_help_does_not_wait_for_numba_and_numpy():
    code = """
import sys, hmc.cli
try: hmc.cli.main(["fit", "--help"])
except SystemExit: assert not {"numba", "numpy"} & {*sys.modules}
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_draws_of_the_command_are_those_of_the_function(capsys, tmp_path):
    run(capsys, "fit", "mSTnomem", *SHORT, "--seed", "9", "--out", str(tmp_path / "x.fit"))
    fit = hmc.sample(models.mSTnomem(), warmup=200, draws=100, seed=9, workers=1, progress=False)
    assert np.array_equal(hmc.load(tmp_path / "x.fit").unconstrained, fit.unconstrained)


def test_out_is_no_file_that_the_command_reads(tmp_path, capsys):
    data = tmp_path / "d.csv"
    data.write_text("density,pred,size,surv\n10,no,big,9\n")
    for option in ("--checkpoint", "--data"):
        found = run(capsys, "fit", "mST", option, str(data), "--out", str(tmp_path / "." / "d.csv"))
        assert found == (1, "", f"hmc: --out {data} is the file of {option}\n")
    assert data.read_text().startswith("density")


@pytest.mark.parametrize(("given", "target"), [([], 0.95), (["--target-accept", "0.8"], 0.8)])
def test_a_model_is_sampled_with_the_settings_that_it_needs_unless_others_are_given(capsys, tmp_path, given, target):
    run(capsys, "fit", "cafes", *SHORT, *given, "--out", str(tmp_path / "cafes.fit"))
    assert hmc.load(tmp_path / "cafes.fit").settings["target_accept"] == target


def test_a_series_of_settings_of_the_sampler_is_drawn(capsys, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(figures, "draw", lambda name, inputs, **_: shown.append(inputs) or Figure())
    assert run(capsys, "figures", "schools_remedies", *SHORT, "--out", str(tmp_path))[0] == 0
    (inputs,) = shown
    assert [fit.settings["target_accept"] for fit in inputs["schools"]] == [0.8, 0.9, 0.95, 0.99]
