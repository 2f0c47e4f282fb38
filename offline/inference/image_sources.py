"""Image files as moments: a folder, a list, single images, stereo pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from offline.datasets.base import FIRST_STAMP_NS, even_stamps_ns
from offline.datasets.folders import read_list
from offline.datasets.kitti_scene_flow import ScenePairs
from offline.inference.moments import ImageReader, Listed, Moment, Read
from scene_perception.geometry.camera import Intrinsics
from scene_perception.recordings.image_folder import image_files

_TRIPLE = ("previous", "current", "next")


def image_sequence(
    files: Sequence[Path], *, fps: float = 10.0, intrinsics: Intrinsics | None = None
) -> Listed:
    """Return images of one camera as consecutive frames.

    Raises:
        ValueError: for two files whose outputs would have one name.
    """
    read, stamps, names = ImageReader(), even_stamps_ns(len(files), fps), _names(files)

    def moment(index: int) -> Moment:
        around = dict(zip(_TRIPLE, range(index - 1, index + 2), strict=True))
        present = {role: n for role, n in around.items() if 0 <= n < len(files)}
        return Moment(
            index,
            names[index],
            {role: partial(read, files[n]) for role, n in present.items()},
            stamps[index],
            stamps[index + 1] if "next" in present else None,
            intrinsics=lambda: intrinsics,
        )

    return Listed([moment(index) for index in range(len(files))])


def stereo_sequence(left: Sequence[Path], right: Sequence[Path], *, fps: float = 10.0) -> Listed:
    """Return images of two cameras as consecutive pairs; the last one is only a ``next``.

    Raises:
        ValueError: for different numbers of images, or fewer than two pairs.
    """
    if len(left) != len(right) or len(left) < 2:
        raise ValueError(
            "left and right images must be as many, at least 2 each, "
            f"got {len(left)} and {len(right)}"
        )
    read, stamps, names = ImageReader(), even_stamps_ns(len(left), fps), _names(left)

    def moment(index: int) -> Moment:
        files = (left[index], right[index], left[index + 1], right[index + 1])
        roles = ("current", "right", "next", "next_right")
        images = {role: partial(read, file) for role, file in zip(roles, files, strict=True)}
        return Moment(index, names[index], images, stamps[index], stamps[index + 1])

    return Listed([moment(index) for index in range(len(left) - 1)])


def single_moment(files: Mapping[str, Path], name: str = "") -> Listed:
    """Return the one moment whose images are ``files``, by role; it is called as ``current``."""
    read = ImageReader()
    images = {role: partial(read, file) for role, file in files.items()}
    return Listed([_untimed(0, name or files["current"].stem, images)])


def listed_images(list_file: Path, root: Path) -> Listed:
    """Return what a list names: a line is an image, or the previous, current and next one.

    Paths are relative to ``root``; outputs are called as the current image's path. Lines are
    not neighbours of each other.

    Raises:
        ValueError: for a list that cannot be read or has lines of another form.
    """
    read = ImageReader()
    moments = []
    for index, entry in enumerate(read_list(list_file)):
        if len(entry.words) not in (1, 3):
            raise ValueError(
                f"{entry.where} must name one image, or the previous, current and next one, "
                f"got {len(entry.words)} words"
            )
        roles = _TRIPLE if len(entry.words) == 3 else ("current",)
        words = dict(zip(roles, entry.words, strict=True))
        parts = Path(words["current"]).with_suffix("").parts
        name = "/".join(part for part in parts if part not in ("/", ".."))
        images = {role: partial(read, root / word) for role, word in words.items()}
        moments.append(_untimed(index, name, images))
    return Listed(moments)


def scene_pairs(pairs: Sequence[ScenePairs]) -> Listed:
    """Return KITTI 2015's pairs, whose outputs are called as KITTI calls them."""
    read = ImageReader()
    moments = []
    for index, pair in enumerate(pairs):
        files = {
            "current": pair.left,
            "right": pair.right,
            "next": pair.next_left,
            "next_right": pair.next_right,
        }
        images = {role: partial(read, file) for role, file in files.items()}
        moments.append(_untimed(index, f"{pair.number:06d}_10", images))
    return Listed(moments)


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Return the images that ``paths`` name: those of one folder in its order, or the paths.

    Raises:
        ValueError: for a folder without images, or among several paths.
    """
    if len(paths) == 1 and paths[0].is_dir():
        return list(image_files(paths[0]))
    folders = [str(path) for path in paths if path.is_dir()]
    if folders:
        raise ValueError(f"input must be one folder or several images, got the folder {folders[0]}")
    return list(paths)


def _untimed(index: int, name: str, images: Mapping[str, Read]) -> Moment:
    """Return a moment of its own: its neighbours are 0.1 s away, the moments 1 s apart."""
    stamps = [FIRST_STAMP_NS * (1 + index) + offset for offset in (0, 100_000_000)]
    return Moment(index, name, images, stamps[0], stamps[1] if "next" in images else None)


def _names(files: Sequence[Path]) -> list[str]:
    names = [file.stem for file in files]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(
            f"images must have different names, as their outputs have them, got {twice[0]} twice"
        )
    return names
