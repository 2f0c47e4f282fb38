from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scene_perception.recordings import cdr
from scene_perception.recordings.bags import Bag, BagError, BagTopic, BagWriter, is_bag

STORAGES = ("mcap", "sqlite3")
STRING = "std_msgs/msg/String"


def image(index: int, size: int = 32) -> bytes:
    pixels = np.full((size, size), index, np.uint8)
    return cdr.image(pixels, "mono8", 1 + index, "camera")


def write(path: Path, storage: str, count: int = 5, size: int = 32) -> Path:
    with BagWriter(path, storage) as writer:
        writer.add_topic("/image_rect", cdr.IMAGE)
        writer.add_topic("/labels", STRING, latched=True)
        writer.write("/labels", 50, label())
        for index in range(count):
            writer.write("/image_rect", 100 + index, image(index, size))
    return path


def label() -> bytes:
    store = cdr.typestore()
    return bytes(store.serialize_cdr(store.types[STRING](data="road"), STRING))


@pytest.fixture(params=STORAGES)
def storage(request) -> str:
    return request.param


def test_messages_come_back_in_time_order_with_the_bytes_written(tmp_path, storage):
    with Bag(write(tmp_path / "bag", storage)) as bag:
        messages = list(bag.messages())
    assert [m.time_ns for m in messages] == [50, 100, 101, 102, 103, 104]
    assert messages[0] == ("/labels", STRING, 50, label())
    assert [m.data for m in messages[1:]] == [image(i) for i in range(5)]


def test_topics_tell_type_count_and_what_is_latched(tmp_path, storage):
    with Bag(write(tmp_path / "bag", storage)) as bag:
        assert set(bag.topics) == {
            BagTopic("/image_rect", cdr.IMAGE, 5, latched=False),
            BagTopic("/labels", STRING, 1, latched=True),
        }


def test_only_the_named_topics_are_read(tmp_path, storage):
    with Bag(write(tmp_path / "bag", storage)) as bag:
        assert {m.topic for m in bag.messages(["/labels"])} == {"/labels"}
        assert list(bag.messages(["/nothing"])) == []


def test_a_bag_can_be_read_again(tmp_path, storage):
    with Bag(write(tmp_path / "bag", storage)) as bag:
        assert list(bag.messages()) == list(bag.messages())


@pytest.mark.parametrize(("storage_name", "file"), [("mcap", "b.mcap"), ("sqlite3", "b.db3")])
def test_a_lone_storage_file_is_read(tmp_path, storage_name, file):
    write(tmp_path / "b", storage_name)
    with Bag(tmp_path / "b" / file) as bag:
        assert len(list(bag.messages())) == 6


def test_an_empty_recording_is_read(tmp_path, storage):
    with BagWriter(tmp_path / "bag", storage):
        pass
    with Bag(tmp_path / "bag") as bag:
        assert list(bag.messages()) == []


def test_metadata_is_what_humble_reads(tmp_path, storage):
    metadata = (write(tmp_path / "bag", storage) / "metadata.yaml").read_text()
    assert "version: 8" in metadata
    assert f"storage_identifier: {storage}" in metadata


def test_missing_path_is_named():
    with pytest.raises(BagError, match="recording /no/such/bag does not exist"):
        Bag(Path("/no/such/bag"))


def test_folder_without_metadata_is_refused_with_a_remedy(tmp_path):
    with pytest.raises(BagError, match=r"metadata.yaml is missing; name the .mcap"):
        Bag(tmp_path)


def test_another_kind_of_file_is_refused(tmp_path):
    (tmp_path / "video.avi").write_bytes(b"RIFF")
    with pytest.raises(BagError, match=r"must be a rosbag2 folder, a .mcap or a .db3 file"):
        Bag(tmp_path / "video.avi")


def test_truncated_mcap_is_refused_by_name(tmp_path):
    file = write(tmp_path / "bag", "mcap", count=50) / "bag.mcap"
    file.write_bytes(file.read_bytes()[:-2000])
    with pytest.raises(BagError, match=r"bag is truncated or damaged .*expected a complete"):
        Bag(tmp_path / "bag")


def test_damage_inside_a_recording_is_refused_where_it_is_read(tmp_path, storage):
    folder = write(tmp_path / "bag", storage, count=60, size=256)
    file = next(f for f in folder.iterdir() if f.suffix in (".mcap", ".db3"))
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    # Cover whole records or pages, lengths included.
    content[middle : middle + 300_000] = b"\xa5" * 300_000
    file.write_bytes(content)

    def read_all() -> None:
        with Bag(folder) as bag:
            for message in bag.messages():
                cdr.require_readable(message.data, message.type)

    with pytest.raises(ValueError, match=r"truncated or damaged|must be a whole"):
        read_all()


@pytest.mark.parametrize("content", [b"", b"not a recording", b"\x89MCAP0\r\n"])
@pytest.mark.parametrize("suffix", [".mcap", ".db3"])
def test_a_file_of_something_else_is_refused(tmp_path, content, suffix):
    file = tmp_path / f"bag{suffix}"
    file.write_bytes(content)
    with pytest.raises(BagError, match="is truncated or damaged"):
        Bag(file)


def test_damaged_metadata_is_refused(tmp_path, storage):
    metadata = write(tmp_path / "bag", storage) / "metadata.yaml"
    metadata.write_text("rosbag2_bagfile_information: [")
    with pytest.raises(BagError, match="is truncated or damaged"):
        Bag(tmp_path / "bag")


def test_an_existing_path_is_never_overwritten(tmp_path):
    with pytest.raises(BagError, match="exists already; give another path"):
        BagWriter(tmp_path)


def test_unknown_storage_is_refused(tmp_path):
    with pytest.raises(BagError, match="storage must be one of mcap, sqlite3, got 'rosbag1'"):
        BagWriter(tmp_path / "bag", "rosbag1")
    assert not (tmp_path / "bag").exists()


def test_a_type_without_definition_cannot_be_recorded(tmp_path):
    with (
        BagWriter(tmp_path / "bag") as writer,
        pytest.raises(BagError, match="cannot record /secret: the definition of robot_msgs"),
    ):
        writer.add_topic("/secret", "robot_msgs/msg/Secret")


def test_a_topic_is_declared_once(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic("/labels", STRING)
        with pytest.raises(BagError, match="/labels has been added"):
            writer.add_topic("/labels", STRING)


def test_is_bag_tells_recordings_from_folders_of_images(tmp_path):
    assert is_bag(write(tmp_path / "bag", "mcap"))
    assert is_bag(Path("missing.mcap"))
    assert not is_bag(tmp_path)
