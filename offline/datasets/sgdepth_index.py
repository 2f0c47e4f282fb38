"""SGDepth's JSON indices: which files belong together, and which frames follow each other.

An index has the parallel lists ``names`` (``color``, ``color_right``, ``depth`` ...),
``types``, ``folders``, ``files`` and ``positions``. A file's position is four numbers: the
frame's number in the data set, how many frames of its drive come before and after, and its
place among the files of its name in ``basic_files.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A file's position."""

    frame: int
    before: int
    after: int
    place: int


@dataclass(frozen=True, eq=False)
class Category:
    """The files of one name, by frame.

    Attributes:
        files: frame -> path relative to the data set's folder.
        places: frame -> position.
        order: paths in the order of the file.
    """

    files: dict[int, Path]
    places: dict[int, Place]
    order: tuple[Path, ...]


def read_index(file: Path, names: Iterable[str]) -> dict[str, Category]:
    """Return those of the given categories that an index has.

    Raises:
        ValueError: naming the file that is missing, damaged or no index.
    """
    try:
        content = json.loads(file.read_text("utf-8-sig"))
        found = {name: content["names"].index(name) for name in names if name in content["names"]}
        return {
            name: _category(content["files"][index], content["positions"][index])
            for name, index in found.items()
        }
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ValueError(
            f"{file} must be an index of SGDepth with names, files and positions, got {error!r}"
        ) from error


def _category(files: list[Any], positions: list[Any]) -> Category:
    if len(files) != len(positions):
        raise ValueError(f"{len(files)} files, {len(positions)} positions")
    places = [Place(*(int(value) for value in position)) for position in positions]
    # Written on Windows too.
    paths = tuple(Path(str(file).replace("\\", "/")) for file in files)
    return Category(
        files={place.frame: path for place, path in zip(places, paths, strict=True)},
        places={place.frame: place for place in places},
        order=paths,
    )
