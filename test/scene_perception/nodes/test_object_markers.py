"""Moving objects as markers for RViz and Foxglove."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from scene_perception.frame import MovingObject

pytest.importorskip("visualization_msgs.msg", reason="visualization_msgs is not installed")

from scene_perception.nodes.object_markers import LIFETIME_S, markers_message

MOVING = MovingObject(
    position_m=np.array([1.0, 0.5, 10.0]),
    velocity_m_s=np.array([3.0, 0.0, -4.0]),
    size_m=np.array([1.8, 1.5, 0.0]),
    box=(1, 2, 3, 4),
    pixels=123,
)


@pytest.fixture
def markers():
    message = markers_message((MOVING, MOVING), 12_000_000_034, "left_optical")
    return {(marker.ns, marker.id): marker for marker in message.markers}


def test_the_markers_of_the_frame_before_are_deleted_first():
    message = markers_message((), 0, "left_optical")
    assert [marker.action for marker in message.markers] == [message.markers[0].DELETEALL]


def test_every_object_has_a_box_an_arrow_and_a_text_of_its_own(markers):
    expected = {(name, index) for name in ("box", "velocity", "speed") for index in (0, 1)}
    assert set(markers) == {("", 0)} | expected


def test_the_box_has_the_objects_place_and_size_and_is_never_flat(markers):
    box = markers["box", 0]
    assert (box.pose.position.x, box.pose.position.z) == (1.0, 10.0)
    assert (box.scale.x, box.scale.y, box.scale.z) == (1.8, 1.5, 0.05)


def test_the_arrow_is_the_way_of_one_second(markers):
    start, end = markers["velocity", 0].points
    assert (start.x, start.z) == (1.0, 10.0)
    assert (end.x, end.z) == (4.0, 6.0)


def test_the_text_is_the_speed_above_the_box(markers):
    text = markers["speed", 0]
    assert text.text == "5.0 m/s"
    assert text.pose.position.y < 0.5 - 1.5 / 2


def test_markers_have_their_frame_and_vanish(markers):
    box = markers["box", 1]
    assert (box.header.stamp.sec, box.header.frame_id) == (12, "left_optical")
    assert box.lifetime.sec == LIFETIME_S
    assert box.pose.orientation.w == 1.0


def test_without_the_package_there_is_no_topic_and_nothing_breaks():
    program = (
        "import sys; sys.modules['visualization_msgs'] = None\n"
        "from scene_perception.nodes.stereo_outputs import MOTION_OUTPUTS as table\n"
        "print('moving_objects' in table, 'moving_objects/markers' in table)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["True", "False"]
