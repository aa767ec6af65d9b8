"""`hmc fit MODEL --data FILE` with bad files: one line, exit status 1, and nothing was compiled to find it out."""

import pytest

import hmc.model
from hmc import cli
from models.tables import BUNDLED

FROGS = (BUNDLED / "reedfrogs.csv").read_text()
GROUPS = (BUNDLED / "confounds_groups.csv").read_text()
ANSWERS = "case;response;order;id;age;male;edu;action;intention;contact;story\n1;4;2;96;14;0;Middle School;0;0;1;aqu\n"

BAD = {
    "UTF-16": ("mST", FROGS.encode("utf-16"), "reedfrogs: {} is text in UTF-16; save it as UTF-8"),
    "not UTF-8": ("mST", b"\xe9" + FROGS.encode(), "reedfrogs: {} is not text in UTF-8 (byte 0xe9 at position 0)"),
    "zeros": ("mST", bytes(9), "reedfrogs: {} is not text in UTF-8, or damaged (byte 0x00 at position 0)"),
    "bars": (
        "mSTP",
        FROGS.replace(",", "|").encode(),
        "reedfrogs: {} is separated by '|'; save it with commas, semicolons or tabs",
    ),
    "header twice": (
        "mST",
        (FROGS + FROGS).encode(),
        "reedfrogs: row 49: density = density is not a number",
    ),
    "cut off": ("mSTD", FROGS[:-4].encode(), "reedfrogs: row 48: 3 fields under a header of 4"),
    "comma": (
        "mST",
        FROGS.replace("10,no,big,9", '"10,0",no,big,9').encode(),
        "reedfrogs: row 1: density = 10,0 is not a number; decimals have a point, thousands no comma",
    ),
    "no slope": ("mSTP", FROGS.replace(",no,", ",pred,").encode(), 'reedfrogs: pred is "pred" in every row, so it can'),
    "other table": (
        "cafes",
        FROGS.encode(),
        "cafes: no column visit, cafe, wait in {}; needed: visit, cafe, wait; there",
    ),
    "counts": ("mRS", b"story,response,count\na,1,99999999\n", "trolley_counts: the counts sum to 99999999; at most"),
    "one answer": ("mRXma", ANSWERS.encode(), "trolley: action is 0 in every row, so it can have no slope"),
    "empty": ("mRXma2", b"", "trolley: {} is empty"),
}


@pytest.fixture(autouse=True)
def nothing_compiles(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("a model was compiled")

    monkeypatch.setattr(hmc.model, "compile_author_function", refuse)


def refused(capsys, *arguments):
    """The one line that is said."""
    status = cli.main(list(arguments))
    out, err = capsys.readouterr()
    assert (status, out) == (1, "")
    assert err.count("\n") == 1
    return err.removesuffix("\n")


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_in_one_line_before_anything_compiles(kind, capsys, tmp_path):
    name, content, message = BAD[kind]
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    assert refused(capsys, "fit", name, "--data", str(path)).startswith(f"hmc: {message.format(path)}")


def test_a_path_that_is_no_file_is_refused_in_one_line(capsys, tmp_path):
    assert refused(capsys, "fit", "mST", "--data", str(tmp_path)).endswith(f"cannot read {tmp_path}: Is a directory")
    assert refused(capsys, "fit", "mST", "--data", "no\nfile") == "hmc: reedfrogs: no such file: 'no\\nfile'"
    assert "File name too long" in refused(capsys, "fit", "mST", "--data", "x" * 5000)
    assert refused(capsys, "fit", "mST", "--data", "\udcff") == "hmc: reedfrogs: no such file: '\\udcff'"


def test_bad_groups_are_refused_in_one_line(capsys, tmp_path):
    path = tmp_path / "groups.csv"
    path.write_text(GROUPS.replace("\n2,", "\n1,"))
    study = ["--set", f"individuals={BUNDLED / 'confounds_individuals.csv'}", "--set", f"groups={path}"]
    message = refused(capsys, "fit", "mru", *study)
    assert message == "hmc: confounds_groups: row 2: g = 1 is already in row 1"


def test_what_compiles_would_be_noticed(capsys):
    """Negative twin: good data get as far as compiling."""
    command = ("fit", "mST", "--workers", "1", "--warmup", "1", "--draws", "1")
    assert refused(capsys, *command) == "hmc: mST: log_density does not compile: a model was compiled"
