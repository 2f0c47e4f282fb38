"""Moving objects as a point cloud with their velocity and size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2, PointField

from scene_perception.frame import MovingObject
from scene_perception.nodes.messages import append
from scene_perception.nodes.point_cloud import empty_cloud

OBJECT_FIELDS: tuple[tuple[str, int, str], ...] = (
    *((name, PointField.FLOAT32, "f4") for name in ("x", "y", "z", "vx", "vy", "vz")),
    *((name, PointField.FLOAT32, "f4") for name in ("size_x", "size_y", "size_z")),
    ("pixels", PointField.UINT32, "u4"),
)
OBJECT = np.dtype([(name, kind) for name, _, kind in OBJECT_FIELDS])


def objects_message(objects: Sequence[MovingObject], stamp_ns: int, frame_id: str) -> PointCloud2:
    """Return objects as a cloud of one row, which is empty where nothing moves.

    Fields are ``x y z`` (m), ``vx vy vz`` (m/s, the camera's motion taken off),
    ``size_x size_y size_z`` (m), all in the optical frame, and ``pixels``.
    """
    message = empty_cloud(OBJECT_FIELDS, (1, len(objects)), stamp_ns, frame_id)
    if objects:
        append(message, _packed(objects))
    return message


def _packed(objects: Sequence[MovingObject]) -> NDArray[np.void]:
    rows = [(*o.position_m, *o.velocity_m_s, *o.size_m, o.pixels) for o in objects]
    packed: NDArray[np.void] = np.array(rows, OBJECT)
    return packed


def speed_text(moving: MovingObject) -> str:
    """Return an object's speed for people."""
    return f"{math.hypot(*moving.velocity_m_s):.1f} m/s"
