"""Writing a recording in a thread of its own, with a bound on what waits in memory."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import NamedTuple

from scene_perception.recordings.bags import BagError, BagWriter, require_new


class _Topic(NamedTuple):
    name: str
    type: str
    latched: bool


class _Message(NamedTuple):
    topic: str
    time_ns: int
    data: bytes


class BackgroundWriter:
    """A ``BagWriter`` behind a queue: whoever receives messages never waits for the disk.

    Args:
        path: of the recording, which must not exist.
        storage: ``mcap`` or ``sqlite3``.
        max_bytes: of messages in the queue; further ones are dropped.

    Raises:
        BagError: if the recording cannot be begun.
    """

    def __init__(self, path: Path, storage: str, max_bytes: int) -> None:
        require_new(path)
        self.path = path
        self._storage = storage
        self._max_bytes = max_bytes
        self._waiting_bytes = 0
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[_Topic | _Message | None] = queue.SimpleQueue()
        self._begun = threading.Event()
        self._error: Exception | None = None
        # A daemon: whoever fails before it can call close must still be able to exit.
        self._thread = threading.Thread(target=self._run, name="bag-writer", daemon=True)
        self._thread.start()
        self._begun.wait()
        self.require_healthy()

    def add_topic(self, name: str, msgtype: str, *, latched: bool = False) -> None:
        """Declare a topic before its first message."""
        self._queue.put(_Topic(name, msgtype, latched))

    def put(self, topic: str, time_ns: int, data: bytes) -> bool:
        """Queue a message; return False if it is dropped because too much waits already."""
        with self._lock:
            if self._waiting_bytes + len(data) > self._max_bytes:
                return False
            self._waiting_bytes += len(data)
        self._queue.put(_Message(topic, time_ns, data))
        return True

    def require_healthy(self) -> None:
        """Raise BagError if writing has failed, for instance because the disk is full."""
        if self._error is not None:
            raise BagError(f"cannot write {self.path}: {self._error}") from self._error

    def close(self) -> None:
        """Write what waits and complete the recording.

        Raises:
            BagError: if writing has failed.
        """
        self._queue.put(None)
        self._thread.join()
        self.require_healthy()

    def _run(self) -> None:
        try:
            with BagWriter(self.path, self._storage) as writer:
                self._begun.set()
                while (item := self._queue.get()) is not None:
                    self._write(writer, item)
        except Exception as error:  # noqa: BLE001 (raised in the thread that records)
            self._error = error
        finally:
            self._begun.set()

    def _write(self, writer: BagWriter, item: _Topic | _Message) -> None:
        if isinstance(item, _Topic):
            writer.add_topic(item.name, item.type, latched=item.latched)
            return
        writer.write(*item)
        with self._lock:
            self._waiting_bytes -= len(item.data)
