"""One engine in the cache: its files, what they are of, and what was found out about them.

A folder holds ``lock``, the files in a folder of their own with a random name (a build),
``entry.json`` (the key, the build's name and the SHA-256 of each file) and ``notes.json``.
``entry.json`` is written last and replaced as a whole: a reader sees the old build, the new one
or none, and needs no lock. A build that is replaced stays for an hour, for whoever still reads.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from scene_perception.engines.cache_files import difference, digests, require_room
from scene_perception.engines.file_lock import file_lock

_FORMAT = 1
_LOCK, _ENTRY, _NOTES, _PARTIAL = "lock", "entry.json", "notes.json", ".partial"
_BUILD = re.compile(r"[0-9a-f]{16}")
_GRACE_S = 3600.0

Note = bool | int | float | str | None | list["Note"] | dict[str, "Note"]


class CacheEntry:
    """What a cache's folder holds for one key.

    Args:
        folder: of this entry alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self, key: Mapping[str, str]) -> Path | None:
        """Return the folder of the files of ``key``; None if there are none.

        Raises:
            ValueError: if they are not whole, not as they were written, or another key's.
            OSError: if they cannot be read.
        """
        try:
            held = self._read()
        except FileNotFoundError:
            return None
        if held.get("format") != _FORMAT or held.get("key") != dict(key):
            raise ValueError("it is of another engine")
        build, listed = _build(held), held.get("files")
        if build is None or not isinstance(listed, dict):
            raise ValueError(f"{_ENTRY} lists no files")
        files = self.folder / build
        found = digests(files)
        if found != listed or not files.is_dir():
            raise ValueError(difference(listed, found) or "its files are gone")
        with contextlib.suppress(OSError):  # a cache that is only read
            os.utime(self.folder / _ENTRY)
        return files

    def key(self) -> dict[str, str] | None:
        """Return what files or notes say they are of; None if there is neither."""
        for name in (_ENTRY, _NOTES):
            with contextlib.suppress(OSError, ValueError):
                held = self._read(name).get("key")
                if isinstance(held, dict):
                    return {str(name): str(value) for name, value in held.items()}
        return None

    def build(self) -> str | None:
        """Return the name of the build that readers are led to; None if there is none."""
        try:
            return _build(self._read())
        except (OSError, ValueError):
            return None

    def make(self, key: Mapping[str, str], make: Callable[[Path], None]) -> Path:
        """Make the files anew and return their folder; the caller holds ``locked``.

        Raises:
            OSError: if they cannot be written, as the disk is full for instance, whatever
                ``make`` says then. Whatever else it raises goes through.
        """
        build = secrets.token_hex(8)
        partial = self.folder / f"{build}{_PARTIAL}"
        partial.mkdir()
        try:
            seconds = _filled(partial, make)
            listed = digests(partial, flush=True)
            partial.rename(self.folder / build)
            self._retire()
            (self.folder / _NOTES).unlink(missing_ok=True)
            self._write(_ENTRY, {"format": _FORMAT, "key": dict(key), "build": build,
                                 "seconds": seconds, "files": listed})  # fmt: skip
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            shutil.rmtree(self.folder / build, ignore_errors=True)
            raise
        return self.folder / build

    def forget(self) -> None:
        """Take the entry and its notes away; the caller holds ``locked``."""
        self._retire()
        for name in (_ENTRY, _NOTES):
            (self.folder / name).unlink(missing_ok=True)

    def notes(self, key: Mapping[str, str]) -> dict[str, Note]:
        """Return what was noted about the files that are there now, or about none."""
        try:
            held = self._read(_NOTES)
        except (OSError, ValueError):
            return {}
        noted = held.get("notes")
        about_this = held.get("of") == self.build() and held.get("key") == dict(key)
        return dict(noted) if about_this and isinstance(noted, dict) else {}

    def note(self, key: Mapping[str, str], name: str, value: Note) -> None:
        """Write one fact beside the files; the caller holds ``locked``.

        Raises:
            OSError: if it cannot be written.
        """
        notes = {**self.notes(key), name: value}
        self._write(_NOTES, {"key": dict(key), "of": self.build(), "notes": notes})

    @contextlib.contextmanager
    def locked(self, timeout_s: float, purpose: str) -> Iterator[None]:
        """Hold the right to change this entry; see ``file_lock``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with file_lock(self.folder / _LOCK, timeout_s, purpose):
            yield

    def sweep(self) -> None:
        """Remove what killed builders and replaced builds left; the caller holds ``locked``."""
        current = self.build()
        for path in self.folder.iterdir():
            old = time.time() - path.stat().st_mtime > _GRACE_S
            replaced = _BUILD.fullmatch(path.name) and path.name != current
            if path.name.endswith(_PARTIAL) or (replaced and old):
                _remove(path)

    def remove(self) -> None:
        """Remove everything, the lock as well; the caller holds ``locked``."""
        shutil.rmtree(self.folder)

    def seconds(self) -> float | None:
        """Return how long it took to make the files; None if there are none."""
        try:
            seconds = self._read().get("seconds")
        except (OSError, ValueError):
            return None
        return seconds if isinstance(seconds, float) else None

    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def used_s(self) -> float:
        """Return when files were last asked for or noted about, s since 1970; 0 for never."""
        times = [0.0]
        for name in (_ENTRY, _NOTES):
            with contextlib.suppress(OSError):
                times.append((self.folder / name).stat().st_mtime)
        return max(times)

    def _read(self, name: str = _ENTRY) -> dict[str, object]:
        held = json.loads((self.folder / name).read_bytes())
        if not isinstance(held, dict):
            raise ValueError(f"{name} is no table")
        return held

    def _retire(self) -> None:
        """Start the time after which the build that is replaced is removed."""
        build = self.build()
        if build is not None:
            with contextlib.suppress(OSError):
                os.utime(self.folder / build)

    def _write(self, name: str, content: Mapping[str, object]) -> None:
        partial = self.folder / f"{name}.{secrets.token_hex(4)}{_PARTIAL}"
        try:
            with partial.open("w", encoding="utf-8") as file:
                json.dump(content, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.folder / name)
        finally:
            partial.unlink(missing_ok=True)


def _filled(folder: Path, make: Callable[[Path], None]) -> float:
    """Make files in ``folder`` and return the seconds that it took.

    Libraries tell a full disk in words of their own, or write less and say nothing.
    """
    start = time.perf_counter()
    try:
        make(folder)
    except OSError:
        raise
    except Exception as error:
        try:
            require_room(folder)
        except OSError as full:
            raise OSError(full.errno, f"{full.strerror} ({error})") from error
        raise
    seconds = time.perf_counter() - start
    require_room(folder)
    return seconds


def _build(held: Mapping[str, object]) -> str | None:
    build = str(held.get("build"))
    return build if _BUILD.fullmatch(build) else None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
