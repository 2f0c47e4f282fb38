"""Files are told from others by what is in them."""

import hashlib
import os

import pytest

from scene_perception.engines.cache_files import difference, digests, key_digest, require_room


def test_a_key_has_one_digest_in_any_order():
    assert key_digest({"a": "1", "b": "2"}) == key_digest({"b": "2", "a": "1"})
    assert key_digest({"a": "1"}) != key_digest({"a": "2"})


def test_files_in_folders_are_read_whole(tmp_path):
    content = os.urandom((1 << 20) + 7)  # more than one block
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "a.bin").write_bytes(content)
    (tmp_path / "empty").write_bytes(b"")
    assert digests(tmp_path, flush=True) == {
        "weights/a.bin": hashlib.sha256(content).hexdigest(),
        "empty": hashlib.sha256(b"").hexdigest(),
    }


def test_a_link_is_refused(tmp_path):
    (tmp_path / "engine.bin").symlink_to("/dev/full")
    with pytest.raises(ValueError, match=r"engine\.bin is not a plain file"):
        digests(tmp_path)


def test_differences_are_named():
    listed, found = {"a": "1", "b": "2", "c": "3"}, {"b": "2", "c": "4", "d": "5"}
    assert difference(listed, found) == "missing a, unknown d, changed c"


def test_a_folder_that_cannot_be_written_has_no_room(tmp_path):
    require_room(tmp_path)
    with pytest.raises(OSError, match="proc"):
        require_room("/proc/self")
