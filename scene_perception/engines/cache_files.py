"""Files on a disk that may be full: written for certain, and told from others by their SHA-256."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

_BLOCK = 1 << 20


def key_digest(key: Mapping[str, str]) -> str:
    """Return the SHA-256 of a key, whatever the order of its entries."""
    text = json.dumps(dict(key), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def require_room(folder: Path) -> None:
    """Write a little into ``folder`` and take it away again.

    Raises:
        OSError: if that fails.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(_BLOCK))
        file.flush()
        os.fsync(file.fileno())


def digests(folder: Path, *, flush: bool = False) -> dict[str, str]:
    """Return the SHA-256 of every file below ``folder``.

    Raises:
        ValueError: for what is neither a file nor a folder: a link may lead anywhere.
    """
    digests = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ValueError(f"{name} is not a plain file")
        if path.is_file():
            digests[name] = _digest(path, flush=flush)
    return digests


def _digest(path: Path, *, flush: bool) -> str:
    digest, block = hashlib.sha256(), memoryview(bytearray(_BLOCK))
    with path.open("rb", buffering=0) as file:
        if flush:
            os.fsync(file.fileno())
        while count := file.readinto(block):
            digest.update(block[:count])
    return digest.hexdigest()


def difference(listed: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Return in words how files differ from those that were written."""
    names = sorted(listed.keys() | found.keys())
    missing = [name for name in names if name not in found]
    unknown = [name for name in names if name not in listed]
    changed = [name for name in names
               if name in listed and name in found and listed[name] != found[name]]  # fmt: skip
    told = {"missing": missing, "unknown": unknown, "changed": changed}
    return ", ".join(f"{what} {' '.join(which)}" for what, which in told.items() if which)
