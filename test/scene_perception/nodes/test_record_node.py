from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import rclpy
from geometry_msgs.msg import TwistStamped
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from rclpy.serialization import deserialize_message
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, PointCloud2
from std_msgs.msg import String
from stereo_msgs.msg import DisparityImage

from scene_perception.nodes import topics
from scene_perception.nodes.messages import image_message
from scene_perception.nodes.record_node import RecordNode
from scene_perception.recordings.bags import Bag, BagError


def image(index: int) -> Image:
    return image_message(np.full((6, 8), index, np.uint8), "mono8", 1000 + index, "camera")


class Studio:
    """A record node at work in one thread, and a node with publishers beside it."""

    def __init__(
        self, output: Path, namespace: str = "", peer: str = "mono_node", **settings: object
    ) -> None:
        self.context = Context()
        rclpy.init(context=self.context)
        self.peer = Node(peer, context=self.context, namespace=namespace)
        self.output = output
        self.node = RecordNode(
            context=self.context,
            namespace=namespace,
            parameter_overrides=[
                Parameter(name, value=value)
                for name, value in {"output": str(output), **settings}.items()
            ],
        )
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self.thread = threading.Thread(target=self._work)
        self.thread.start()
        self._finished = False

    def _work(self) -> None:
        try:
            self.node.work(self._executor)
        except (ExternalShutdownException, RuntimeError):  # as nodes.run meets an interrupt
            if self.context.ok():
                raise

    def publisher(self, topic: str, kind: type, poll: Callable, qos: int | QoSProfile = 10):
        """Return a publisher once the record node has subscribed to it."""
        made = self.peer.create_publisher(kind, topic, qos)
        poll(made.get_subscription_count, f"the subscription of {topic}")
        return made

    def ended(self) -> bool:
        return not self.thread.is_alive()

    def finish(self) -> list:
        """End the recording and return its messages."""
        if not self._finished:
            self._finished = True
            rclpy.shutdown(context=self.context)
            self.thread.join()
            self._executor.shutdown()
            self.node.finish()
            self.node.destroy_node()
            self.peer.destroy_node()
        with Bag(self.output) as bag:
            self.topics = {topic.name: topic for topic in bag.topics}
            return list(bag.messages())


@pytest.fixture
def studio(tmp_path) -> Iterator[Callable[..., Studio]]:
    studios: list[Studio] = []

    def make(**settings: object) -> Studio:
        studios.append(Studio(tmp_path / "recording", **settings))
        return studios[-1]

    yield make
    for made in studios:
        made.finish()


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_named_topics_are_recorded_as_they_were_sent(studio, poll, storage):
    recording = studio(topics="/image_rect, ego_motion", storage=storage)
    images = recording.publisher("/image_rect", Image, poll)
    motion = recording.publisher("/ego_motion", TwistStamped, poll)
    other = recording.peer.create_publisher(Image, "/other", 10)
    for index in range(5):
        images.publish(image(index))
        other.publish(image(index))
    motion.publish(TwistStamped())
    poll(lambda: recording.node.recorded == {"/image_rect": 5, "/ego_motion": 1})
    messages = [m for m in recording.finish() if m.topic == "/image_rect"]
    assert [deserialize_message(m.data, Image) for m in messages] == [image(i) for i in range(5)]
    assert [m.type for m in messages] == ["sensor_msgs/msg/Image"] * 5
    assert set(recording.topics) == {"/image_rect", "/ego_motion"}


def test_without_names_the_outputs_of_mono_node_are_recorded(studio, poll):
    # In a namespace, as the graph may still hold a mono_node of a test before.
    recording = studio(namespace="robot")
    depth = recording.publisher("/depth/image_rect", Image, poll)
    depth.publish(image(0))
    poll(lambda: recording.node.recorded["/depth/image_rect"] == 1)
    recording.finish()
    assert set(recording.topics) == {"/depth/image_rect"}  # neither rosout nor parameters


def test_outputs_of_stereo_node_are_recorded_whatever_their_type(studio, poll):
    kinds = {
        "/disparity": (DisparityImage, "stereo_msgs/msg/DisparityImage"),
        "/moving_objects": (PointCloud2, "sensor_msgs/msg/PointCloud2"),
        "/ego_motion": (TwistStamped, "geometry_msgs/msg/TwistStamped"),
    }
    recording = studio(namespace="robot", peer="stereo_node", node="stereo_node")
    for topic, (kind, _) in kinds.items():
        recording.publisher(topic, kind, poll).publish(kind())
    poll(lambda: recording.node.recorded == dict.fromkeys(kinds, 1))
    recorded = {message.topic: message.type for message in recording.finish()}
    assert recorded == {topic: name for topic, (_, name) in kinds.items()}


def test_markers_are_recorded(studio, poll):
    markers = pytest.importorskip("visualization_msgs.msg")
    recording = studio(namespace="robot", peer="stereo_node", node="stereo_node")
    published = recording.publisher("/moving_objects/markers", markers.MarkerArray, poll)
    published.publish(markers.MarkerArray(markers=[markers.Marker()]))
    poll(lambda: recording.node.recorded["/moving_objects/markers"] == 1)
    assert deserialize_message(recording.finish()[0].data, markers.MarkerArray).markers


