"""Compiled engines on the disk: made once, checked whenever they are read, never half there.

``cache_key.key_of`` makes the keys.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from scene_perception.engines.cache_entry import CacheEntry, Note
from scene_perception.engines.cache_files import key_digest

_LOG = logging.getLogger(__name__)
# Longer than TensorRT takes for any of our parts on a Jetson.
_PATIENCE_S = 1800.0
_NOTE_PATIENCE_S = 5.0
_FOLDER = re.compile(r"[A-Za-z0-9_-]+-[0-9a-f]{32}")


class Pruned(NamedTuple):
    """What pruning took away: entries and bytes."""

    entries: int
    size: int


def default_cache() -> Path:
    """Return ``scene_perception/engines`` in ``$XDG_CACHE_HOME``, or in ``~/.cache``."""
    # The specification says that a relative path is to be passed over.
    home = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = home if home.is_absolute() else Path.home() / ".cache"
    return base / "scene_perception" / "engines"


class EngineCache:
    """Folders of compiled files by key, shared by all processes that name the same ``root``.

    Where ``root`` cannot be written, or its disk is full, files go to a temporary folder that
    lives as long as this object, and ``warnings`` say so.

    Args:
        root: made when something is written; what killed builders left there is removed now.
        patience_s: how long to wait for another process that makes the same files.
    """

    def __init__(self, root: Path, patience_s: float = _PATIENCE_S) -> None:
        self.root = root
        self.warnings: list[str] = []
        self._patience_s = patience_s
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._unwritten: dict[str, dict[str, Note]] = {}
        self._sweep()

    def folder(self, key: Mapping[str, str], make: Callable[[Path], None]) -> Path:
        """Return the folder of the files of ``key``: whole, and as they were made.

        Args:
            key: everything that the files depend on.
            make: writes the files into an empty folder; called if they are not there, or not
                whole, or another key's. It must not ask for the same key.

        Raises:
            OSError: if a temporary folder cannot hold the files either. Whatever ``make``
                raises goes through, and nothing is kept.
        """
        found = self.find(key)
        if found is not None:
            return found
        try:
            return self._made(self._entry(key), key, make)
        except _NotStoredError as error:
            self._warn(f"{error}; {_named(key)} is kept in a temporary folder until the end")
        return self._made(self._spare(key), key, make)

    def find(self, key: Mapping[str, str]) -> Path | None:
        """Return the folder of the files of ``key`` if they are there and whole, else None."""
        found = self._whole(self._entry(key), key)
        if found is None and self._temporary is not None:
            found = self._whole(self._spare(key), key)
        return found

    def drop(self, key: Mapping[str, str]) -> None:
        """Forget the files and notes of ``key``; they are made again when asked for."""
        self._unwritten.pop(key_digest(key), None)
        entries = [self._entry(key)]
        if self._temporary is not None:
            entries.append(self._spare(key))
        for entry in entries:
            if entry.folder.is_dir():
                self._change(entry, key, entry.forget)

    def notes(self, key: Mapping[str, str]) -> dict[str, Note]:
        """Return the facts that were noted about the files of ``key``; all go with the files.

        Facts can be noted about a key that has no files: they hold until files are made.
        """
        notes = self._entry(key).notes(key)
        return {**notes, **self._unwritten.get(key_digest(key), {})}

    def note(self, key: Mapping[str, str], name: str, value: Note) -> None:
        """Keep one fact, as JSON, beside the files of ``key``.

        Where the files are temporary or the cache cannot be written, in memory.
        """
        entry = self._entry(key)
        temporary = self._temporary is not None and self._spare(key).folder.is_dir()
        if temporary or not self._change(entry, key, lambda: entry.note(key, name, value)):
            self._unwritten.setdefault(key_digest(key), {})[name] = value

    def entries(self) -> Iterator[CacheEntry]:
        """Give what is kept, the longest unused first."""
        folders = self.root.iterdir() if self.root.is_dir() else ()
        # What else is there, should the root be somebody's home, is not ours to sweep.
        ours = (path for path in folders if path.is_dir() and _FOLDER.fullmatch(path.name))
        entries = [CacheEntry(path) for path in ours]
        yield from sorted(entries, key=lambda entry: (entry.used_s(), entry.folder.name))

    def prune(self, fits: Callable[[Mapping[str, str]], bool], at_most_bytes: int) -> Pruned:
        """Remove entries that do not fit, and of the others the longest unused above a size.

        Entries that another process is making stay.

        Args:
            fits: says of a key whether something could still ask for it.
            at_most_bytes: what the rest may take.

        Raises:
            OSError: if an entry cannot be removed.
        """
        entries = list(self.entries())
        total, removed, freed = sum(entry.size() for entry in entries), 0, 0
        doomed = [entry for entry in entries if not _fits(entry, fits)]
        for entry in doomed + [entry for entry in entries if entry not in doomed]:
            if entry not in doomed and total - freed <= at_most_bytes:
                break
            size = entry.size()
            if _removed(entry):
                removed, freed = removed + 1, freed + size
        return Pruned(removed, freed)

    def _made(
        self, entry: CacheEntry, key: Mapping[str, str], make: Callable[[Path], None]
    ) -> Path:
        """Make the files, unless another process has while we waited for it."""
        try:
            with entry.locked(self._patience_s, f"building {_named(key)}"):
                entry.sweep()
                return self._whole(entry, key) or entry.make(key, make)
        except OSError as error:
            if entry.folder.parent != self.root:
                raise
            raise _NotStoredError(f"engine cache {self.root} cannot be used: {error}") from error

    def _whole(self, entry: CacheEntry, key: Mapping[str, str]) -> Path | None:
        """Return the folder of an entry's files, or None where they cannot be trusted."""
        try:
            return entry.files(key)
        except (OSError, ValueError) as error:
            self._warn(f"{entry.folder} ({_named(key)}) is not used: {error}")
            return None

    def _change(
        self, entry: CacheEntry, key: Mapping[str, str], change: Callable[[], None]
    ) -> bool:
        """Change an entry under its lock; say so where that cannot be."""
        try:
            with entry.locked(_NOTE_PATIENCE_S, f"noting about {_named(key)}"):
                change()
        except OSError as error:
            self._warn(f"engine cache {self.root} cannot be written: {error}")
            return False
        return True

    def _entry(self, key: Mapping[str, str]) -> CacheEntry:
        return CacheEntry(self.root / _folder_name(key))

    def _spare(self, key: Mapping[str, str]) -> CacheEntry:
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(
                prefix="scene_perception-engines-", ignore_cleanup_errors=True
            )
        return CacheEntry(Path(self._temporary.name) / _folder_name(key))

    def _sweep(self) -> None:
        for entry in self.entries():
            try:
                with entry.locked(0.0, "sweeping"):
                    entry.sweep()
            except OSError as error:  # being built just now, or not ours to change
                _LOG.debug("%s is not swept: %s", entry.folder, error)

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
            _LOG.warning("%s", text)


class _NotStoredError(Exception):
    """The cache's own folder cannot take the files; the files themselves may be fine."""


def _named(key: Mapping[str, str]) -> str:
    words = (key.get("part", "an engine"), key.get("backend", ""), key.get("precision", ""))
    return " ".join(word for word in words if word)


def _folder_name(key: Mapping[str, str]) -> str:
    part = re.sub(r"[^A-Za-z0-9_-]", "_", key.get("part", "engine"))[:64]
    return f"{part}-{key_digest(key)[:32]}"


def _fits(entry: CacheEntry, fits: Callable[[Mapping[str, str]], bool]) -> bool:
    key = entry.key()
    return key is not None and fits(key)


def _removed(entry: CacheEntry) -> bool:
    """Remove an entry, unless somebody is making it."""
    try:
        with entry.locked(0.0, "pruning"):
            entry.remove()
    except TimeoutError:
        return False
    return True
