"""When a run stops before its end: its slice of time is over, or somebody asks it to."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType, TracebackType

import torch
import torch.distributed as dist

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """Asked after each step; a signal lets the step end first, a second one does not.

    Args:
        seconds: of the slice, from now on; None for no end.
        device: on which processes agree.
    """

    def __init__(self, seconds: float | None, device: torch.device) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self._device = device
        self._asked = False

    def __enter__(self) -> Stopping:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._ask) for number in _SIGNALS}
        else:
            self._before = {}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def now(self) -> bool:
        """Return whether any of the processes has to stop."""
        stop = self._asked or (self._end is not None and time.monotonic() >= self._end)
        if not (dist.is_available() and dist.is_initialized()):
            return stop
        asked = torch.tensor(float(stop), device=self._device)
        dist.all_reduce(asked, op=dist.ReduceOp.MAX)
        return bool(asked.item())

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
