"""``mono_node`` with each model: which topics exist, what they carry, whose weights it takes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from diagnostic_msgs.msg import KeyValue
from geometry_msgs.msg import TwistStamped
from sensor_msgs.msg import CameraInfo, PointCloud2

RANDOM = {"network__backend": "torch", "network__random_weights": True}
DEPTH = {"depth/image_rect", "depth/camera_info", "depth/color", "depth/unit", "points"}
SEMANTIC = {"semantic/image", "semantic/color", "semantic/labels"}
FLOW = {"flow/image", "flow/color"}
PROBABILITY = {"motion_probability/image", "motion_probability/color"}
MASK = {"motion_mask/image", "motion_mask/color"}
# Every node has these, and label_info where vision_msgs knows it.
ALWAYS = {"/diagnostics", "/rosout", "/parameter_events", "/mono_node/transition_event"}
MAYBE = {"/semantic/label_info"}


def offered(robot) -> set[str]:
    """The topics that our node publishes besides ``ALWAYS`` and ``MAYBE``."""
    return {entry.topic_name for entry in robot.node.publishers} - ALWAYS - MAYBE


def stamps_of(messages: list) -> list[int]:
    return [round(m.header.stamp.sec * 10 + m.header.stamp.nanosec / 1e8) - 1 for m in messages]


@pytest.mark.parametrize(
    ("model", "topics"),
    [("sgdepth", DEPTH | SEMANTIC | {"ego_motion"}), ("insta_dm", DEPTH | {"ego_motion"})],
)
def test_exactly_the_topics_with_a_source_are_offered(
    make_robot: Callable, model: str, topics: set[str]
) -> None:
    robot = make_robot(model=model, **RANDOM).start()
    assert offered(robot) == {f"/{topic}" for topic in topics}


@pytest.mark.parametrize(
    ("model", "more"), [("sgdepth", SEMANTIC | MASK), ("insta_dm", set()), ("insta_dm", SEMANTIC)]
)
def test_flow_and_semantics_beside_a_model_bring_their_topics(
    make_robot: Callable, omeganet_weights: str, model: str, more: set[str]
) -> None:
    settings = {"flow__weights": omeganet_weights}
    if model == "insta_dm" and more:
        settings["semantics__weights"] = omeganet_weights
        more = more | MASK
    robot = make_robot(model=model, **RANDOM, **settings).start()
    topics = DEPTH | {"ego_motion"} | FLOW | PROBABILITY | more
    assert offered(robot) == {f"/{topic}" for topic in topics}


@pytest.mark.parametrize("model", ["sgdepth", "insta_dm"])
def test_outputs_carry_their_frame_s_stamp_and_ego_motion_comes_one_frame_later(
    make_robot: Callable, poll: Callable, model: str
) -> None:
    robot = make_robot(model=model, **RANDOM).start()
    (depth,) = robot.subscribe("depth/image_rect")
    (infos,) = robot.subscribe("depth/camera_info", kind=CameraInfo)
    (clouds,) = robot.subscribe("points", kind=PointCloud2)
    (twists,) = robot.subscribe("ego_motion", kind=TwistStamped)
    robot.send(0)
    poll(lambda: depth and infos and clouds)
    assert not twists
    robot.send(1, 2)
    for messages in (depth, infos, clouds):
        poll(lambda messages=messages: len(messages) == 3)
        assert stamps_of(messages) == [0, 1, 2]
    poll(lambda: len(twists) == 2)
    assert stamps_of(twists) == [0, 1]
    assert {m.header.frame_id for m in (*depth, *twists)} == {"front_camera_optical"}
    assert twists[0].twist.linear.z > 0.5
    values = np.frombuffer(depth[0].data, np.float32)
    assert np.isfinite(values).all()
    assert values.max() > values.min()


def test_without_semantics_points_say_that_labels_and_velocities_are_unknown(
    make_robot: Callable, poll: Callable
) -> None:
    robot = make_robot(model="insta_dm", points_wait_for_motion=True, **RANDOM).start()
    (clouds,) = robot.subscribe("points", kind=PointCloud2)
    robot.send(0)
    poll(lambda: clouds)
    words = np.frombuffer(clouds[0].data, np.uint32).reshape(-1, 8)
    assert (words[:, 4] == 255).all()
    assert np.isnan(words.view(np.float32)[:, 5:]).all()


def test_points_of_sgdepth_move_where_nothing_can_move_by_itself(
    make_robot: Callable, poll: Callable
) -> None:
    robot = make_robot(model="sgdepth", points_wait_for_motion=True, **RANDOM).start()
    (clouds,) = robot.subscribe("points", kind=PointCloud2)
    robot.send(0)
    assert not clouds
    robot.send(1)
    poll(lambda: clouds)
    assert stamps_of(clouds) == [0]
    words = np.frombuffer(clouds[0].data, np.uint32).reshape(-1, 8)
    velocity, still = words.view(np.float32)[:, 5:], words[:, 4] < 11
    assert 0 < still.sum() < len(still)
    assert np.isfinite(velocity[still]).all()
    assert np.isnan(velocity[~still]).all()


def test_weights_of_another_model_are_refused_by_name_and_the_right_model_takes_them(
    make_robot: Callable, omeganet_weights: str
) -> None:
    robot = make_robot(model="sgdepth", network__backend="torch", network__weights=omeganet_weights)
    assert not robot.change_state("configure")
    line = robot.logged("cannot configure: ")
    assert "network.weights must hold the model sgdepth" in line
    assert "holds omeganet; mono_node with model omeganet runs it" in line
    assert robot.set_parameter("model", "omeganet").successful
    robot.start().send(0)


@pytest.mark.parametrize(
    ("model", "source", "message"),
    [
        ("insta_dm", "camera_height", "scale.source must be none, fixed or odometry without sem"),
        ("sgdepth", "guess", "scale.source must be one of none, fixed, camera_height, odometry"),
    ],
)
def test_a_scale_that_the_model_cannot_measure_is_refused(
    make_robot: Callable, model: str, source: str, message: str
) -> None:
    robot = make_robot(model=model, **RANDOM).start()
    result = robot.set_parameter("scale.source", source)
    assert not result.successful
    assert message in result.reason


def test_the_model_stays_while_the_node_is_configured(make_robot: Callable) -> None:
    robot = make_robot(model="sgdepth", **RANDOM).start()
    result = robot.set_parameter("model", "omeganet")
    assert "model must stay 'sgdepth' while the node is configured" in result.reason


def test_an_unknown_model_is_refused_by_name_at_start(make_robot: Callable) -> None:
    with pytest.raises(ValueError, match=r"model must be one of omeganet, sgdepth, insta_dm"):
        make_robot(model="monodepth")


def test_diagnostics_name_the_model_and_the_weights_of_each_part(
    make_robot: Callable, omeganet_weights: str
) -> None:
    robot = make_robot(
        model="insta_dm", flow__weights=omeganet_weights, semantics__weights=omeganet_weights
    ).start()
    status = robot.status("inference", lambda entry: "insta_dm" in str(entry.values))
    expected = {
        "model": "insta_dm",
        "network.weights": "random",
        "flow.weights": omeganet_weights,
        "semantics.weights": omeganet_weights,
    }
    for key, value in expected.items():
        assert KeyValue(key=key, value=value) in status.values
