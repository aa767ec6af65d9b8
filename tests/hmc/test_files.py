"""Files appear whole or not at all, and take the place of nothing but a file."""

import errno
import os
import shutil
import stat

import pytest

from hmc.files import check_room, check_writable, folder_to_fill, write_whole


def text(file):
    file.write(b"new")


def test_a_link_is_followed_and_stays(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link, nowhere = tmp_path / "folder" / "target", tmp_path / "link", tmp_path / "nowhere"
    target.write_text("old")
    link.symlink_to(target)
    nowhere.symlink_to(tmp_path / "folder" / "made")
    write_whole(link, text)
    write_whole(nowhere, text)
    assert link.is_symlink()
    assert nowhere.is_symlink()
    assert target.read_text() == (tmp_path / "folder" / "made").read_text() == "new"
    assert sorted(os.listdir(tmp_path / "folder")) == ["made", "target"]


@pytest.mark.parametrize("write", [lambda path: write_whole(path, text), check_writable])
def test_what_is_no_file_is_left_as_it_is(tmp_path, write):
    pipe, link, loop = tmp_path / "pipe", tmp_path / "link", tmp_path / "loop"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    loop.symlink_to(loop)
    for path in (pipe, link):
        with pytest.raises(OSError, match=r"it is a device or a pipe, no ordinary file: '.*(pipe|link)'"):
            write(path)
    for path, number in ((tmp_path, errno.EISDIR), (loop, errno.ELOOP), (tmp_path / ("x" * 300), errno.ENAMETOOLONG)):
        with pytest.raises(OSError) as caught:  # noqa: PT011 (the system's words)
            write(path)
        assert (caught.value.errno, caught.value.filename) == (number, str(path))
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    assert sorted(os.listdir(tmp_path)) == ["link", "loop", "pipe"]


def test_whether_a_file_can_be_written_is_found_without_a_trace(tmp_path):
    old = tmp_path / "old"
    old.write_text("old")
    check_writable(old)
    check_writable(tmp_path / "new")
    assert old.read_text() == "old"
    assert os.listdir(tmp_path) == ["old"]
    with pytest.raises(FileNotFoundError):
        check_writable(tmp_path / "no" / "such" / "folder")


def test_a_folder_that_was_made_and_stayed_empty_is_gone(tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    for folder, left in ((there / "a" / "b", []), (there, []), (there / "c", ["c"])):
        with folder_to_fill(folder):
            assert os.listdir(folder) == []
            if left:
                (folder / "file").touch()
        assert os.listdir(there) == left
    with pytest.raises(FileExistsError), folder_to_fill(there / "c" / "file"):
        pass


@pytest.mark.parametrize("has_fallocate", [True, False])
def test_room_for_a_file_is_looked_for_without_a_trace(tmp_path, monkeypatch, has_fallocate):
    if not has_fallocate:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    path = tmp_path / "x"
    check_room(path, 10_000)
    with pytest.raises(OSError, match="No space left on device"):
        check_room(path, 10 * shutil.disk_usage(tmp_path).total)
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        check_room(path, 10)
    assert path.read_bytes() == b"old"
