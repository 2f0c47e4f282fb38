"""Splits of KITTI raw by name.

Eigen's test frames follow no rule; ``eigen_test.json`` holds their numbers in the published order,
as in CVLAB-Unibo/omegaNet (Apache-2.0). Other lists are found in the data set and known by the
digest of their frames.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from offline.datasets.folders import contents
from offline.datasets.kitti_splits import RawFrame, read_split

_EIGEN = Path(__file__).with_name("eigen_test.json")
_LEFT = 2
# Annotated depth maps need five scans before and after.
_SCANS_AROUND = 5
# Frames of those of Eigen's drives whose last five frames are in his list, too.
_DRIVE_LENGTHS = {
    "2011_09_26_drive_0002_sync": 77,
    "2011_09_26_drive_0013_sync": 144,
    "2011_09_26_drive_0020_sync": 86,
    "2011_09_26_drive_0036_sync": 803,
    "2011_09_26_drive_0046_sync": 125,
    "2011_09_26_drive_0048_sync": 22,
    "2011_09_26_drive_0059_sync": 373,
    "2011_09_29_drive_0071_sync": 1059,
    "2011_09_30_drive_0016_sync": 279,
}


@dataclass(frozen=True)
class NamedSplit:
    """A published list.

    Attributes:
        title: what it is.
        count: of its frames.
        digest: as of the function of that name.
        files: where it may lie under the data set's folder.
        source: where it is published.
    """

    title: str
    count: int
    digest: str
    files: tuple[str, ...]
    source: str


def _zhou(part: str, count: int, digest: str) -> NamedSplit:
    file = f"eigen_zhou/{part}_files.txt"
    return NamedSplit(
        title=f"Zhou's {part} list",
        count=count,
        digest=digest,
        files=(f"splits/{file}", file),
        source=f"splits/{file} of nianticlabs/monodepth2",
    )


LISTS = {
    "zhou_train": _zhou("train", 39810, "470af3e3d42dfa56"),
    "zhou_val": _zhou("val", 4424, "34ea4f46fffb5bf6"),
}
NAMES = ("eigen", "eigen_benchmark", "zhou_train", "zhou_val")


def split_frames(split: str, root: Path) -> tuple[RawFrame, ...]:
    """Return the frames of a split.

    Args:
        split: ``eigen`` (697 test frames), ``eigen_benchmark`` (the 652 of them that have
            improved ground truth), ``zhou_train``, ``zhou_val``, or the path of a list, whose
            content is the caller's choice.
        root: the data set's folder, where the published lists are looked for.

    Raises:
        ValueError: for a split that is neither, a list that is missing or is another one.
    """
    if split == "eigen":
        return _eigen()
    if split == "eigen_benchmark":
        return with_improved_truth(_eigen())
    if split in LISTS:
        return _checked(LISTS[split], _find(split, root))
    if not Path(split).is_file():
        raise ValueError(f"split must be {', '.join(NAMES)} or the path of a list, got {split!r}")
    return read_split(Path(split))


@cache
def _eigen() -> tuple[RawFrame, ...]:
    drives: dict[str, list[int]] = json.loads(_EIGEN.read_text())
    numbered = [(drive, number) for drive, numbers in drives.items() for number in numbers]
    return tuple(
        RawFrame(drive, _LEFT, number, where=f"Eigen's test list, line {line}")
        for line, (drive, number) in enumerate(numbered, start=1)
    )


def with_improved_truth(eigen: Sequence[RawFrame]) -> tuple[RawFrame, ...]:
    """Return those of Eigen's test frames that have an annotated depth map."""
    return tuple(
        frame
        for frame in eigen
        if frame.number >= _SCANS_AROUND
        and frame.number + _SCANS_AROUND < _DRIVE_LENGTHS.get(frame.drive, frame.number + 6)
    )


def digest(frames: Sequence[RawFrame]) -> str:
    """Return what the frames of a list are known by, whatever its order and format."""
    names = "\n".join(sorted(frame.name for frame in frames))
    return hashlib.sha256(names.encode()).hexdigest()[:16]


def _find(split: str, root: Path) -> Path:
    named = LISTS[split]
    found = next((root / file for file in named.files if (root / file).is_file()), None)
    if found is None:
        raise ValueError(
            f"split {split!r} must have its list as {' or '.join(named.files)} in {root}; "
            f"{contents(root)}; fetch {named.source}, or give --split FILE"
        )
    return found


def _checked(named: NamedSplit, file: Path) -> tuple[RawFrame, ...]:
    frames = read_split(file)
    if (got := digest(frames)) != named.digest:
        raise ValueError(
            f"{file} must be {named.title} of {named.count} frames (digest {named.digest}), got "
            f"{len(frames)} frames (digest {got}); give it as --split FILE to use it all the same"
        )
    return frames
