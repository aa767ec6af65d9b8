"""Damaged files given to every model: understood, or refused. See test_fuzz_frames.py, also for how to run more."""

import codecs
import csv
import types

import pytest
from hypothesis import Phase

import models
from models.tables import sources

EVERY_MODEL = pytest.mark.parametrize("name", models.names())


def tried(name, fuzz, folder, drawn):
    """Whether the model accepts what was drawn; see `check` in fuzz/property.py."""
    which, steps = drawn
    choices = fuzz.tables.of_model(name)
    frames = choices[which % len(choices)]
    damaged = list(frames)[which % len(frames)]
    texts = {}
    for option, frame in frames.items():
        separator = "," if "count" in frame or "story" not in frame else ";"
        content = fuzz.files.damaged(frame, separator, steps if option == damaged else [])
        texts[option] = fuzz.oracle.Text(content)
        (folder / option).write_bytes(content)
    paths = {option: folder / option for option in frames}
    return fuzz.property.check(name, paths, fuzz.oracle.judged(name, texts), fuzz.oracle.log_density)


def run(name, fuzz, folder, seed, **options):
    """How many damaged inputs the model accepts; see `fuzz` in fuzz/property.py."""
    strategy = fuzz.property.damage(fuzz.files.STEPS)
    return fuzz.property.fuzz(name, strategy, lambda drawn: tried(name, fuzz, folder, drawn), seed, **options)


@EVERY_MODEL
def test_damaged_files_are_understood_or_refused(name, fuzz, tmp_path, pytestconfig):
    accepted = run(name, fuzz, tmp_path, fuzz.property.seed_of(pytestconfig))
    assert 0.1 < accepted / fuzz.property.examples_each() < 0.9


@EVERY_MODEL
def test_undamaged_files_are_understood(name, fuzz, tmp_path):
    for which in range(2):
        assert tried(name, fuzz, tmp_path, (which, []))


def lenient_reader(lines, strict=False, **options):
    return csv.reader(lines, **options)


def lenient_text(path):
    """A reader of whatever encoding."""
    content = sources._unpacked(path.read_bytes(), str(path))
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf16 else "utf-8-sig", "replace").replace("\0", ""), str(path)


def ragged_records(*arguments):
    """A reader that cuts rows, or fills them, to the header's length."""
    header = None
    for record in RECORDS(*arguments):
        header = header or record.fields
        yield record._replace(fields=[*record.fields, *header][: len(header)])


def always_a_text(line, separator):
    """A reader to which every first field is in quotes, so that one too many is a row's name."""
    return True, False


def one_reading(texts):
    """A reader to which every comma is a decimal one."""
    return lambda text: text.replace(",", ".")


RECORDS = sources._records
ACCEPTS = "accepts what it cannot hold"
# What is broken: the model that shows it, and the part of the reader, with what replaces it; what is noticed.
BROKEN = {
    "separators": ("mST", sources, "READ", sources.SEPARATORS, ACCEPTS),
    "names of rows": (
        "cafes",
        sources,
        "_quotes",
        always_a_text,
        rf"{ACCEPTS}|row \d+ is the first with a fault, not: ",
    ),
    "decimal commas": ("m0", sources, "reader_of", one_reading, ACCEPTS),
    "lines before the header": (
        "mST",
        sources,
        "without_preamble",
        lambda text, *of: (text, None),
        "refuses what it can hold",
    ),
    "packed files": ("cafes", sources, "_GZIP", b"none", "refuses what it can hold"),
    "encodings": ("m0", sources, "_text_of", lenient_text, ACCEPTS),
    "quotes": ("mRXma", sources, "csv", types.SimpleNamespace(reader=lenient_reader, Error=csv.Error), ACCEPTS),
    "lengths of rows": (
        "cafes",
        sources,
        "_records",
        ragged_records,
        rf"{ACCEPTS}|row \d+ is the first with a fault, not: ",
    ),
}


@pytest.mark.parametrize("part", BROKEN)
def test_a_broken_reader_is_noticed_within_as_many_inputs(part, fuzz, tmp_path, monkeypatch):
    """Negative twin: one part of the reader replaced by one that takes more, and the same property fails."""
    name, module, attribute, replacement, noticed = BROKEN[part]
    monkeypatch.setattr(module, attribute, replacement)
    with pytest.raises(AssertionError, match=noticed):
        run(name, fuzz, tmp_path, 1, phases=[Phase.generate])
