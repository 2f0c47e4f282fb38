"""Work on several items at once, with results in the order of the items."""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

# Each keeps a frame and the network's activations in memory.
_WORKERS = 4

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    items: Iterable[Item], work: Callable[[Item], Result], workers: int
) -> Iterator[tuple[Item, Callable[[], Result]]]:
    """Yield each item with a function that returns what ``work`` made of it.

    The function raises what ``work`` raised, so that each item's failure is met in its turn. No
    more than twice as many items as workers are begun before they are asked for.

    Args:
        items: to work on.
        work: called in the workers' threads.
        workers: number of threads.

    Raises:
        ValueError: for less than one worker.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="worker") as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                if len(waiting) >= 2 * workers:
                    yield _next(waiting)
            while waiting:
                yield _next(waiting)
        finally:
            for _, future in waiting:
                future.cancel()


def add_workers_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``: one a core, as ``OMP_NUM_THREADS`` counts them, but not too many."""
    parser.add_argument(
        "--workers",
        type=positive,
        default=min(torch.get_num_threads(), _WORKERS),
        help="frames to work on at once, in each process (default: one a core, 4 at most)",
    )


def positive(text: str) -> int:
    """Return a number of at least 1, for argparse."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return int(text)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let PyTorch use one thread for each operation.

    How many there are decides how sums are rounded: only with one are results the same on every
    machine. Several items at once keep the cores busy all the same.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _next(waiting: deque[tuple[Item, Future[Result]]]) -> tuple[Item, Callable[[], Result]]:
    item, future = waiting.popleft()
    return item, future.result
