"""How long each stage of one step took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageTimer:
    """Collects the wall time of named stages; a stage that runs twice is summed."""

    def __init__(self) -> None:
        self.elapsed_ns: dict[str, int] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as stage ``name``."""
        start = time.perf_counter_ns()
        try:
            yield
        finally:
            elapsed = time.perf_counter_ns() - start
            self.elapsed_ns[name] = self.elapsed_ns.get(name, 0) + elapsed
