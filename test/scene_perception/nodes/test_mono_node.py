"""``mono_node`` with real messages: what goes in, what comes out, and its lifecycle."""

import json

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import KeyValue
from geometry_msgs.msg import TwistStamped
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from std_msgs.msg import String

PERIOD_NS = 100_000_000
FRAME_ID = "front_camera_optical"


def stamps_ns(messages: list) -> list[int]:
    return [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in messages]


def times(*indices: int) -> list[int]:
    return [(index + 1) * PERIOD_NS for index in indices]


def test_every_output_carries_stamp_and_frame_id_of_the_frame_it_describes(
    make_robot, poll
) -> None:
    robot = make_robot().start()
    depth_topics = {
        "depth/image_rect": Image,
        "depth/camera_info": CameraInfo,
        "depth/color": Image,
        "semantic/image": Image,
        "semantic/color": Image,
        "points": PointCloud2,
    }
    motion_topics = {
        "flow/image": Image,
        "flow/color": Image,
        "motion_mask/image": Image,
        "motion_mask/color": Image,
        "motion_probability/image": Image,
        "ego_motion": TwistStamped,
    }
    for topic, kind in {**depth_topics, **motion_topics}.items():
        robot.listen(topic, kind)
        robot.connected(topic)
    robot.send(0, 1, 2, 3)
    for topic in depth_topics:
        poll(lambda topic=topic: len(robot.received[topic]) == 4, f"four on {topic}")
        assert stamps_ns(robot.received[topic]) == times(0, 1, 2, 3)
    for topic in motion_topics:
        poll(lambda topic=topic: len(robot.received[topic]) == 2, f"two on {topic}")
        assert stamps_ns(robot.received[topic]) == times(1, 2)
    for topic in {**depth_topics, **motion_topics}:
        assert {message.header.frame_id for message in robot.received[topic]} == {FRAME_ID}


def test_depth_has_the_cameras_size_and_its_camera_info_beside_it(make_robot, poll) -> None:
    robot = make_robot().start()
    depth = robot.listen("depth/image_rect", Image)
    info = robot.listen("depth/camera_info", CameraInfo)
    robot.connected("depth/image_rect")
    robot.connected("depth/camera_info")
    robot.send(0)
    poll(lambda: depth and info)
    assert (depth[0].encoding, depth[0].width, depth[0].height) == ("32FC1", 96, 64)
    assert (info[0].width, info[0].height, info[0].k[0], info[0].k[2]) == (96, 64, 80.0, 47.5)


def test_nothing_is_computed_for_topics_without_subscriber(make_robot) -> None:
    robot = make_robot().start()
    robot.send(0, 1, 2)
    latencies = robot.node.statistics.snapshot().latencies
    assert "dsnet" in latencies
    assert "flow_decoder" not in latencies


def test_without_lazy_the_decoders_always_run(make_robot) -> None:
    robot = make_robot(lazy=False).start()
    robot.send(0, 1, 2)
    assert "flow_decoder" in robot.node.statistics.snapshot().latencies


def test_points_wait_for_motion_and_then_have_velocities(make_robot, poll) -> None:
    robot = make_robot(points_wait_for_motion=True, points_stride=4).start()
    clouds = robot.listen("points", PointCloud2)
    robot.connected("points")
    robot.send(0, 1, 2)
    poll(lambda: clouds)
    assert stamps_ns(clouds) == times(1)
    assert (clouds[0].width, clouds[0].height) == (24, 16)
    floats = np.frombuffer(clouds[0].data, np.float32).reshape(16, 24, 8)
    assert np.isfinite(floats[..., :3]).any()


def test_label_names_are_latched_for_late_subscribers(make_robot, poll, latched) -> None:
    robot = make_robot().start()
    names = robot.listen("semantic/labels", String, latched)
    poll(lambda: names)
    told = json.loads(names[0].data)
    assert (told["0"], told["13"], len(told)) == ("road", "car", 19)


def test_relative_depth_says_so_on_its_topic_in_the_log_and_in_diagnostics(
    make_robot, poll, latched
) -> None:
    robot = make_robot().start()
    robot.send(0)
    units = robot.listen("depth/unit", String, latched)
    poll(lambda: units)
    assert json.loads(units[0].data) == {"unit": "relative", "source": "none", "factor": None}
    robot.logged("depth is relative")
    status = robot.status("scale", lambda entry: entry.level == b"\x01")
    assert status.message.startswith("depth is relative, not metres")
    robot.send(1, 2)
    assert sum("depth is relative" in line for line in robot.logs) == 1


def test_fixed_scale_multiplies_depth_and_names_its_unit(make_robot, poll, latched) -> None:
    robot = make_robot(scale__source="fixed", scale__factor=1.0).start()
    depth = robot.listen("depth/image_rect", Image)
    robot.connected("depth/image_rect")
    robot.send(0)
    assert robot.set_parameter("scale.factor", 3).successful
    robot.send(1)
    poll(lambda: len(depth) == 2)
    once, thrice = (np.frombuffer(message.data, np.float32) for message in depth)
    np.testing.assert_allclose(thrice, 3 * once, rtol=1e-5)
    units = robot.listen("depth/unit", String, latched)
    poll(lambda: units)
    assert json.loads(units[0].data) == {"unit": "m", "source": "fixed", "factor": 3.0}


