"""Every topic's message from a real estimate."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from scene_perception import visualization
from scene_perception.frame import DepthEstimate, EgoMotion, MetricScale, MotionEstimate
from scene_perception.geometry.camera import Intrinsics
from scene_perception.nodes.outputs import (
    DEPTH_TABLES,
    MOTION_TABLES,
    known_outputs,
    label_names_message,
)

HEIGHT, WIDTH, STAMP_NS = 6, 8, 12_000_000_034
DEPTH_OUTPUTS = known_outputs(DEPTH_TABLES, DEPTH_TABLES)
MOTION_OUTPUTS = known_outputs(MOTION_TABLES, MOTION_TABLES)
CAMERA = Intrinsics(7.0, 7.0, 4.0, 3.0, WIDTH, HEIGHT)
ENCODING = {
    "depth/image_rect": "32FC1",
    "depth/color": "rgb8",
    "semantic/image": "mono8",
    "semantic/color": "rgb8",
    "flow/image": "32FC2",
    "flow/color": "rgb8",
    "motion_mask/image": "mono8",
    "motion_mask/color": "rgb8",
    "motion_probability/image": "32FC1",
    "motion_probability/color": "rgb8",
}


def depth_estimate(intrinsics=CAMERA):
    random = np.random.default_rng(0)
    return DepthEstimate(
        stamp_ns=STAMP_NS,
        frame_id="camera_optical",
        depth=random.random((HEIGHT, WIDTH), np.float32),
        labels=random.integers(0, 19, (HEIGHT, WIDTH), dtype=np.uint8),
        image=random.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8),
        intrinsics=intrinsics,
        scale=MetricScale(),
    )


def motion_estimate():
    random = np.random.default_rng(1)
    return MotionEstimate(
        stamp_ns=STAMP_NS,
        next_stamp_ns=STAMP_NS + 1,
        frame_id="camera_optical",
        flow=random.random((HEIGHT, WIDTH, 2), np.float32),
        motion_probability=random.random((HEIGHT, WIDTH), np.float32),
        motion_mask=np.zeros((HEIGHT, WIDTH), np.uint8),
        ego_motion=EgoMotion(np.eye(4), np.array([1.0, 2.0, 3.0]), np.zeros(3), MetricScale()),
        depth=depth_estimate(),
    )


def made():
    """Every topic with its declared type and its message."""
    for outputs, estimate in (
        (DEPTH_OUTPUTS, depth_estimate()),
        (MOTION_OUTPUTS, motion_estimate()),
    ):
        for topic, output in outputs.items():
            yield topic, output.message_type, output.make(estimate)


def test_every_message_is_of_its_topics_type():
    assert all(type(message) is message_type for _, message_type, message in made())


def test_every_message_has_the_stamp_and_frame_of_the_frame_it_describes():
    headers = [message.header for _, _, message in made()]
    assert {(h.stamp.sec, h.stamp.nanosec, h.frame_id) for h in headers} == {
        (12, 34, "camera_optical")
    }


def test_every_image_has_its_encoding():
    encodings = {
        topic: message.encoding for topic, _, message in made() if hasattr(message, "encoding")
    }
    assert encodings == ENCODING


@pytest.mark.parametrize(
    ("topic", "content"),
    [("depth/image_rect", "depth"), ("semantic/image", "labels")],
)
def test_depth_and_labels_are_published_as_they_are(topic, content):
    estimate = depth_estimate()
    array = getattr(estimate, content)
    message = DEPTH_OUTPUTS[topic].make(estimate)
    np.testing.assert_array_equal(
        np.frombuffer(message.data, array.dtype).reshape(array.shape), array
    )


@pytest.mark.parametrize(
    ("topic", "content"),
    [
        ("flow/image", "flow"),
        ("motion_mask/image", "motion_mask"),
        ("motion_probability/image", "motion_probability"),
    ],
)
def test_motion_is_published_as_it_is(topic, content):
    estimate = motion_estimate()
    array = getattr(estimate, content)
    message = MOTION_OUTPUTS[topic].make(estimate)
    np.testing.assert_array_equal(
        np.frombuffer(message.data, array.dtype).reshape(array.shape), array
    )


def test_ego_motion_is_a_twist():
    message = MOTION_OUTPUTS["ego_motion"].make(motion_estimate())
    assert (message.twist.linear.x, message.twist.linear.z) == (1.0, 3.0)


def test_the_depths_calibration_is_the_estimates():
    message = DEPTH_OUTPUTS["depth/camera_info"].make(depth_estimate())
    assert (message.width, message.k[0], message.k[2]) == (WIDTH, 7.0, 4.0)


def test_only_what_has_a_source_is_put_out():
    assert set(known_outputs(DEPTH_TABLES, {"depth"})) == {
        *("depth/image_rect", "depth/camera_info", "depth/color")
    }
    assert set(known_outputs(MOTION_TABLES, {"depth", "labels", "ego_motion"})) == {"ego_motion"}


def test_of_motion_that_is_unknown_there_is_nothing_to_publish():
    unknown = dataclasses.replace(
        motion_estimate(), flow=None, motion_mask=None, motion_probability=None, ego_motion=None
    )
    assert [output.make(unknown) for output in MOTION_OUTPUTS.values()] == [None] * 7


def test_without_intrinsics_there_is_no_calibration_to_publish():
    assert DEPTH_OUTPUTS["depth/camera_info"].make(depth_estimate(intrinsics=None)) is None


def test_label_names_are_json():
    names = json.loads(label_names_message().data)
    assert (names["0"], names["13"], len(names)) == ("road", "car", 19)


def test_a_large_image_is_coloured_on_every_second_pixel_at_its_own_size():
    depth = np.random.default_rng(2).random((300, 1242), np.float32) + 1
    estimate = dataclasses.replace(depth_estimate(None), depth=depth)
    message = DEPTH_OUTPUTS["depth/color"].make(estimate)
    pixels = np.frombuffer(message.data, np.uint8).reshape(300, 1242, 3)
    expected = visualization.color_depth(np.ascontiguousarray(depth[::2, ::2]))
    np.testing.assert_array_equal(pixels[::2, ::2], expected)
    np.testing.assert_array_equal(pixels[1::2, 1::2], expected)


def test_a_small_image_is_coloured_pixel_by_pixel():
    estimate = depth_estimate()
    message = DEPTH_OUTPUTS["depth/color"].make(estimate)
    pixels = np.frombuffer(message.data, np.uint8).reshape(HEIGHT, WIDTH, 3)
    np.testing.assert_array_equal(pixels, visualization.color_depth(estimate.depth))
