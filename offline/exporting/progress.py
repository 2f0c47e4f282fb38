"""What engines say while they are built, on a command's stderr, and nothing twice."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_ENGINES = "scene_perception.engines"


class Progress(logging.Handler):
    """Prints log records and warnings, each text once."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        self._tell(record.getMessage(), is_warning=record.levelno >= logging.WARNING)

    def warn(self, texts: Iterable[str]) -> None:
        """Print warnings that were not logged."""
        for text in texts:
            self._tell(text, is_warning=True)

    def _tell(self, text: str, *, is_warning: bool) -> None:
        if text not in self._told:
            self._told.add(text)
            print(f"warning: {text}" if is_warning else text, file=sys.stderr)


@contextmanager
def progress() -> Iterator[Progress]:
    """Let engines be heard inside."""
    handler, logger = Progress(), logging.getLogger(_ENGINES)
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
