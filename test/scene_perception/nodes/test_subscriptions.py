from collections.abc import Callable, Iterator

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node

from scene_perception.nodes.subscriptions import camera_info_topic, image_topic

RAW, COMPRESSED = "raw", "compressed"


@pytest.fixture
def make_node() -> Iterator[Callable[..., Node]]:
    """Make nodes with remappings, in a context of their own."""
    context = Context()
    rclpy.init(context=context)
    nodes: list[Node] = []

    def make(*remappings: str, namespace: str = "") -> Node:
        arguments = ["--ros-args"]
        for rule in remappings:
            arguments += ["-r", rule]
        nodes.append(Node("probe", context=context, cli_args=arguments, namespace=namespace))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    rclpy.shutdown(context=context)


def test_without_remapping_topics_are_relative_to_the_namespace(make_node) -> None:
    node = make_node(namespace="front")
    assert image_topic(node, RAW) == "/front/image_rect"
    assert camera_info_topic(node) == "/front/camera_info"


def test_compressed_images_are_below_the_remapped_topic(make_node) -> None:
    node = make_node("image_rect:=/cam/image_color")
    assert image_topic(node, RAW) == "/cam/image_color"
    assert image_topic(node, COMPRESSED) == "/cam/image_color/compressed"


def test_the_compressed_topic_may_be_remapped_by_its_own_name(make_node) -> None:
    node = make_node("image_rect/compressed:=/cam/jpeg")
    assert image_topic(node, COMPRESSED) == "/cam/jpeg"
