"""Moving objects as markers for people; the only importer of visualization_msgs.

That package is in every ROS installation; without it this module does not import and the
topic does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Vector3
from numpy.typing import NDArray
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from scene_perception.frame import MovingObject
from scene_perception.nodes.messages import header_message
from scene_perception.nodes.object_messages import speed_text

LIFETIME_S = 1
_THINNEST_M = 0.05  # RViz warns of a scale of 0
_SHAFT_M, _HEAD_M, _TEXT_M = 0.15, 0.3, 0.6
_BOX_COLOR, _ARROW_COLOR, _TEXT_COLOR = (
    (1.0, 0.16, 0.16, 0.4),
    (1.0, 0.16, 0.16, 1.0),
    (1.0, 1.0, 1.0, 1.0),
)


def markers_message(objects: Sequence[MovingObject], stamp_ns: int, frame_id: str) -> MarkerArray:
    """Return a box for each object, its way in one second as an arrow, its speed as text.

    The first marker deletes those of the frame before; all of them vanish after a second
    without news.

    Args:
        objects: in the optical frame ``frame_id``.
        stamp_ns: of the frame they were seen in.
        frame_id: of the frame they were seen in.
    """
    header = header_message(stamp_ns, frame_id)
    markers = [Marker(header=header, action=Marker.DELETEALL)]
    for index, moving in enumerate(objects):
        drawn = (_box(moving), _arrow(moving), _speed(moving))
        markers.extend(_placed(marker, header, index) for marker in drawn)
    return MarkerArray(markers=markers)


def _placed(marker: Marker, header: Header, index: int) -> Marker:
    marker.header = header
    marker.id = index
    marker.action = Marker.ADD
    marker.lifetime = Duration(sec=LIFETIME_S)
    marker.pose.orientation.w = 1.0
    return marker


def _box(moving: MovingObject) -> Marker:
    marker = Marker(ns="box", type=Marker.CUBE, color=_color(_BOX_COLOR))
    marker.pose.position = _point(moving.position_m)
    x, y, z = (max(float(value), _THINNEST_M) for value in moving.size_m)
    marker.scale = Vector3(x=x, y=y, z=z)
    return marker


def _arrow(moving: MovingObject) -> Marker:
    marker = Marker(ns="velocity", type=Marker.ARROW, color=_color(_ARROW_COLOR))
    marker.points = [_point(moving.position_m), _point(moving.position_m + moving.velocity_m_s)]
    marker.scale = Vector3(x=_SHAFT_M, y=_HEAD_M)
    return marker


def _speed(moving: MovingObject) -> Marker:
    marker = Marker(
        ns="speed",
        type=Marker.TEXT_VIEW_FACING,
        color=_color(_TEXT_COLOR),
        text=speed_text(moving),
    )
    above = np.array([0.0, moving.size_m[1] / 2 + _TEXT_M, 0.0])
    marker.pose.position = _point(moving.position_m - above)  # y points down
    marker.scale.z = _TEXT_M
    return marker


def _color(rgba: tuple[float, float, float, float]) -> ColorRGBA:
    return ColorRGBA(r=rgba[0], g=rgba[1], b=rgba[2], a=rgba[3])


def _point(values: NDArray[np.float64]) -> Point:
    x, y, z = (float(value) for value in values)
    return Point(x=x, y=y, z=z)
