"""Files are whole or as they were; a folder that takes none is known before the work."""

import pytest

from offline.whole_files import require_writable, write_whole


def test_files_are_written_and_nothing_else_is_left(tmp_path):
    write_whole({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1", "b": b"2"}


def test_if_one_cannot_be_written_none_is_changed(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(OSError, match=r"nowhere/b cannot be written: No such file"):
        write_whole({tmp_path / "a": b"new", tmp_path / "nowhere" / "b": b"2"})
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_folder_is_made_and_stays_empty(tmp_path):
    require_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"output folder .*file/x must be one .* give another"):
        require_writable(tmp_path / "file" / "x")
