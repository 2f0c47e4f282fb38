"""What loading engines made, found and left out, told by the cache that they came from."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping

from offline.exporting.kept import MIB, table
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.cache_entry import CacheEntry

# A file's times are those of the kernel's last tick.
_TICK_S = 0.05


class Watch:
    """Looks at a cache before and after engines are loaded.

    Args:
        cache: that they are loaded from.
    """

    def __init__(self, cache: EngineCache) -> None:
        self._cache = cache
        self._builds = {entry.folder: entry.build() for entry in cache.entries()}
        self._start_s = time.time() - _TICK_S

    def used(self) -> list[CacheEntry]:
        """Return the entries with files that were asked for since then, in their order."""
        entries = (entry for entry in self._cache.entries() if entry.build() is not None)
        return [entry for entry in entries if entry.used_s() >= self._start_s]

    def made(self) -> list[CacheEntry]:
        """Return those of them that were made since then."""
        return [entry for entry in self.used() if entry.build() != self._builds.get(entry.folder)]

    def lines(self, parts: Collection[str]) -> Iterator[str]:
        """Give a table: a line for each engine in the cache, and each part that has none.

        Args:
            parts: that were loaded.
        """
        used, made = self.used(), {entry.folder for entry in self.made()}
        rows = [self._row(entry, is_new=entry.folder in made) for entry in used]
        kept = {row[0] for row in rows}
        rows += [(part, "", "", "nothing to keep", "") for part in parts if part not in kept]
        order = {part: index for index, part in enumerate(parts)}
        rows.sort(key=lambda row: (order.get(row[0], len(order)), row[1]))
        yield from table([("part", "backend", "size", "built", "gate"), *rows])

    def _row(self, entry: CacheEntry, *, is_new: bool) -> tuple[str, ...]:
        key = entry.key() or {}
        seconds = entry.seconds()
        built = f"in {seconds:.1f} s" if is_new and seconds is not None else "before"
        return (
            key.get("part", ""),
            f"{key.get('backend', '')} {key.get('precision', '')}",
            f"{entry.size() / MIB:.1f} MiB",
            built,
            _gate(entry.notes(key)),
        )


def _gate(notes: Mapping[str, object]) -> str:
    """Return what the gate said of an engine."""
    text = notes.get("gate")
    return text if isinstance(text, str) else ""
