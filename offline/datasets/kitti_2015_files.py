"""Where KITTI 2015 keeps a split's images, and which of them are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from offline.datasets.folders import contents, require_folder

SPLITS = ("training", "testing")
LEFT, RIGHT = "image_2", "image_3"
# Of the frames 00 ... 20 of a scene, the one with ground truth.
MOMENT = 10

_NAME = re.compile(r"(\d{6})_(\d{2})\.png")
_HOLDS = "000000_10.png, 000000_11.png ..."


class Frame(NamedTuple):
    """A frame of a scene."""

    scene: int
    moment: int

    @property
    def file_name(self) -> str:
        """Name of its files."""
        return f"{self.scene:06d}_{self.moment:02d}.png"


def parse_frame(file_name: str) -> Frame | None:
    """Return the frame that a file is called after, None for other names."""
    match = _NAME.fullmatch(file_name)
    return Frame(int(match[1]), int(match[2])) if match else None


def find_split(root: Path, split: str) -> Path:
    """Return a split's folder.

    Args:
        root: the data set, or a split's folder itself, or its ``image_2``.
        split: ``training`` or ``testing``; of no interest for a split's folder.

    Raises:
        ValueError: for a folder without images.
    """
    inside = root.parent if root.name == LEFT else root
    if (inside / LEFT).is_dir():
        return inside
    return require_folder("KITTI scene flow", root, f"{split}/{LEFT}", holds=_HOLDS).parent


def frames_in(folder: Path) -> set[Frame]:
    """Return the frames of which a split has the left or the right image."""
    cameras = [folder / camera for camera in (LEFT, RIGHT) if (folder / camera).is_dir()]
    found = (parse_frame(path.name) for camera in cameras for path in camera.iterdir())
    return {frame for frame in found if frame is not None}


def scenes_of(frames: set[Frame], folder: Path) -> list[int]:
    """Return the scenes whose frame 10 or 11 is there, in order.

    Raises:
        ValueError: naming the split's folder, if there is none.
    """
    scenes = sorted({frame.scene for frame in frames if frame.moment in (MOMENT, MOMENT + 1)})
    if not scenes:
        raise ValueError(
            f"{folder / LEFT} must hold images called {_HOLDS}; {contents(folder / LEFT)}"
        )
    return scenes
