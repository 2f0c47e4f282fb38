"""Ground truth of depth from Velodyne scans and from KITTI's depth maps.

| truth | value |
|---|---|
| ``velodyne_forward`` | the scanner's forward coordinate: omegaNet, Insta-DM |
| ``velodyne_z`` | the camera's z: Semseg |
| ``velodyne_png`` | the camera's z after a 16-bit PNG: SGDepth |
| ``improved`` | KITTI's annotated depth maps, of several scans |
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offline.datasets.image_size import image_size
from offline.datasets.velodyne import Array, project_velodyne, read_velodyne, through_png
from offline.kitti_files import read_depth

SCANNED = ("velodyne_forward", "velodyne_z", "velodyne_png")
TRUTHS = (*SCANNED, "improved")

Depth = NDArray[np.float32]


def require_truth(truth: str, known: tuple[str, ...], what: str) -> None:
    """Raise ValueError for a truth that is not one of those known to ``what``."""
    if truth not in known:
        raise ValueError(f"depth truth of {what} must be {', '.join(known)}, got {truth!r}")


def scanned_depth(
    truth: str, scan: Path, image: Path, image_from_velodyne: Callable[[], Array]
) -> Depth:
    """Return a scan's depth in the pixels of an image, metres, 0 where not measured. # (H, W).

    Args:
        truth: one of ``SCANNED``.
        scan: file of the scan.
        image: file of the image, of which only the size is read.
        image_from_velodyne: reads the projection. # (3, 4)

    Raises:
        ValueError: naming the file that is missing or damaged.
    """
    value = "forward" if truth == "velodyne_forward" else "z"
    depth = project_velodyne(read_velodyne(scan), image_from_velodyne(), image_size(image), value)
    return (through_png(depth) if truth == "velodyne_png" else depth).astype(np.float32)


def improved_depth(file: Path, image: Path) -> Depth:
    """Return an annotated depth map of an image, metres, 0 where not measured. # (H, W).

    Raises:
        ValueError: naming the file that is missing, damaged, or of another size than its image.
    """
    depth = read_depth(file)
    if depth.shape != (size := image_size(image)):
        raise ValueError(
            f"depth map {file} must have the size of {image}, {size[1]}x{size[0]} px, got "
            f"{depth.shape[1]}x{depth.shape[0]} px"
        )
    return depth
