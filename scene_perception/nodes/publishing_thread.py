"""Publishes results in a thread of its own, while the inference thread takes the next frame.

Filling, colouring and sending images of a camera's size takes as long as everything else but
inference; next to it, on another core, it costs no frame its turn.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Queue
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class PublishingThread(Generic[T]):
    """Hands results in order to ``publish``; while one waits for its turn, ``put`` blocks.

    Args:
        publish: takes each result in the thread; it must not raise.
    """

    def __init__(self, publish: Callable[[T], None]) -> None:
        self._publish = publish
        self._results: Queue[T | None] = Queue(maxsize=1)
        self._thread = Thread(target=self._run, name="publishing", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, result: T) -> None:
        """Hand over a result, as soon as the one before is being published."""
        self._results.put(result)

    def stop(self, timeout_s: float) -> bool:
        """Publish what was handed over and end; return False where that takes too long.

        Call it when nobody hands over anything any more, and only once.
        """
        self._results.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (result := self._results.get()) is not None:
            self._publish(result)
