"""Log lines that would repeat with every frame, at most one per subject and period."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.impl.rcutils_logger import RcutilsLogger

PERIOD_S = 5.0


class ThrottledLog:
    """Writes the first line of each subject at once and then says how many it left out.

    Args:
        logger: of the node.
        period_s: between two lines of one subject.
        clock: steady, in seconds.
    """

    def __init__(
        self,
        logger: RcutilsLogger,
        period_s: float = PERIOD_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logger = logger
        self._period_s = period_s
        self._clock = clock
        self._last: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def info(self, subject: str, text: str) -> None:
        """Write ``text``, unless ``subject`` had its turn."""
        line = self._due(subject, text)
        if line:
            self._logger.info(line)

    def warning(self, subject: str, text: str) -> None:
        """Write ``text`` as a warning, unless ``subject`` had its turn."""
        line = self._due(subject, text)
        if line:
            self._logger.warning(line)

    def error(self, subject: str, text: str) -> None:
        """Write ``text`` as an error, unless ``subject`` had its turn."""
        line = self._due(subject, text)
        if line:
            self._logger.error(line)

    def _due(self, subject: str, text: str) -> str:
        now = self._clock()
        last = self._last.get(subject)
        if last is not None and now - last < self._period_s:
            self._left_out[subject] = self._left_out.get(subject, 0) + 1
            return ""
        self._last[subject] = now
        left_out = self._left_out.pop(subject, 0)
        return f"{text} ({left_out} more like this)" if left_out else text
