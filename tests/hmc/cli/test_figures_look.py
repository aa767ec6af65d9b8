"""`hmc figures` for slides and papers: sizes, formats, styles; seeds and step sizes of the sampler's figures."""

import itertools
import re
from pathlib import Path

import pytest
from PIL import Image

import figures
from hmc import cli

OF_SAMPLER = [name for name in [*figures.names(), *figures.films()] if "step_size" in figures.options_of(name)]


def drawn(capsys, folder, *arguments):
    """The files that the command wrote, by their names; None if it refused."""
    status = cli.main(["figures", *map(str, arguments), "--out", str(folder)])
    out, err = capsys.readouterr()
    assert bool(status) == bool(err)
    return None if status else {Path(line).name: Path(line) for line in out.split()}


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ((), (1920, 1080)),
        (("--width", 4.8), (960, 540)),
        (("--height", 2.7), (960, 540)),
        (("--width", 6, "--height", 6), (1200, 1200)),
        (("--dpi", 100), (960, 540)),
        (("--width", 4.8, "--dpi", 50), (240, 135)),
    ],
)
def test_a_figure_has_the_size_that_is_asked_for(options, size, capsys, tmp_path):
    files = drawn(capsys, tmp_path, "dag_tadpoles", *options, "--format", "png")
    with Image.open(files["dag_tadpoles.png"]) as image:
        assert image.size == size


def test_formats_are_those_that_are_asked_for(capsys, tmp_path):
    assert {*drawn(capsys, tmp_path, "dag_tadpoles")} == {"dag_tadpoles.png", "dag_tadpoles.svg"}
    assert {*drawn(capsys, tmp_path, "dag_tadpoles", "--format", "pdf")} == {"dag_tadpoles.pdf"}
    both = drawn(capsys, tmp_path, "dag_tadpoles", "--format", "svg", "--format", "pdf")
    assert {*both} == {"dag_tadpoles.svg", "dag_tadpoles.pdf"}
    assert both["dag_tadpoles.pdf"].read_bytes().startswith(b"%PDF")


def test_a_style_of_the_users_own_changes_the_figure(capsys, tmp_path):
    own = tmp_path / "mine.mplstyle"
    own.write_text("figure.facecolor: 123456\nfigure.figsize: 5, 5\nsavefig.dpi: 40\n")
    with Image.open(
        drawn(capsys, tmp_path, "dag_tadpoles", "--format", "png", "--style", own)["dag_tadpoles.png"]
    ) as p:
        assert p.size == (200, 200)
        assert p.getpixel((1, 1))[:3] == (0x12, 0x34, 0x56)
    wide = drawn(capsys, tmp_path, "dag_tadpoles", "--format", "png", "--style", own, "--width", 6, "--dpi", 50)
    with Image.open(wide["dag_tadpoles.png"]) as p:
        assert p.size == (300, 300)


def test_ink_is_light_in_a_dark_style(capsys, tmp_path):
    files = drawn(capsys, tmp_path, "dag_tadpoles", "--format", "svg", "--style", "dark_background")
    colours = {*re.findall(r"(?:stroke|fill): (#[0-9a-f]{6})", files["dag_tadpoles.svg"].read_text())}
    assert colours == {"#ffffff"}  # black is not written, as it is the format's default


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--width", 1), "width = 1 is not from 3 to 60"),
        (("--height", "nan"), "height = nan is not from 2 to 60"),
        (("--dpi", 1e6), "dpi = 1e+06 is not from 20 to 1200"),
        (("--style", "nowhere.mplstyle"), "style nowhere.mplstyle: there is no such file, and matplotlib knows "),
    ],
)
def test_a_look_that_cannot_be_had_is_refused_in_one_line(options, message, capsys, tmp_path):
    assert cli.main(["figures", "dag_tadpoles", *map(str, options), "--out", str(tmp_path / "new")]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"hmc: {message}")
    assert err.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_a_figure_without_room_says_so(capsys, tmp_path):
    assert cli.main(["figures", "static_paths", "--width", "3", "--height", "2", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "hmc: static_paths: 3 x 2 inches are too small\n"


@pytest.mark.parametrize("name", OF_SAMPLER)
def test_figures_of_the_sampler_take_a_seed_and_a_step_size(name, capsys, tmp_path):
    options = [option for option in ("seed", "step_size") if option in figures.options_of(name)]
    values = {"seed": 5, "step_size": 0.5}
    given = [[], *([f"--{option.replace('_', '-')}", values[option]] for option in options)]
    files = [drawn(capsys, tmp_path / str(i), name, "--dpi", 30, *one) for i, one in enumerate(given)]
    texts = [b"".join(path.read_bytes() for path in one.values()) for one in files]
    assert all(one != other for one, other in itertools.combinations(texts, 2))
    again = drawn(capsys, tmp_path / "again", name, "--dpi", 30, *given[1])
    assert b"".join(path.read_bytes() for path in again.values()) == texts[1]


def test_the_figures_of_the_sampler_that_need_no_fit_are_these():
    assert OF_SAMPLER == ["leapfrog", "static_paths", "nuts_trajectory", "nuts_tree", "divergence", "nuts_film"]
    assert "seed" not in figures.options_of("divergence")  # most seeds diverge nowhere
