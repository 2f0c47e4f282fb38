from collections.abc import Iterator

import pytest
import rclpy
from rclpy.context import Context
from rclpy.lifecycle import LifecycleNode
from rclpy.node import Node
from std_msgs.msg import String

from scene_perception.nodes.outputs import Output
from scene_perception.nodes.publishers import Publishers, types_of

TABLE = {"said": Output(String, lambda estimate: String(data=estimate))}


@pytest.fixture
def nodes() -> Iterator[tuple[LifecycleNode, Node]]:
    """An inactive node and a listener, in a context of their own."""
    context = Context()
    rclpy.init(context=context)
    node, listener = LifecycleNode("speaker", context=context), Node("ear", context=context)
    node.trigger_configure()
    yield node, listener
    node.destroy_node()
    listener.destroy_node()
    rclpy.shutdown(context=context)


def test_a_message_is_made_only_while_somebody_listens(
    nodes: tuple[LifecycleNode, Node], poll
) -> None:
    publishers, made = Publishers(nodes[0], types_of(TABLE), {}), []

    def make(estimate: str) -> String:
        made.append(estimate)
        return String(data=estimate)

    publishers.send("said", make, "one")
    assert (made, publishers.heard(["said"])) == ([], False)
    nodes[1].create_subscription(String, "said", lambda _: None, 1)
    poll(lambda: publishers.heard(["said"]))
    publishers.send("said", make, "two")
    assert made == ["two"]


def test_what_an_output_has_nothing_to_say_about_is_not_sent(
    nodes: tuple[LifecycleNode, Node], poll
) -> None:
    publishers, heard = Publishers(nodes[0], types_of(TABLE), {}), []
    nodes[0].trigger_activate()
    nodes[1].create_subscription(String, "said", heard.append, 10)
    poll(lambda: publishers.heard(["said"]))
    publishers.send("said", lambda _: None, "nothing")
    publishers.send_all(TABLE, "something")
    executor = rclpy.executors.SingleThreadedExecutor(context=nodes[1].context)
    executor.add_node(nodes[1])
    poll(lambda: executor.spin_once(0.01) or heard)
    executor.shutdown()
    assert [message.data for message in heard] == ["something"]


def test_topics_are_told_with_type_and_qos_and_go_away(nodes: tuple[LifecycleNode, Node]) -> None:
    publishers = Publishers(nodes[0], types_of(TABLE), {"name": String})
    assert list(publishers.lines()) == [
        "publishes /said [String] reliable, volatile, depth 5",
        "publishes /name [String] reliable, transient_local, depth 1",
    ]
    publishers.destroy()
    assert {"/said", "/name"}.isdisjoint({entry.topic_name for entry in nodes[0].publishers})
