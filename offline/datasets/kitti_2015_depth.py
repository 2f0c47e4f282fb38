"""Depth of KITTI 2015 from its disparity, as the published evaluators make it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offline.datasets.kitti_calibration import projection, read_named
from offline.datasets.velodyne import through_png
from offline.kitti_files import read_disparity

BASELINE_M = 0.54

# Image width -> focal length, px: the table of monodepth's evaluator, which the others took.
FOCAL_PX = {1242: 721.5377, 1241: 718.856, 1224: 707.0493, 1238: 718.3351}

Float = NDArray[np.float32]


def disparity_depth(disparity: Path, calibration: Path, rule: str) -> Float:
    """Return the depth of a disparity map, m, 0 where it is not known. # (H, W) float32.

    Args:
        disparity: a KITTI disparity map.
        calibration: the scene's ``calib_cam_to_cam`` file.
        rule: one of ``DEPTHS``. ``rectified``: 0.54 m * f / disparity with f by the image's
            width, for other widths from ``P_rect_02``. ``sgdepth``: f is the mean of fx and fy
            of the camera before rectification (``K_02``), and depth passes through a 16-bit
            PNG, cut off at 1/256 m and wrapping round from 256 m on, as in SGDepth's
            ``kitti_2015_generate_depth.py``.

    Raises:
        ValueError: naming the file that is missing or damaged.
    """
    return DEPTHS[rule](read_disparity(disparity), calibration)


def _rectified(disparity: Float, calibration: Path) -> Float:
    focal = FOCAL_PX.get(disparity.shape[1])
    if focal is None:
        matrix = projection(read_named(calibration), "P_rect_02", calibration).matrix
        focal = float(matrix[0, 0])
    depth: Float = np.nan_to_num(BASELINE_M * focal / disparity).astype(np.float32)
    return depth


def _sgdepth(disparity: Float, calibration: Path) -> Float:
    camera = read_named(calibration).get("K_02", np.empty(0))
    if len(camera) != 9:
        raise ValueError(f"{calibration} must have K_02 with 9 numbers, got {camera.tolist()}")
    focal = (camera[0] + camera[4]) / 2
    depth = np.nan_to_num(BASELINE_M * focal / (disparity.astype(np.float64) + 1e-11))
    return through_png(depth).astype(np.float32)


DEPTHS: dict[str, Callable[[Float, Path], Float]] = {"rectified": _rectified, "sgdepth": _sgdepth}
