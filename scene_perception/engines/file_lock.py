"""A lock between processes that the kernel releases when its holder ends, however it ends."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOG = logging.getLogger(__name__)
_POLL_S = 0.05
_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def file_lock(path: Path, timeout_s: float, purpose: str) -> Iterator[None]:
    """Hold the lock ``path``; one process, and one thread of it, has it at a time.

    The file may be unlinked by its holder; who waits then takes the new one.

    Args:
        path: of the lock file, made where it is missing; its folder must be there.
        timeout_s: how long to wait for another holder.
        purpose: what the holder does, such as ``building dsnet``, for messages.

    Raises:
        TimeoutError: naming the holder and what can be done.
        OSError: if the file cannot be made or its file system has no locks.
    """
    descriptor = _acquire(path, timeout_s, purpose)
    try:
        yield
    finally:
        # Closing alone would leave the lock to children that were forked meanwhile.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _acquire(path: Path, timeout_s: float, purpose: str) -> int:
    start = time.monotonic()
    told = False
    while (descriptor := _try(path)) is None:
        if time.monotonic() - start >= timeout_s:
            raise TimeoutError(
                f"{purpose}: {_holder(path)} has been doing that for more than {timeout_s:.0f} s "
                f"({path} is locked); wait for it or end it{_command(path)}, then start again"
            )
        if not told:
            _LOG.info("%s: waiting for %s, which is doing that", purpose, _holder(path))
            told = True
        time.sleep(_POLL_S)
    return descriptor


def _try(path: Path) -> int | None:
    """Return the descriptor of the lock that is now ours, or None while another has it."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    if not _is(path, descriptor):
        os.close(descriptor)
        return None
    _sign(descriptor)
    return descriptor


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno not in _READ_ONLY:
            raise
    # Another user's lock excludes as well when it is open for reading.
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _is(path: Path, descriptor: int) -> bool:
    """Whether the file that was opened still is the one at ``path``."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))


def _sign(descriptor: int) -> None:
    """Leave our process number in the lock, for whoever waits."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    except OSError as error:
        # A full disk or another user's file: the lock holds, its holder is only not named.
        _LOG.debug("lock not signed: %s", error)


def _pid(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return text if text.isdecimal() else ""


def _holder(path: Path) -> str:
    pid = _pid(path)
    return f"process {pid}" if pid else "another process"


def _command(path: Path) -> str:
    pid = _pid(path)
    return f" (`kill {pid}`)" if pid else f" (`fuser {path}` finds it)"
