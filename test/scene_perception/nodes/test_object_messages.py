"""Moving objects as a cloud that programs can read."""

from __future__ import annotations

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import PointCloud2

from scene_perception.frame import MovingObject
from scene_perception.nodes.object_messages import OBJECT, objects_message, speed_text

STAMP_NS = 12_000_000_034


def moving(index: float) -> MovingObject:
    return MovingObject(
        position_m=np.array([index, 0.5, 10.0]),
        velocity_m_s=np.array([3.0, 0.0, -4.0]),
        size_m=np.array([1.8, 1.5, 4.0]),
        box=(1, 2, 3, 4),
        pixels=123,
    )


def test_every_object_is_a_point_with_velocity_and_size():
    sent = objects_message((moving(1), moving(2)), STAMP_NS, "left_optical")
    message = deserialize_message(serialize_message(sent), PointCloud2)
    assert " ".join(field.name for field in message.fields) == (
        "x y z vx vy vz size_x size_y size_z pixels"
    )
    assert (message.height, message.width, message.point_step) == (1, 2, OBJECT.itemsize)
    read = np.frombuffer(message.data, OBJECT)
    assert read["x"].tolist() == [1.0, 2.0]
    assert read[0]["vz"] == -4.0
    assert read[0]["size_z"] == 4.0
    assert read["pixels"].tolist() == [123, 123]


def test_where_nothing_moves_the_cloud_is_empty_and_still_says_so():
    message = objects_message((), STAMP_NS, "left_optical")
    assert (message.height, message.width, len(message.data)) == (1, 0, 0)
    assert (message.header.stamp.sec, message.header.frame_id) == (12, "left_optical")


def test_speed_is_the_length_of_the_velocity():
    assert speed_text(moving(1)) == "5.0 m/s"