def test_a_type_that_is_not_installed_is_left_out(studio, poll, monkeypatch):
    found = topics.message_class

    def without_images(msgtype: str) -> type:
        if msgtype == "sensor_msgs/msg/Image":
            raise ValueError(f"message type {msgtype} is not installed")
        return found(msgtype)

    monkeypatch.setattr(topics, "message_class", without_images)
    recording = studio(topics="/image_rect,/ego_motion", namespace="robot")
    images = recording.peer.create_publisher(Image, "/image_rect", 10)
    motion = recording.publisher("/ego_motion", TwistStamped, poll)
    images.publish(image(0))
    motion.publish(TwistStamped())
    poll(lambda: recording.node.recorded == {"/ego_motion": 1})
    recording.finish()
    assert set(recording.topics) == {"/ego_motion"}


def test_best_effort_publishers_are_heard(studio, poll):
    recording = studio(topics="/image_rect")
    images = recording.publisher("/image_rect", Image, poll, qos_profile_sensor_data)
    images.publish(image(3))
    poll(lambda: recording.node.recorded["/image_rect"] == 1)


def test_a_latched_message_sent_before_is_recorded_and_stays_latched(studio, poll, latched):
    recording = studio(topics="/semantic/labels")
    labels = recording.peer.create_publisher(String, "/semantic/labels", latched)
    labels.publish(String(data="{}"))
    poll(lambda: recording.node.recorded["/semantic/labels"] == 1)
    recording.finish()
    assert recording.topics["/semantic/labels"].latched


def test_log_time_is_simulated_time_also_for_what_came_before_the_first_clock(
    studio, poll, latched
):
    recording = studio(topics="/semantic/labels,/image_rect", use_sim_time=True)
    clock = recording.peer.create_publisher(Clock, "/clock", 10)
    labels = recording.peer.create_publisher(String, "/semantic/labels", latched)
    labels.publish(String(data="{}"))
    images = recording.publisher("/image_rect", Image, poll)

    def set_clock() -> bool:
        clock.publish(Clock(clock=Time(nanoseconds=7_000_000_000).to_msg()))
        return recording.node.get_clock().now().nanoseconds > 0

    poll(set_clock)
    images.publish(image(0))
    poll(lambda: recording.node.recorded == {"/image_rect": 1, "/semantic/labels": 1})
    assert [m.time_ns for m in recording.finish()] == [7_000_000_000] * 2


def test_it_ends_by_itself_when_nothing_comes_any_more(studio, poll):
    recording = studio(topics="/image_rect", stop_when_idle_s=0.3)
    images = recording.publisher("/image_rect", Image, poll)
    assert not recording.ended()  # it waits for the first message
    images.publish(image(0))
    poll(recording.ended, "the end")
    assert len(recording.finish()) == 1


def test_messages_beyond_the_queue_are_dropped_and_counted(studio, poll):
    recording = studio(topics="/image_rect", queue_mb=1)
    images = recording.publisher("/image_rect", Image, poll)
    images.publish(image_message(np.zeros((1100, 1000), np.uint8), "mono8", 1, "camera"))
    poll(lambda: recording.node.dropped == {"/image_rect": 1})
    assert recording.finish() == []


def test_an_existing_output_is_refused(studio, tmp_path):
    (tmp_path / "recording").mkdir()
    context = Context()
    rclpy.init(context=context)
    overrides = [Parameter("output", value=str(tmp_path / "recording"))]
    with pytest.raises(BagError, match="recording exists already"):
        RecordNode(context=context, parameter_overrides=overrides)
    rclpy.shutdown(context=context)


def test_an_interrupt_completes_the_recording_of_a_process(poll, tmp_path):
    output = tmp_path / "recording"
    settings = [f"output:={output}", "topics:=/image_rect"]
    arguments = [part for setting in settings for part in ("-p", setting)]
    context = Context()
    rclpy.init(context=context)
    peer = Node("camera", context=context)
    images = peer.create_publisher(Image, "/image_rect", 10)
    with subprocess.Popen(
        [sys.executable, "-m", "scene_perception.nodes.record_node", "--ros-args", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as process:
        poll(images.get_subscription_count, "the recorder")
        for index in range(3):
            images.publish(image(index))
        assert images.wait_for_all_acked(rclpy.duration.Duration(seconds=10))
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)  # as `ros2 launch` does
        said, errors = process.communicate(timeout=30)
    peer.destroy_node()
    rclpy.shutdown(context=context)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    with Bag(output) as bag:
        recorded = len(list(bag.messages()))
    assert f"recorded {recorded} of /image_rect" in said
    assert f"recording complete: {output}" in said


def test_no_output_ends_the_process_with_one_line():
    ended = subprocess.run(
        [sys.executable, "-m", "scene_perception.nodes.record_node"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr == "error: output must name the recording to make, got an empty string\n"