def test_compressed_images_come_on_the_topic_below_image_rect(make_robot, poll) -> None:
    robot = make_robot(image_transport="compressed")
    jpegs = robot.peer.create_publisher(CompressedImage, "image_rect/compressed", 1)
    assert robot.change_state("configure")
    assert robot.change_state("activate")
    poll(jpegs.get_subscription_count)
    labels = robot.listen("semantic/image", Image)
    robot.connected("semantic/image")
    message = CompressedImage(header=robot.image(4).header, format="jpeg")
    data = cv2.imencode(".jpg", np.full((64, 96, 3), 90, np.uint8))[1].tobytes()
    message.data.frombytes(data)
    jpegs.publish(message)
    poll(lambda: labels)
    assert stamps_ns(labels) == times(4)
    assert (labels[0].width, labels[0].height) == (96, 64)


def test_flooding_drops_the_older_frames_and_counts_them(make_robot, poll) -> None:
    robot = make_robot().start()
    depth = robot.listen("depth/image_rect", Image)
    robot.connected("depth/image_rect")
    for index in range(300):
        robot.node.session.worker.submit(robot.image(index))
    poll(lambda: depth and stamps_ns(depth[-1:]) == times(299), "the newest frame's depth")
    statistics = robot.node.statistics
    poll(lambda: statistics.total("finished") + statistics.total("overwritten") == 300)
    dropped = str(statistics.total("overwritten"))
    assert dropped != "0"
    robot.status("input", lambda e: KeyValue(key="count overwritten", value=dropped) in e.values)


def test_duplicate_stamps_are_skipped_and_counted(make_robot, poll) -> None:
    robot = make_robot().start()
    robot.send(0, 0, 1)
    assert robot.node.statistics.total("duplicate_stamp") == 1


def test_deactivating_ends_thread_and_subscription_and_activating_begins_afresh(
    make_robot, poll
) -> None:
    robot = make_robot().start()
    flow = robot.listen("flow/image", Image)
    robot.connected("flow/image")
    robot.send(0, 1)
    assert robot.change_state("deactivate")
    poll(lambda: not robot.images.get_subscription_count())
    assert robot.status("input", lambda entry: entry.message == "inactive")
    assert robot.change_state("activate")
    poll(robot.images.get_subscription_count)
    robot.send(2, 3, 4)
    poll(lambda: flow)
    assert stamps_ns(flow) == times(3)


def test_cleaning_up_takes_the_topics_away_and_configuring_brings_them_back(
    make_robot, poll
) -> None:
    robot = make_robot().start()
    assert robot.change_state("deactivate")
    assert robot.change_state("cleanup")
    poll(lambda: not robot.peer.count_publishers("depth/image_rect"))
    robot.start()
    depth = robot.listen("depth/image_rect", Image)
    robot.connected("depth/image_rect")
    robot.send(0)
    poll(lambda: depth)


def test_topics_and_qos_are_logged_at_start(make_robot) -> None:
    robot = make_robot(image_reliability="best_effort").start()
    robot.logged("publishes /depth/image_rect [Image] reliable, volatile, depth 5")
    robot.logged("publishes /semantic/labels [String] reliable, transient_local, depth 1")
    robot.logged("subscribes to /image_rect [Image] best_effort, volatile, depth 3")
    robot.logged("subscribes to /camera_info [CameraInfo] best_effort, volatile, depth 5")


def test_while_no_image_comes_the_log_says_what_the_node_sees(make_robot) -> None:
    robot = make_robot(no_image_warning_s=0.5).start()
    line = robot.logged("no image for")
    assert "/image_rect (sensor_msgs/msg/Image, reliable, volatile, depth 3)" in line
    assert "1 publisher: /robot (sensor_msgs/msg/Image, reliable" in line
    status = robot.status("input", lambda entry: entry.level == b"\x01")
    assert "no image for" in status.message


def test_diagnostics_tell_rates_latencies_ages_and_the_engine(make_robot) -> None:
    robot = make_robot(lazy=False).start()
    robot.send(*range(8))
    status = robot.status("inference", lambda entry: "latency rigid_motion" in str(entry.values))
    values = {value.key: value.value for value in status.values}
    assert values["state"] == "active"
    assert values["backend"] == "constant"
    assert (values["model"], values["network.weights"]) == ("omeganet", "random")
    assert float(values["depth rate [Hz]"]) > 0
    for stage in ("wait", "convert", "preprocess", "dsnet", "publish", "total"):
        assert values[f"latency {stage} [ms]"].startswith("median ")
    assert status.message == "weights are random: every output is meaningless"
    status = robot.status(
        "input", lambda entry: KeyValue(key="count received", value="8") in entry.values
    )
    values = {value.key: value.value for value in status.values}
    assert float(values["age of newest frame [ms]"]) > 0
    assert float(values["image rate [Hz]"]) > 0


def test_odometry_is_subscribed_only_while_it_is_the_scales_source(make_robot, poll) -> None:
    robot = make_robot().start()
    assert robot.peer.count_subscribers("odometry") == 0
    assert robot.set_parameter("scale.source", "odometry").successful
    poll(lambda: robot.peer.count_subscribers("odometry") == 1)
    assert robot.set_parameter("scale.source", "none").successful
    poll(lambda: robot.peer.count_subscribers("odometry") == 0)


def test_simulated_time_dates_ages_and_diagnostics_and_stops_no_timer(make_robot, poll) -> None:
    robot = make_robot(use_sim_time=True).start()
    clock = robot.peer.create_publisher(Clock, "/clock", 1)
    poll(clock.get_subscription_count)
    clock.publish(Clock(clock=Time(sec=1, nanosec=50_000_000)))
    poll(lambda: robot.node.get_clock().now().nanoseconds == 1_050_000_000)
    robot.send(9)
    robot.status(
        "input",
        lambda entry: KeyValue(key="age of newest frame [ms]", value="50.0") in entry.values,
    )
    poll(lambda: robot.received["/diagnostics"][-1].header.stamp == Time(sec=1, nanosec=50_000_000))
