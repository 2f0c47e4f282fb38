"""``stereo_node`` with real messages: what goes in, what comes out, and its lifecycle."""

import json
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import KeyValue
from geometry_msgs.msg import TwistStamped
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from std_msgs.msg import String
from stereo_msgs.msg import DisparityImage

from scene_perception.nodes.stereo_intake import Pair

PERIOD_NS = 100_000_000
FRAME_ID = "front_camera_optical"
DEPTH_TOPICS = {
    "disparity": DisparityImage,
    "disparity/color": Image,
    "depth/image_rect": Image,
    "depth/camera_info": CameraInfo,
    "depth/color": Image,
    "points": PointCloud2,
}
MOTION_TOPICS = {
    "flow/image": Image,
    "flow/color": Image,
    "scene_flow/image": Image,
    "scene_flow/color": Image,
    "validity/image": Image,
    "motion_mask/image": Image,
    "motion_mask/color": Image,
    "moving_objects": PointCloud2,
}


def stamps_ns(messages: list) -> list[int]:
    return [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in messages]


def times(*indices: int) -> list[int]:
    return [(index + 1) * PERIOD_NS for index in indices]


@pytest.mark.parametrize(
    ("describes", "described"), [("previous", (0, 1, 2, 3)), ("newest", (1, 2, 3, 4))]
)
def test_a_paced_replay_loses_nothing_and_every_output_has_the_stamp_it_describes(
    make_stereo_robot, poll, describes: str, described: tuple[int, ...]
) -> None:
    robot = make_stereo_robot(output__describes=describes).start()
    topics = {**DEPTH_TOPICS, **MOTION_TOPICS}
    for topic, kind in topics.items():
        robot.subscribe(topic, kind=kind)
    robot.send(0, 1, 2, 3, 4)
    for topic in topics:
        poll(lambda topic=topic: len(robot.received[topic]) == 4, f"four on {topic}")
        assert stamps_ns(robot.received[topic]) == times(*described)
        assert {message.header.frame_id for message in robot.received[topic]} == {FRAME_ID}
    assert robot.node.statistics.total("paired") == 5
    assert robot.node.statistics.total("overwritten") == 0


def test_disparity_and_depth_have_the_cameras_size_and_calibration(make_stereo_robot, poll) -> None:
    robot = make_stereo_robot().start()
    (disparity,) = robot.subscribe("disparity", kind=DisparityImage)
    depth, info = (
        robot.subscribe("depth/image_rect"),
        robot.subscribe("depth/camera_info", kind=CameraInfo),
    )
    robot.send(0, 1)
    poll(lambda: disparity and depth[0] and info[0])
    assert (disparity[0].f, disparity[0].t) == (80.0, 0.5)
    assert (disparity[0].image.width, disparity[0].image.height) == (96, 64)
    assert (depth[0][0].encoding, depth[0][0].width, depth[0][0].height) == ("32FC1", 96, 64)
    assert info[0][0].k[0] == 80.0
    pixels = np.frombuffer(disparity[0].image.data, np.float32)
    metres = np.frombuffer(depth[0][0].data, np.float32)
    known = np.isfinite(metres)
    assert known.any()
    np.testing.assert_allclose(metres[known], 80.0 * 0.5 / pixels[known], rtol=1e-5)


def test_scene_flow_is_not_computed_for_disparity_and_depth_alone(make_stereo_robot, poll) -> None:
    robot = make_stereo_robot().start()
    (depth,) = robot.subscribe("depth/image_rect")
    robot.subscribe("disparity", kind=DisparityImage)
    robot.send(0, 1, 2)
    poll(lambda: len(depth) == 2)
    latencies = robot.node.statistics.snapshot().latencies
    assert "disparity_refinement" in latencies
    assert "motion_refinement" not in latencies


