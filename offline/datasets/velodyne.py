"""Velodyne scans as sparse depth maps, by the routine that all published evaluators share.

It comes from KITTI's MATLAB kit by way of Eigen's and Garg's evaluation; its habits are kept
because published numbers depend on them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PIECE = 8192
VALUES = ("forward", "z")

_BYTES_PER_POINT = 16
_FARTHEST_M = 1000.0  # the scanner sees 120 m

Array = NDArray[np.float64]


def read_velodyne(path: Path) -> NDArray[np.float32]:
    """Return a scan: forward, left, up [m] and reflectance. # (N, 4).

    Raises:
        ValueError: naming the file, if it is missing, cut short, or no scan.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"Velodyne scan {path} cannot be read: {error.strerror}") from error
    if not content or len(content) % _BYTES_PER_POINT:
        raise ValueError(
            f"Velodyne scan {path} must have 16 bytes for each of its points, got "
            f"{len(content)} bytes; it is cut short or no scan"
        )
    points = np.frombuffer(content, "<f4").reshape(-1, 4)
    if not np.abs(points).max() < _FARTHEST_M:  # NaN is no distance either
        raise ValueError(
            f"Velodyne scan {path} must have float32 coordinates within {_FARTHEST_M:.0f} m, got "
            f"values beyond or NaN among {len(points)} points; it is damaged or no scan"
        )
    return points


def project_velodyne(
    points: NDArray[np.float32], image_from_velodyne: Array, shape: tuple[int, int], value: str
) -> Array:
    """Return a depth map, metres, 0 where not measured. # (H, W).

    In double precision, as published: what is cut to 1/256 m afterwards depends on it.

    Args:
        points: a scan. # (N, 4)
        image_from_velodyne: projection to homogeneous pixels. # (3, 4)
        shape: H, W of the image.
        value: ``forward``, the scanner's x, or ``z`` of the camera.

    Raises:
        ValueError: for another value.
    """
    if value not in VALUES:
        raise ValueError(f"value must be {' or '.join(VALUES)}, got {value!r}")
    homogeneous = np.compress(points[:, 0] >= 0, points, axis=0).astype(np.float64)
    homogeneous[:, 3] = 1
    pixels = _projected(homogeneous, image_from_velodyne)
    column, row, z = pixels
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels[:2] /= z
        # To even, minus one: the MATLAB kit's pixels count from one.
        np.rint(pixels[:2], out=pixels[:2])
        pixels[:2] -= 1
    inside = (column >= 0) & (row >= 0) & (column < shape[1]) & (row < shape[0])
    distance = homogeneous[:, 0] if value == "forward" else z
    depth = np.zeros(shape)
    _fill(
        depth,
        row[inside].astype(np.int64),
        column[inside].astype(np.int64),
        np.maximum(distance[inside], 0),
    )
    return depth


def _projected(points: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``matrix @ points.T``. # (N, 4) -> (3, N).

    In pieces: of large products BLAS makes threads, which get in each other's way where several
    scans are projected at once.
    """
    pieces = range(0, len(points), _PIECE)
    result = np.empty((3, len(points)))
    for start in pieces:
        piece = slice(start, start + _PIECE)
        result[:, piece] = matrix @ points[piece].T
    return result


def through_png(depth: Array) -> Array:
    """Return what is left of a depth map after a PNG of ``uint16(256 depth)``. # (H, W).

    Fractions are cut off; from 256 m on the published conversion wraps around.
    """
    stored = (depth * 256).astype(np.int32) & 0xFFFF
    return np.asarray(stored / 256.0)


def _fill(depth: Array, row: NDArray[Any], column: NDArray[Any], distance: Array) -> None:
    """Write points to their pixels, the nearest of several as published.

    The published key of a pixel is the same for the last column and the first one of the next
    row. The minimum of all points with a key goes to the pixel of the first of them; the
    other pixel keeps its last point.
    """
    if not len(distance):
        return
    pixels = depth.reshape(-1)
    pixel = row * depth.shape[1] + column
    pixels[pixel] = distance
    key = pixel - row  # one more than published, so that none is negative
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    pixels[pixel[order[starts]]] = np.minimum.reduceat(distance[order], starts)
