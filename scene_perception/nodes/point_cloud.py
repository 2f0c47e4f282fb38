"""Coloured, labelled, moving points as a ``sensor_msgs/PointCloud2``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2, PointField

from scene_perception.frame import DepthEstimate
from scene_perception.nodes.messages import append, header_message
from scene_perception.pipelines.scene_points import ScenePoints

# Every field fills four bytes, so that a point is 32 bytes without padding. ``label`` has the
# type of PCL's PointXYZL and PointXYZRGBL; ``rgb`` is 0x00RRGGBB in a float's bytes, as PCL
# and RViz read it.
_FIELDS: tuple[tuple[str, int, str], ...] = (
    ("x", PointField.FLOAT32, "f4"),
    ("y", PointField.FLOAT32, "f4"),
    ("z", PointField.FLOAT32, "f4"),
    ("rgb", PointField.FLOAT32, "u4"),
    ("label", PointField.UINT32, "u4"),
    ("vx", PointField.FLOAT32, "f4"),
    ("vy", PointField.FLOAT32, "f4"),
    ("vz", PointField.FLOAT32, "f4"),
)
POINT = np.dtype([(name, kind) for name, _, kind in _FIELDS])
_FIELD_BYTES = 4
_BLOCK = 16384  # points: half a megabyte stays in the cache, twice as fast as one large array
_UNKNOWN_VELOCITY = np.full(3, np.nan, np.float32)


def scene_cloud_message(points: ScenePoints, depth: DepthEstimate) -> PointCloud2:
    """Return the points of a frame as a cloud with the stamp and frame of its ``depth``."""
    return point_cloud_message(
        points.xyz, points.rgb, points.labels, points.velocity, depth.stamp_ns, depth.frame_id
    )


def point_cloud_message(
    points: NDArray[np.float32],
    rgb: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    velocity: NDArray[np.float32] | None,
    stamp_ns: int,
    frame_id: str,
) -> PointCloud2:
    """Return points as a cloud with the fields x y z rgb label vx vy vz.

    An organised cloud keeps the image's rows and columns; it is never dense, since points
    without depth stay in their place as NaN.

    Args:
        points: in the optical frame, m (or units), NaN where unknown, float32.
            # (H, W, 3) or (N, 3)
        rgb: uint8, of the same shape.
        labels: Cityscapes train ids, 255 unknown, uint8. # (H, W) or (N,)
        velocity: m/s, of the points' shape, float32; None while unknown, which gives NaN.
        stamp_ns: of the frame it describes.
        frame_id: of the frame it describes.

    Raises:
        ValueError: for an array whose shape or type is not the above.
    """
    if points.ndim not in (2, 3) or points.shape[-1] != 3 or 0 in points.shape:
        raise ValueError(f"points must be (H, W, 3) or (N, 3), none of them 0, got {points.shape}")
    if velocity is None:
        velocity = np.broadcast_to(_UNKNOWN_VELOCITY, points.shape)
    _check("points", points, points.shape, np.float32)
    _check("rgb", rgb, points.shape, np.uint8)
    _check("labels", labels, points.shape[:-1], np.uint8)
    _check("velocity", velocity, points.shape, np.float32)
    if points.ndim == 2:
        points, rgb, labels, velocity = points[None], rgb[None], labels[None], velocity[None]
    message = empty_cloud(_FIELDS, labels.shape, stamp_ns, frame_id)
    rows = max(1, _BLOCK // message.width)
    for start in range(0, message.height, rows):
        part = slice(start, start + rows)
        append(message, _pack(points[part], rgb[part], labels[part], velocity[part]))
    return message


def _check(name: str, array: NDArray[Any], shape: tuple[int, ...], kind: type) -> None:
    if array.shape != shape or array.dtype != kind:
        raise ValueError(
            f"{name} must be {shape} {np.dtype(kind)} to match the points, "
            f"got {array.shape} {array.dtype}"
        )


def empty_cloud(
    fields: Sequence[tuple[str, int, str]], shape: tuple[int, int], stamp_ns: int, frame_id: str
) -> PointCloud2:
    """Return a cloud whose ``data`` is still to come.

    Args:
        fields: name, PointField type and NumPy type of each; every type has four bytes.
        shape: rows and columns.
        stamp_ns: of the frame it describes.
        frame_id: of the frame it describes.
    """
    (height, width), step = shape, _FIELD_BYTES * len(fields)
    return PointCloud2(
        header=header_message(stamp_ns, frame_id),
        height=int(height),
        width=int(width),
        fields=[
            PointField(name=name, offset=_FIELD_BYTES * index, datatype=int(datatype), count=1)
            for index, (name, datatype, _) in enumerate(fields)
        ],
        is_bigendian=sys.byteorder == "big",
        point_step=step,
        row_step=int(width) * step,
        is_dense=False,
    )


def _pack(
    points: NDArray[np.float32],
    rgb: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    velocity: NDArray[np.float32],
) -> NDArray[np.void]:
    cloud: NDArray[np.void] = np.empty(labels.shape, POINT)
    for axis, name in enumerate("xyz"):
        cloud[name] = points[..., axis]
        cloud[f"v{name}"] = velocity[..., axis]
    cloud["rgb"] = _packed_color(rgb)
    cloud["label"] = labels
    return cloud


def _packed_color(rgb: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return 0x00RRGGBB. # (H, W, 3) -> (H, W)."""
    bgra = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA).astype(np.uint8, copy=False)
    return bgra.view(np.dtype("<u4"))[..., 0] & np.uint32(0xFFFFFF)
