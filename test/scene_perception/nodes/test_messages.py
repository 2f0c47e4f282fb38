"""Arrays into messages: fields worked by hand, what DDS makes of them, and refusals."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, Image
from stereo_msgs.msg import DisparityImage

from scene_perception.frame import DepthEstimate, EgoMotion, MetricScale, StereoEstimate
from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.nodes.messages import (
    ENCODINGS,
    camera_info_message,
    disparity_message,
    image_message,
    time_message,
    twist_message,
)
from scene_perception.recordings.camera_messages import image_to_rgb, intrinsics_from_camera_info

STAMP_NS = 12_000_000_034


def array_of(encoding, height=4, width=5):
    dtype, channels = ENCODINGS[encoding]
    shape = (height, width) if channels == 1 else (height, width, channels)
    return (np.random.default_rng(3).random(shape) * 200).astype(dtype)


def test_a_time_is_seconds_and_nanoseconds():
    message = time_message(STAMP_NS)
    assert (message.sec, message.nanosec) == (12, 34)


def test_a_numpy_stamp_is_as_good():
    assert time_message(np.int64(STAMP_NS)) == time_message(STAMP_NS)


@pytest.mark.parametrize("stamp_ns", [-1, 2**31 * 10**9])
def test_a_time_the_message_cannot_hold_is_refused(stamp_ns):
    with pytest.raises(ValueError, match=rf"stamp_ns must be 0 \.\. .*, got {stamp_ns}"):
        time_message(stamp_ns)


@pytest.mark.parametrize(
    ("encoding", "step"), [("mono8", 5), ("rgb8", 15), ("32FC1", 20), ("32FC2", 40), ("32FC3", 60)]
)
def test_an_image_arrives_as_it_was_sent(encoding, step):
    array = array_of(encoding)
    sent = image_message(array, encoding, STAMP_NS, "camera_optical")
    message = deserialize_message(serialize_message(sent), Image)
    assert (message.width, message.height, message.step) == (5, 4, step)
    assert (message.encoding, message.is_bigendian) == (encoding, int(sys.byteorder == "big"))
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (12, 34)
    assert message.header.frame_id == "camera_optical"
    received = np.frombuffer(message.data, array.dtype).reshape(array.shape)
    np.testing.assert_array_equal(received, array)


def test_a_slice_is_sent_without_what_lies_between():
    array = array_of("32FC2", 8, 10)[::2, ::2]
    message = image_message(array, "32FC2", STAMP_NS, "camera")
    received = np.frombuffer(message.data, np.float32).reshape(array.shape)
    np.testing.assert_array_equal(received, array)


def test_an_rgb_image_reads_back():
    array = array_of("rgb8")
    np.testing.assert_array_equal(image_to_rgb(image_message(array, "rgb8", 0, "camera")), array)


def test_filling_an_image_costs_no_more_than_some_copies():
    array = np.zeros((375, 1242, 3), np.uint8)
    copies, messages = [], []
    for _ in range(5):
        start = time.perf_counter()
        array.copy()
        copies.append(time.perf_counter() - start)
        start = time.perf_counter()
        image_message(array, "rgb8", 0, "camera")
        messages.append(time.perf_counter() - start)
    # Element by element, as the setters check what is assigned, it is some 1000 copies.
    assert min(messages) < 100 * min(copies)


def test_an_unknown_output_encoding_is_refused():
    with pytest.raises(ValueError, match="one of mono8, rgb8, 32FC1, 32FC2, 32FC3, got 'bgr8'"):
        image_message(array_of("rgb8"), "bgr8", 0, "camera")


@pytest.mark.parametrize(
    ("encoding", "array", "rule"),
    [
        ("32FC1", np.zeros((4, 5)), r"\(H, W\) float32, got \(4, 5\) float64"),
        ("32FC1", np.zeros((4, 5, 1), np.float32), r"\(H, W\) float32, got \(4, 5, 1\)"),
        ("32FC2", np.zeros((2, 4, 5), np.float32), r"\(H, W, 2\) float32, got \(2, 4, 5\)"),
        ("rgb8", np.zeros((4, 5), np.uint8), r"\(H, W, 3\) uint8, got \(4, 5\)"),
        ("mono8", np.zeros((4, 5), bool), r"\(H, W\) uint8, got \(4, 5\) bool"),
        ("mono8", np.zeros((0, 5), np.uint8), r"\(H, W\) uint8, got \(0, 5\)"),
        ("32FC1", np.zeros((4, 5), ">f4"), r"\(H, W\) float32, got \(4, 5\) >f4"),
        ("mono8", np.zeros(5, np.uint8), r"\(H, W\) uint8, got \(5,\)"),
    ],
)
def test_an_array_unlike_its_encoding_is_refused(encoding, array, rule):
    with pytest.raises(ValueError, match=rule):
        image_message(array, encoding, 0, "camera")


def test_calibration_is_that_of_a_rectified_camera():
    camera = Intrinsics(50.0, 51.0, 30.0, 20.0, 60, 40)
    sent = camera_info_message(camera, STAMP_NS, "camera_optical")
    message = deserialize_message(serialize_message(sent), CameraInfo)
    assert (message.width, message.height, message.distortion_model) == (60, 40, "plumb_bob")
    assert list(message.d) == [0.0] * 5
    assert list(message.k) == [50, 0, 30, 0, 51, 20, 0, 0, 1]
    assert list(message.r) == [1, 0, 0, 0, 1, 0, 0, 0, 1]
    assert list(message.p) == [50, 0, 30, 0, 0, 51, 20, 0, 0, 0, 1, 0]
    assert message.header.stamp.nanosec == 34


def test_calibration_reads_back():
    camera = Intrinsics(50.0, 51.0, 30.0, 20.0, 60, 40)
    assert intrinsics_from_camera_info(camera_info_message(camera, 0, "c"), 60, 40) == camera


def test_whole_number_intrinsics_are_published_as_floats():
    camera = Intrinsics(50, 51, np.float32(30.5), np.int64(20), np.int64(60), np.int64(40))
    message = camera_info_message(camera, 0, "camera")
    assert list(message.k) == [50, 0, 30.5, 0, 51, 20, 0, 0, 1]


def test_a_twist_holds_both_velocities_of_the_camera():
    motion = EgoMotion(
        next_from_current=np.eye(4),
        linear_m_s=np.array([1.0, 2.0, 3.0], np.float32),
        angular_rad_s=np.array([4, 5, 6]),
        scale=MetricScale(),
    )
    message = twist_message(motion, STAMP_NS, "camera_optical")
    linear, angular = message.twist.linear, message.twist.angular
    assert (linear.x, linear.y, linear.z) == (1.0, 2.0, 3.0)
    assert (angular.x, angular.y, angular.z) == (4.0, 5.0, 6.0)
    assert (message.header.frame_id, message.header.stamp.sec) == ("camera_optical", 12)


def stereo_estimate(disparity, *, left_cx=3.5, low=1.0):
    """Disparities seen by cameras of fx 100 px, 0.5 m apart, their axes verged by cx - 3.5 px."""
    height, width = disparity.shape
    left, right = (Intrinsics(100.0, 100.0, cx, 1.0, width, height) for cx in (left_cx, 3.5))
    depth = DepthEstimate(
        stamp_ns=STAMP_NS,
        frame_id="left_optical",
        depth=np.ones_like(disparity),
        labels=np.zeros(disparity.shape, np.uint8),
        image=np.zeros((height, width, 3), np.uint8),
        intrinsics=left,
        scale=MetricScale(source="stereo", is_metric=True),
    )
    return StereoEstimate(depth, disparity, StereoCamera(left, right, 0.5), (low, 9.0), 0.0, None)


def disparities_of(message):
    image = message.image
    return np.frombuffer(image.data, np.float32).reshape(image.height, image.width)


def test_disparity_is_an_image_with_the_pairs_geometry():
    disparity = np.linspace(1.0, 9.0, 16, dtype=np.float32).reshape(2, 8)
    sent = disparity_message(stereo_estimate(disparity))
    message = deserialize_message(serialize_message(sent), DisparityImage)
    np.testing.assert_array_equal(disparities_of(message), disparity)
    assert (message.f, message.t) == (100.0, 0.5)
    assert (message.min_disparity, message.max_disparity, message.delta_d) == (1.0, 9.0, 1 / 256)
    assert message.image.encoding == "32FC1"
    headers = {(h.stamp.sec, h.frame_id) for h in (message.header, message.image.header)}
    assert headers == {(12, "left_optical")}


def test_disparity_is_zero_infinitely_far_away_however_the_axes_are_verged():
    verged = np.full((2, 8), 4.0, np.float32)  # of which 2 are the principal points' distance
    message = disparity_message(stereo_estimate(verged, left_cx=5.5))
    np.testing.assert_array_equal(disparities_of(message), np.full((2, 8), 2.0))
    assert (message.min_disparity, message.max_disparity) == (-1.0, 7.0)


def test_invalid_disparity_is_one_finite_value_below_all_others():
    disparity = np.linspace(1.0, 9.0, 16, dtype=np.float32).reshape(2, 8)
    disparity[1, 2:4] = np.nan
    message = disparity_message(stereo_estimate(disparity))
    told = disparities_of(message)
    np.testing.assert_array_equal(told[1, 2:4], message.min_disparity - 1)
    assert np.count_nonzero(told < message.min_disparity) == 2


@pytest.mark.parametrize(("low", "first"), [(2.5, 3), (0.0, 0), (-3.0, 0), (20.0, 8)])
def test_the_valid_window_leaves_out_columns_whose_match_is_left_of_the_right_image(low, first):
    window = disparity_message(stereo_estimate(np.ones((2, 8), np.float32), low=low)).valid_window
    assert (window.x_offset, window.width) == (first, 8 - first)
    assert (window.y_offset, window.height) == (0, 2)


def test_the_estimates_disparity_is_not_written_to():
    disparity = np.full((2, 8), np.nan, np.float32)
    disparity_message(stereo_estimate(disparity))
    assert np.isnan(disparity).all()