@pytest.mark.parametrize(("topic", "kind"), [("ego_motion", TwistStamped), ("points", PointCloud2)])
def test_scene_flow_is_computed_while_somebody_listens_to_what_needs_it(
    make_stereo_robot, topic: str, kind: type
) -> None:
    robot = make_stereo_robot().start()
    robot.send(0, 1)
    assert "motion_refinement" not in robot.node.statistics.snapshot().latencies
    robot.subscribe(topic, kind=kind)
    robot.send(2)
    assert "motion_refinement" in robot.node.statistics.snapshot().latencies


def test_without_lazy_scene_flow_is_always_computed(make_stereo_robot) -> None:
    robot = make_stereo_robot(lazy=False).start()
    robot.send(0, 1)
    assert "motion_refinement" in robot.node.statistics.snapshot().latencies


def test_semantics_come_with_their_weights_and_their_names_are_latched(
    make_stereo_robot, omeganet_weights, poll, latched
) -> None:
    robot = make_stereo_robot(
        semantics__weights=omeganet_weights, semantics__height=128, semantics__width=128
    ).start()
    labels, colors = robot.subscribe("semantic/image", "semantic/color")
    names = robot.listen("semantic/labels", String, latched)
    robot.send(0, 1)
    poll(lambda: labels and colors and names)
    assert (labels[0].encoding, stamps_ns(labels)) == ("mono8", times(0))
    assert json.loads(names[0].data)["13"] == "car"


def test_without_weights_for_semantics_their_topics_do_not_exist(make_stereo_robot) -> None:
    robot = make_stereo_robot().start()
    assert robot.peer.count_publishers("depth/image_rect") == 1
    assert robot.peer.count_publishers("semantic/image") == 0
    assert robot.peer.count_publishers("semantic/labels") == 0


def test_jitter_between_left_and_right_is_bridged_as_configured(make_stereo_robot, poll) -> None:
    robot = make_stereo_robot(sync__tolerance_s=0.04).start()
    (depth,) = robot.subscribe("depth/image_rect")
    for index, jitter_ms in enumerate((30, -30, 0, 17)):
        right = robot.image(index)
        right.header.stamp.nanosec += jitter_ms * 1_000_000
        robot.send_pair(robot.image(index), right)
    poll(lambda: len(depth) == 3)
    assert stamps_ns(depth) == times(0, 1, 2)


def test_compressed_images_are_taken_with_their_transport(make_stereo_robot, poll) -> None:
    robot = make_stereo_robot(image_transport="compressed")
    robot.images = {
        side: robot.peer.create_publisher(CompressedImage, f"{side}/image_rect/compressed", 5)
        for side in ("left", "right")
    }
    robot.start()
    (depth,) = robot.subscribe("depth/image_rect")
    data = cv2.imencode(".jpg", np.full((64, 96, 3), 90, np.uint8))[1].tobytes()
    for index in (0, 1):
        message = CompressedImage(header=robot.image(index).header, format="jpeg")
        message.data.frombytes(data)
        robot.send_pair(message, message)
    poll(lambda: depth)
    assert stamps_ns(depth) == times(0)


def test_flooding_drops_the_older_pairs_and_counts_them(make_stereo_robot, poll) -> None:
    robot = make_stereo_robot().start()
    robot.send(0)  # both CameraInfo have come
    for index in range(1, 300):
        image = robot.image(index)
        robot.node.session.worker.submit(Pair(image, image))
    statistics = robot.node.statistics
    poll(lambda: statistics.total("finished") + statistics.total("overwritten") == 300)
    dropped = str(statistics.total("overwritten"))
    assert dropped != "0"
    robot.status("input", lambda e: KeyValue(key="count overwritten", value=dropped) in e.values)


def test_deactivating_ends_thread_and_subscriptions_and_activating_begins_afresh(
    make_stereo_robot, poll
) -> None:
    robot = make_stereo_robot().start()
    (depth,) = robot.subscribe("depth/image_rect")
    robot.send(0)
    assert robot.change_state("deactivate")
    poll(lambda: not robot.images["right"].get_subscription_count())
    assert robot.change_state("activate")
    for publisher in (*robot.images.values(), *robot.infos.values()):
        poll(publisher.get_subscription_count)
    robot.calibrate()
    robot.send(1, 2)
    poll(lambda: depth)
    assert stamps_ns(depth) == times(1)


