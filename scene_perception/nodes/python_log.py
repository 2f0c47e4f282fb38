"""What the ROS-free packages log, in the node's log: engines tell there what they build."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rclpy.impl.rcutils_logger import RcutilsLogger

_PACKAGE = logging.getLogger("scene_perception")


class _Forwarding(logging.Handler):
    """Says everything again in a node's log."""

    def __init__(self, logger: RcutilsLogger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Say one record again."""
        if record.levelno >= logging.WARNING:
            self._logger.warning(record.getMessage())
        else:
            self._logger.info(record.getMessage())


@contextmanager
def forwarded(logger: RcutilsLogger) -> Iterator[None]:
    """Have what the package logs inside also in a node's log, from information upwards."""
    handler, level = _Forwarding(logger), _PACKAGE.level
    _PACKAGE.addHandler(handler)
    _PACKAGE.setLevel(logging.INFO)
    try:
        yield
    finally:
        _PACKAGE.setLevel(level)
        _PACKAGE.removeHandler(handler)
