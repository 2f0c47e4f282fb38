"""What readers of data sets share: telling what a folder holds, and lines with their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from offline.datasets.kitti_calibration import read_lines

_TOLD = 6


@dataclass(frozen=True)
class Entry:
    """A line of a list.

    Attributes:
        where: the list and the line's number, for messages.
        words: what the line says, split at blanks.
    """

    where: str
    words: tuple[str, ...]


def read_list(file: Path) -> tuple[Entry, ...]:
    """Return a list file's lines; blank ones are left out but counted.

    Raises:
        ValueError: naming the file, if it cannot be read or is empty.
    """
    read_lines(file)
    return entries(str(file), file.read_text("utf-8-sig").splitlines())


def entries(name: str, lines: Sequence[str]) -> tuple[Entry, ...]:
    """Return the lines of the list called ``name``."""
    numbered = ((f"{name}, line {index + 1}", line) for index, line in enumerate(lines))
    return tuple(Entry(where, tuple(line.split())) for where, line in numbered if line.strip())


def find_list(what: str, root: Path, split: str, *, lines: str) -> Path:
    """Return the list ``<root>/<split>.txt``, or the file ``split`` itself.

    Args:
        what: name of the folder's kind.
        root: what the user gave.
        split: a list's name without ``.txt``, or its file.
        lines: what the lines are expected to be, for the message.

    Raises:
        ValueError: saying what was expected and what is there.
    """
    own = root / f"{split}.txt"
    if own.is_file():
        return own
    if Path(split).is_file():
        return Path(split)
    raise ValueError(
        f"{what} folder {root} must have {split}.txt with lines of {lines}; {contents(root)}"
    )


def require_folder(what: str, root: Path, needed: str, *, holds: str) -> Path:
    """Return ``root / needed``, which must be a folder.

    Args:
        what: name of the data set.
        root: what the user gave.
        needed: the folder under it.
        holds: what that is expected to hold, for the message.

    Raises:
        ValueError: saying what was expected and what is there.
    """
    if not (root / needed).is_dir():
        raise ValueError(f"{what} folder {root} must have {needed} with {holds}; {contents(root)}")
    return root / needed


def contents(folder: Path) -> str:
    """Say what a folder holds."""
    if not folder.is_dir():
        return "it is no folder" if folder.exists() else "it does not exist"
    names = sorted(path.name for path in folder.iterdir())
    if not names:
        return "it is empty"
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return f"it has {', '.join(names[:_TOLD])}{more}"
