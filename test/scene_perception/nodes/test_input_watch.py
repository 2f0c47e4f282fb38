from collections.abc import Callable, Iterator

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from scene_perception.nodes.input_watch import qos_text, silence_report

BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
IMAGE = "sensor_msgs/msg/Image"
Poll = Callable[[Callable[[], bool]], None]


@pytest.fixture
def nodes() -> Iterator[tuple[Node, Node]]:
    """A listening node and a camera, in a context of their own."""
    context = Context()
    rclpy.init(context=context)
    listener = Node("listener", context=context)
    camera = Node("camera", context=context, namespace="front")
    yield listener, camera
    listener.destroy_node()
    camera.destroy_node()
    rclpy.shutdown(context=context)


def seen(listener: Node, topic: str, poll: Poll) -> None:
    poll(lambda: bool(listener.get_publishers_info_by_topic(topic)))


def test_without_publisher_and_other_images_it_asks_for_the_driver(
    nodes: tuple[Node, Node],
) -> None:
    text = silence_report(nodes[0], "/image_rect", IMAGE, BEST_EFFORT, 5.0)
    assert text == (
        "no image for 5 s on /image_rect (sensor_msgs/msg/Image, best_effort, volatile, depth 1): "
        "no publisher. No other topic carries images: is the camera's driver running?"
    )


def test_topics_with_images_are_offered_the_nearest_first(
    nodes: tuple[Node, Node], poll: Poll
) -> None:
    listener, camera = nodes
    listener.create_publisher(Image, "/own/output", 1)
    camera.create_publisher(Image, "/left/zzz", 1)
    camera.create_publisher(CompressedImage, "/cam/image_rect/compressed", 1)
    seen(listener, "/cam/image_rect/compressed", poll)
    seen(listener, "/left/zzz", poll)
    text = silence_report(listener, "/image_rect", IMAGE, BEST_EFFORT, 5.0)
    assert "Topics with images: /cam/image_rect/compressed, /left/zzz; remap" in text
    assert "/own/output" not in text


def test_a_publisher_of_another_type_points_to_image_transport(
    nodes: tuple[Node, Node], poll: Poll
) -> None:
    listener, camera = nodes
    camera.create_publisher(CompressedImage, "/image_rect", 1)
    seen(listener, "/image_rect", poll)
    text = silence_report(listener, "/image_rect", IMAGE, BEST_EFFORT, 5.0)
    assert "1 publisher: /front/camera (sensor_msgs/msg/CompressedImage" in text
    assert "is of another type: see the parameter image_transport" in text


def test_incompatible_qos_points_to_image_reliability(nodes: tuple[Node, Node], poll: Poll) -> None:
    listener, camera = nodes
    camera.create_publisher(Image, "/image_rect", BEST_EFFORT)
    seen(listener, "/image_rect", poll)
    text = silence_report(listener, "/image_rect", IMAGE, RELIABLE, 5.0)
    assert "incompatible QoS" in text
    assert "image_reliability" in text


def test_a_matching_but_silent_publisher_points_to_its_shared_memory(
    nodes: tuple[Node, Node], poll: Poll
) -> None:
    listener, camera = nodes
    camera.create_publisher(Image, "/image_rect", RELIABLE)
    seen(listener, "/image_rect", poll)
    text = silence_report(listener, "/image_rect", IMAGE, BEST_EFFORT, 5.0)
    assert "matches but nothing arrives" in text
    assert "FASTDDS_DEFAULT_PROFILES_FILE=" in text


def test_qos_is_told_by_reliability_durability_and_depth() -> None:
    assert qos_text(BEST_EFFORT) == "best_effort, volatile, depth 1"


def test_a_missing_camera_info_is_named_and_others_like_it_are_offered(
    nodes: tuple[Node, Node], poll: Poll
) -> None:
    listener, camera = nodes
    camera.create_publisher(CameraInfo, "/cam/right/info", 1)
    camera.create_publisher(Image, "/cam/right/image_rect", 1)
    seen(listener, "/cam/right/info", poll)
    text = silence_report(
        listener,
        "/right/camera_info",
        "sensor_msgs/msg/CameraInfo",
        BEST_EFFORT,
        5.0,
        "right camera_info",
    )
    assert text.startswith("no right camera_info for 5 s on /right/camera_info (")
    assert text.endswith(
        "no publisher. Topics with CameraInfo: /cam/right/info; remap with -r "
        "/right/camera_info:=..."
    )
