"""``mono_node``'s parameters: what may change when, and what is refused with which reason."""

import numpy as np
import pytest
from sensor_msgs.msg import Image, PointCloud2


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("motion.threshold", 2.0, "motion.threshold out of range"),
        ("motion.threshold", 2, "motion.threshold must be <= 1.0, got 2.0"),
        ("motion.threshold", "high", "motion.threshold must be a double, got 'high'"),
        ("scale.source", "guess", "scale.source must be one of none, fixed, camera_height"),
        ("points_stride", 0, "points_stride out of range"),
        ("output.min_depth", 1e5, "output.min_depth must be < output.max_depth"),
        ("network.width", 256, "network.width must stay 128 while the node is configured, got 256"),
        ("autostart", False, "read-only parameter: autostart"),
    ],
)
def test_a_wrong_value_is_refused_with_a_reason_and_the_node_keeps_its_own(
    make_robot, name: str, value: object, reason: str
) -> None:
    robot = make_robot().start()
    before = robot.node.config
    result = robot.set_parameter(name, value)
    assert not result.successful
    assert reason in result.reason
    assert robot.node.config == before
    robot.send(0)


def test_a_new_depth_limit_holds_from_the_next_frame_and_keeps_the_buffer(make_robot, poll) -> None:
    robot = make_robot().start()
    depth = robot.listen("depth/image_rect", Image)
    flow = robot.listen("flow/image", Image)
    robot.connected("depth/image_rect")
    robot.connected("flow/image")
    robot.send(0, 1)
    assert robot.set_parameter("output.max_depth", 1e-3).successful
    robot.send(2)
    poll(lambda: len(depth) == 3 and flow)
    assert np.isfinite(np.frombuffer(depth[1].data, np.float32)).all()
    assert np.isnan(np.frombuffer(depth[2].data, np.float32)).all()
    assert flow[0].header.stamp.nanosec == 200_000_000


def test_the_stride_of_points_changes_at_run_time(make_robot, poll) -> None:
    robot = make_robot().start()
    clouds = robot.listen("points", PointCloud2)
    robot.connected("points")
    robot.send(0)
    assert robot.set_parameter("points_stride", 8).successful
    robot.send(1)
    poll(lambda: len(clouds) == 2)
    assert [(cloud.width, cloud.height) for cloud in clouds] == [(48, 32), (12, 8)]


def test_network_settings_change_while_the_node_is_unconfigured(make_robot) -> None:
    robot = make_robot()
    assert robot.set_parameter("network.width", 192).successful
    robot.start()
    assert robot.node.engines["dsnet"].inputs["image"].shape == (1, 3, 128, 192)


def test_a_wrong_start_up_value_is_refused_by_name(make_robot) -> None:
    with pytest.raises(ValueError, match=r"scale\.source must be one of none, fixed.*'guess'"):
        make_robot(scale__source="guess")


def test_a_mistyped_parameter_is_pointed_out_at_start(make_robot) -> None:
    robot = make_robot(scale__sorce="fixed")
    robot.logged("parameter scale.sorce does not exist and is ignored, did you mean scale.source?")
