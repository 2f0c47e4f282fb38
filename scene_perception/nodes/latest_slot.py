"""A place for one item between two threads, where the newest wins."""

from __future__ import annotations

from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Hands the newest item to a slower consumer; what it could not take is overwritten.

    All methods may be called from any thread.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._item: T | None = None
        self._closed = False

    def put(self, item: T) -> bool:
        """Store ``item``; return False where that overwrote one nobody took. # never blocks.

        A closed slot ignores the item and returns True.
        """
        with self._changed:
            if self._closed:
                return True
            was_empty = self._item is None
            self._item = item
            self._changed.notify()
            return was_empty

    def take(self, timeout_s: float) -> T | None:
        """Remove and return the item, waiting for one; None after ``timeout_s`` or closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Drop the item, wake whoever waits and ignore what comes later."""
        with self._changed:
            self._closed = True
            self._item = None
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed
