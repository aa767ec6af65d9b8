"""figures.lecture.work.kept: what is trusted, and what is made again."""

import json

import pytest

from figures.lecture.work.items import Item
from figures.lecture.work.kept import Kept

ITEM = Item("fits/one", "fit", None, {}, {}, ("fits/one.fit",), "key")


@pytest.fixture
def folder(tmp_path):
    """A folder that has the item."""
    (tmp_path / "fits").mkdir()
    (tmp_path / "fits" / "one.fit").write_bytes(b"draws")
    Kept(tmp_path).keep(ITEM, {"name": "one"}, 1.5)
    return tmp_path


def test_a_finished_item_is_there_for_the_next_run(folder):
    kept = Kept(folder)
    assert kept.has(ITEM)
    assert kept.facts("fits/one") == {"name": "one"}
    assert kept.seconds("fits/one") == 1.5


def test_an_item_is_not_trusted_whose_key_files_or_bytes_differ(folder):
    assert not Kept(folder).has(ITEM._replace(key="other"))
    assert not Kept(folder).has(ITEM._replace(name="fits/two"))
    assert not Kept(folder).has(ITEM._replace(files=("fits/one.fit", "fits/one.txt")))
    (folder / "fits" / "one.fit").write_bytes(b"drawn")
    assert not Kept(folder).has(ITEM)
    (folder / "fits" / "one.fit").unlink()
    assert not Kept(folder).has(ITEM)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"null", b'{"format": "later"}', b"\xff\xfe"])
def test_a_damaged_list_is_an_empty_one(folder, damage):
    (folder / "kept.json").write_bytes(damage)
    kept = Kept(folder)
    assert not kept.has(ITEM)
    kept.keep(ITEM, {}, 1.0)
    assert Kept(folder).has(ITEM)


def test_a_page_is_trusted_that_is_of_the_same_things_and_undamaged(folder):
    kept = Kept(folder)
    assert not kept.has_page("key")
    kept.keep_page("a page", "key")
    assert kept.has_page("key")
    assert Kept(folder).has_page("key")
    assert Kept(folder).has(ITEM)
    assert not Kept(folder).has_page("another key")
    (folder / "index.html").write_text("a pace")
    assert not Kept(folder).has_page("key")
    (folder / "index.html").unlink()
    assert not Kept(folder).has_page("key")


def test_a_record_with_nothing_in_it_is_none(folder):
    content = json.loads((folder / "kept.json").read_text())
    (folder / "kept.json").write_text(json.dumps(content | {"items": {"fits/one": {}}}))
    assert not Kept(folder).has(ITEM)


def test_a_page_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(ValueError, match=r"index\.html is there already, and not of hmc lecture: it is left"):
        Kept(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_what_a_killed_run_left_half_written_is_removed(folder):
    unfinished = folder / "fits" / ".two.fit.0123abcd.part"
    unfinished.write_bytes(b"dra")
    Kept(folder)
    assert sorted(path.name for path in (folder / "fits").iterdir()) == ["one.fit"]


def test_a_folder_that_cannot_be_is_refused_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Kept(tmp_path / "file")
    with pytest.raises(OSError, match="file"):
        Kept(tmp_path / "file" / "below")
