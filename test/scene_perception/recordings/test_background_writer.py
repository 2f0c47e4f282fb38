from __future__ import annotations

import threading

import pytest

from scene_perception.recordings.background_writer import BackgroundWriter
from scene_perception.recordings.bags import Bag, BagError, BagWriter

STRING = "std_msgs/msg/String"
MESSAGE = b"\x00\x01\x00\x00" + bytes(96)


def test_all_messages_are_written_before_close_returns(tmp_path):
    writer = BackgroundWriter(tmp_path / "bag", "mcap", max_bytes=10**6)
    writer.add_topic("/a", STRING)
    assert all(writer.put("/a", time_ns, MESSAGE) for time_ns in range(100))
    writer.close()
    with Bag(tmp_path / "bag") as bag:
        assert [m.time_ns for m in bag.messages()] == list(range(100))


def test_messages_beyond_the_bound_are_refused_until_the_disk_has_caught_up(tmp_path, monkeypatch):
    disk = threading.Event()
    write = BagWriter.write

    def slow(self: BagWriter, *message: object) -> None:
        assert disk.wait(10)
        write(self, *message)

    monkeypatch.setattr(BagWriter, "write", slow)
    writer = BackgroundWriter(tmp_path / "bag", "sqlite3", max_bytes=250)
    writer.add_topic("/a", STRING)
    assert [writer.put("/a", i, MESSAGE) for i in range(3)] == [True, True, False]
    disk.set()
    writer.close()
    with Bag(tmp_path / "bag") as bag:
        assert len(list(bag.messages())) == 2


def test_an_existing_path_is_refused_at_once(tmp_path):
    with pytest.raises(BagError, match="exists already"):
        BackgroundWriter(tmp_path, "mcap", max_bytes=1)


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BagError, match=r"cannot write .*bag: "):
        BackgroundWriter(tmp_path / "file" / "bag", "mcap", max_bytes=1)


def test_an_error_while_writing_is_raised_to_whoever_records(tmp_path):
    writer = BackgroundWriter(tmp_path / "bag", "mcap", max_bytes=1000)
    writer.put("/never declared", 0, MESSAGE)
    with pytest.raises(BagError, match=r"cannot write .*bag: "):
        writer.close()
    with pytest.raises(BagError, match="cannot write"):
        writer.require_healthy()