def test_cleaning_up_takes_the_topics_away_and_configuring_brings_them_back(
    make_stereo_robot, poll
) -> None:
    robot = make_stereo_robot().start()
    assert robot.change_state("deactivate")
    assert robot.change_state("cleanup")
    poll(lambda: not robot.peer.count_publishers("disparity"))
    robot.start()
    (disparity,) = robot.subscribe("disparity", kind=DisparityImage)
    robot.send(0, 1)
    poll(lambda: disparity)


def test_topics_and_qos_are_logged_at_start(make_stereo_robot) -> None:
    robot = make_stereo_robot(image_reliability="best_effort").start()
    robot.logged("publishes /disparity [DisparityImage] reliable, volatile, depth 5")
    for side in ("left", "right"):
        robot.logged(f"subscribes to /{side}/image_rect [Image] best_effort, volatile, depth 3")
        robot.logged(f"subscribes to /{side}/camera_info [CameraInfo] best_effort, volatile")


def test_diagnostics_tell_inputs_latencies_and_the_calibration(make_stereo_robot) -> None:
    robot = make_stereo_robot(lazy=False).start()
    robot.send(*range(8))
    values = told(robot, "inference", lambda entry: "latency motion [ms]" in str(entry.values))
    assert float(values["depth rate [Hz]"]) > 0
    assert float(values["motion rate [Hz]"]) > 0
    for stage in ("wait", "convert", "stereo_encoder", "scene_flow_decoder", "publish", "total"):
        assert values[f"latency {stage} [ms]"].startswith("median ")
    eight = KeyValue(key="count paired", value="8")
    values = told(robot, "input", lambda entry: eight in entry.values)
    assert values["left image topic"] == "/left/image_rect"
    assert values["right image topic"] == "/right/image_rect"
    assert float(values["stereo pair rate [Hz]"]) > 0
    assert told(robot, "calibration", lambda entry: bool(entry.values)) == {
        "size [px]": "96x64",
        "fx [px]": "80",
        "baseline [m]": "0.5",
        "disparity at infinity [px]": "0",
    }


def told(robot, task: str, condition: Callable) -> dict[str, str]:
    return {value.key: value.value for value in robot.status(task, condition).values}


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("objects.min_px", 1000.0, "objects.min_px out of range"),
        ("sync.mode", "exact", "sync.mode must stay 'approximate' while the node is configured"),
        ("output.describes", "newest", "output.describes must stay 'previous' while the node is"),
        ("output.min_depth", 1e5, "output.min_depth must be < output.max_depth"),
        ("autostart", False, "read-only parameter: autostart"),
    ],
)
def test_a_wrong_value_is_refused_with_a_reason_and_the_node_keeps_its_own(
    make_stereo_robot, name: str, value: object, reason: str
) -> None:
    robot = make_stereo_robot().start()
    before = robot.node.config
    result = robot.set_parameter(name, value)
    assert not result.successful
    assert reason in result.reason
    assert robot.node.config == before
    robot.send(0)


def test_a_new_depth_limit_holds_from_the_next_pair_and_keeps_the_buffer(
    make_stereo_robot, poll
) -> None:
    robot = make_stereo_robot().start()
    (depth,) = robot.subscribe("depth/image_rect")
    robot.send(0, 1)
    assert robot.set_parameter("output.max_depth", 1e-3).successful
    robot.send(2)
    poll(lambda: len(depth) == 2)
    assert np.isfinite(np.frombuffer(depth[0].data, np.float32)).any()
    assert np.isnan(np.frombuffer(depth[1].data, np.float32)).all()


def test_a_mistyped_parameter_is_pointed_out_at_start(make_stereo_robot) -> None:
    robot = make_stereo_robot(sync__tolerance=0.1)
    robot.logged("parameter sync.tolerance does not exist and is ignored, did you mean sync.toler")
