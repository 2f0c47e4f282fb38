from __future__ import annotations

from types import SimpleNamespace

import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from scene_perception.nodes.topics import (
    are_latched,
    describe,
    matching_qos,
    message_class,
    playback_qos,
)
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagTopic

RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT
VOLATILE, LATCHED = DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL


def offer(reliability: ReliabilityPolicy, durability: DurabilityPolicy = VOLATILE):
    qos = QoSProfile(depth=1, reliability=reliability, durability=durability)
    return SimpleNamespace(qos_profile=qos)


def test_message_class_is_found_by_its_type_name():
    assert message_class("sensor_msgs/msg/Image") is Image


@pytest.mark.parametrize(
    "name", ["no_such_msgs/msg/Image", "sensor_msgs/msg/NoSuch", "sensor_msgs/Image", "", "/msg/"]
)
def test_a_type_that_is_not_installed_is_named(name):
    with pytest.raises(ValueError, match=f"message type {name} is not installed .*source the"):
        message_class(name)


def test_images_are_offered_reliably_with_depth_5():
    qos = playback_qos(BagTopic("/image", cdr.IMAGE))
    assert (qos.reliability, qos.durability, qos.depth) == (RELIABLE, VOLATILE, 5)


def test_latched_topics_stay_latched():
    qos = playback_qos(BagTopic("/tf_static", "tf2_msgs/msg/TFMessage", latched=True))
    assert (qos.reliability, qos.durability) == (RELIABLE, LATCHED)


@pytest.mark.parametrize(
    ("offers", "reliability", "durability"),
    [
        ([offer(RELIABLE)], RELIABLE, VOLATILE),
        ([offer(BEST_EFFORT)], BEST_EFFORT, VOLATILE),
        ([offer(RELIABLE), offer(BEST_EFFORT)], BEST_EFFORT, VOLATILE),
        ([offer(RELIABLE, LATCHED)], RELIABLE, LATCHED),
        ([offer(RELIABLE, LATCHED), offer(RELIABLE)], RELIABLE, VOLATILE),
    ],
)
def test_a_subscription_asks_for_what_all_publishers_offer(offers, reliability, durability):
    qos = matching_qos(offers, depth=10)
    assert (qos.reliability, qos.durability, qos.depth) == (reliability, durability, 10)
    assert are_latched(offers) == (durability == LATCHED)


def test_describe_names_what_must_match():
    assert describe(playback_qos(BagTopic("/i", cdr.IMAGE))) == "reliable, volatile, depth 5"
