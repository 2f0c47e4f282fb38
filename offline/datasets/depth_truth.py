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

# Where annotated drives lie, from the data set's folder: among the raw ones or apart.
_ANNOTATED = (
    "{date}/{drive}",
    "data_depth_annotated/val/{drive}",
    "data_depth_annotated/train/{drive}",
    "../data_depth_annotated/val/{drive}",
    "../data_depth_annotated/train/{drive}",
    "val/{drive}",
    "train/{drive}",
    "{drive}",
)
_MAPS = "proj_depth/groundtruth/image_{camera:02d}"

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


def annotated_map(root: Path, drive: str, camera: int, number: int) -> Path:
    """Return the annotated depth map of a frame, in the first layout that has its drive.

    Args:
        root: the folder of KITTI raw, with the maps among the drives or in
            ``data_depth_annotated``, which may also lie beside it; or that of the maps alone.
        drive: such as ``2011_09_26_drive_0002_sync``.
        camera: 2 or 3.
        number: of the frame.

    Raises:
        ValueError: if it is not there.
    """
    drives = [place.format(date=drive[:10], drive=drive) for place in _ANNOTATED]
    folders = [root / place / _MAPS.format(camera=camera) for place in drives]
    folder = next(filter(Path.is_dir, folders), None)
    if folder is None:
        raise ValueError(
            f"annotated depth maps of {drive} must lie in {folders[0]}, in "
            f"{root / 'data_depth_annotated'} or beside {root}, got none"
        )
    file = folder / f"{number:010d}.png"
    if not file.is_file():
        raise ValueError(
            f"annotated depth map {file} must be there, got none; the first and last five frames "
            "of a drive have none: the split 'eigen_benchmark' leaves them out"
        )
    return file
