"""Reading and writing rosbag2 recordings (mcap or sqlite3) without ROS.

Messages stay the CDR bytes they were recorded as; ``cdr.py`` makes and checks them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple

from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import Reader, StoragePlugin, Writer

from scene_perception.recordings import cdr

# Version 8 is read from Humble on; 9 only from Jazzy on.
_METADATA_VERSION: Literal[8] = 8
STORAGES = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}
_SUFFIXES = (".mcap", ".db3")


class BagError(ValueError):
    """A recording that cannot be read or written; the message names the file and a remedy."""


class BagMessage(NamedTuple):
    """One recorded message.

    Attributes:
        topic: as recorded, such as ``/image_rect``.
        type: such as ``sensor_msgs/msg/Image``.
        time_ns: when it was recorded (the bag's log time).
        data: CDR with its 4-byte encapsulation header.
    """

    topic: str
    type: str
    time_ns: int
    data: bytes


@dataclass(frozen=True)
class BagTopic:
    """A recorded topic; ``latched`` where its publisher offered transient-local durability."""

    name: str
    type: str
    count: int = 0
    latched: bool = False


class Bag:
    """A recording opened for reading: a rosbag2 folder, or a lone ``.mcap`` or ``.db3`` file.

    Raises:
        BagError: for a path that is missing, no recording, truncated or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _require_bag(path)
        try:
            self._reader = Reader(path)
            self._reader.open()
        except Exception as error:
            raise _unreadable(path, error) from error
        self.topics = tuple(map(_topic, self._reader.connections))

    def messages(self, topics: Sequence[str] = ()) -> Iterator[BagMessage]:
        """Yield the messages of ``topics`` (none given: of all) in the order of their times.

        Raises:
            BagError: where the recording turns out truncated or damaged.
        """
        connections = [c for c in self._reader.connections if not topics or c.topic in topics]
        if not connections:
            return
        try:
            for connection, time_ns, data in self._reader.messages(connections):
                yield BagMessage(connection.topic, connection.msgtype, time_ns, data)
        except Exception as error:
            raise _unreadable(self.path, error) from error

    def close(self) -> None:
        """Release the file."""
        self._reader.close()

    def __enter__(self) -> Bag:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class BagWriter:
    """A new recording, written as a rosbag2 folder that Humble and later read.

    The folder is complete once ``close`` (or the ``with`` block) has ended; after an error in
    the block the recording is left without its index and metadata. One thread uses it.

    Args:
        path: folder to create; its parents are created too.
        storage: ``mcap`` or ``sqlite3``.

    Raises:
        BagError: if ``path`` exists or the storage is unknown.
    """

    def __init__(self, path: Path, storage: str = "mcap") -> None:
        require_new(path)
        if storage not in STORAGES:
            raise BagError(f"storage must be one of {', '.join(STORAGES)}, got {storage!r}")
        self.path = path
        self.counts: dict[str, int] = {}
        self._connections: dict[str, Connection] = {}
        self._writer = Writer(path, version=_METADATA_VERSION, storage_plugin=STORAGES[storage])
        self._writer.open()

    def add_topic(self, name: str, msgtype: str, *, latched: bool = False) -> None:
        """Declare a topic before its first message.

        Raises:
            BagError: for a type whose definition is unknown, or a topic declared before.
        """
        if name in self._connections:
            raise BagError(f"{name} has been added to {self.path} before")
        if not cdr.knows(msgtype):
            raise BagError(
                f"cannot record {name}: the definition of {msgtype} is not among the standard "
                "message types; use `ros2 bag record` for it"
            )
        self._connections[name] = self._writer.add_connection(
            name, msgtype, typestore=cdr.typestore(), offered_qos_profiles=[_offered_qos(latched)]
        )
        self.counts[name] = 0

    def write(self, topic: str, time_ns: int, data: bytes | memoryview) -> None:
        """Append one message (CDR bytes) of a declared topic."""
        self._writer.write(self._connections[topic], time_ns, data)
        self.counts[topic] += 1

    def close(self) -> None:
        """Write the index and the metadata."""
        self._writer.close()

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._writer.abort()


def is_bag(path: Path) -> bool:
    """Return whether ``path`` looks like a recording: a bag folder or a storage file."""
    return path.suffix in _SUFFIXES or (path / "metadata.yaml").is_file()


def require_new(path: Path) -> None:
    """Raise BagError if ``path`` exists: recordings are never overwritten."""
    if path.exists():
        raise BagError(f"{path} exists already; give another path or remove it first")


def _require_bag(path: Path) -> None:
    if not path.exists():
        raise BagError(f"recording {path} does not exist")
    if is_bag(path):
        return
    if path.is_dir():
        raise BagError(
            f"{path} is no complete rosbag2 folder: metadata.yaml is missing; name the .mcap or "
            ".db3 file in it, or repair it with `ros2 bag reindex`"
        )
    raise BagError(f"{path} must be a rosbag2 folder, a .mcap or a .db3 file")


def _unreadable(path: Path, error: Exception) -> BagError:
    reason = str(error) or type(error).__name__
    return BagError(
        f"{path} is truncated or damaged ({reason}); expected a complete rosbag2 recording. "
        "`ros2 bag reindex` or `mcap recover` may save what is left"
    )


def _topic(connection: Connection) -> BagTopic:
    profiles = getattr(connection.ext, "offered_qos_profiles", [])
    latched = any(p.durability == QosDurability.TRANSIENT_LOCAL for p in profiles)
    return BagTopic(connection.topic, connection.msgtype, connection.msgcount, latched)


def _offered_qos(latched: bool) -> Qos:
    unset = QosTime(0, 0)
    return Qos(
        history=QosHistory.KEEP_LAST,
        depth=1 if latched else 5,
        reliability=QosReliability.RELIABLE,
        durability=QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        deadline=unset,
        lifespan=unset,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=unset,
        avoid_ros_namespace_conventions=False,
    )
