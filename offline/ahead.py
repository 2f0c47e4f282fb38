"""Read the next samples while the network works on this one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Loaded = TypeVar("Loaded")


def loaded_ahead(
    items: Iterable[Item], load: Callable[[Item], Loaded], *, ahead: int = 2
) -> Iterator[tuple[Item, Callable[[], Loaded]]]:
    """Yield each item with a function that returns what ``load`` made of it.

    One thread loads up to ``ahead`` items before they are asked for; no more are in memory. The
    function raises what ``load`` raised, so that each item's failure is met in its turn.

    Raises:
        ValueError: for ``ahead`` below 1.
    """
    if ahead < 1:
        raise ValueError(f"ahead must be at least 1, got {ahead}")
    waiting: deque[tuple[Item, Future[Loaded]]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader") as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(load, item)))
                if len(waiting) > ahead:
                    yield _next(waiting)
            while waiting:
                yield _next(waiting)
        finally:
            for _, future in waiting:
                future.cancel()


def _next(waiting: deque[tuple[Item, Future[Loaded]]]) -> tuple[Item, Callable[[], Loaded]]:
    item, future = waiting.popleft()
    return item, future.result
