"""What an engine cache holds, in words, and what of it is out of date."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from scene_perception.engines.backends import BACKENDS
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.cache_entry import CacheEntry
from scene_perception.engines.cache_key import sources_digest

MIB = 2**20
_VERSION = "version of "
_DAY_S = 86400.0


def entry_row(entry: CacheEntry) -> tuple[str, ...]:
    """Return an entry's part, backend, precision, inputs, size, building time and last use."""
    key = entry.key() or {}
    seconds = entry.seconds()
    return (
        key.get("part", "unreadable"),
        key.get("backend", ""),
        key.get("precision", ""),
        _inputs(key),
        f"{entry.size() / MIB:.1f} MiB",
        "" if seconds is None else f"{seconds:.1f} s",
        _ago(time.time() - entry.used_s()),
    )


def listed(cache: EngineCache) -> Iterator[str]:
    """Give a table of what is kept, the last used first."""
    entries = list(cache.entries())[::-1]
    heading = ("part", "backend", "precision", "inputs", "size", "built in", "used")
    yield from table([heading, *map(entry_row, entries)])
    size = sum(entry.size() for entry in entries)
    yield f"{len(entries)} entries, {size / MIB:.1f} MiB in {cache.root}"


def up_to_date(key: Mapping[str, str]) -> bool:
    """Return whether something could still ask for ``key`` on this machine.

    Its libraries and hardware must be those of now, and its network's sources ours.
    """
    if key.get("sources") != sources_digest():
        return False
    versions = {
        name.removeprefix(_VERSION): text for name, text in key.items() if name.startswith(_VERSION)
    }
    backend = key.get("backend", "")
    return backend not in BACKENDS or versions == _versions(backend)


def pruned(cache: EngineCache, at_most_bytes: int) -> str:
    """Remove what is out of date, and the longest unused above a size; say what went."""
    gone = cache.prune(up_to_date, at_most_bytes)
    left = sum(entry.size() for entry in cache.entries())
    return (
        f"{gone.entries} entries removed, {gone.size / MIB:.1f} MiB; "
        f"{left / MIB:.1f} MiB are left in {cache.root}"
    )


def table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Give lines of columns that are as wide as their widest text."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


@lru_cache
def _versions(backend: str) -> Mapping[str, str] | None:
    """Return a backend's versions here; None where its library is not installed."""
    try:
        return BACKENDS[backend].versions()
    except ImportError:
        return None


def _inputs(key: Mapping[str, str]) -> str:
    """Return the size of the largest input, such as 640x192."""
    try:
        shapes = [re.findall(r"\d+", text.split("]")[0])
                  for text in json.loads(key.get("inputs", "{}")).values()]  # fmt: skip
    except (ValueError, AttributeError):
        return ""
    sizes = [(int(shape[-1]), int(shape[-2])) for shape in shapes if len(shape) > 2]
    return "x".join(map(str, max(sizes))) if sizes else ""


def _ago(seconds: float) -> str:
    for unit, length in (("days", _DAY_S), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return "just now"
