from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scene_perception.geometry.camera import Intrinsics
from scene_perception.recordings import cdr

CAMERA = Intrinsics(700.0, 710.0, 320.5, 120.25, width=6, height=4)


def read(data: bytes, msgtype: str):
    return cdr.typestore().deserialize_cdr(data, msgtype)


def test_image_holds_pixels_stamp_and_frame():
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    message = read(cdr.image(pixels, "rgb8", 3_000_000_007, "camera"), cdr.IMAGE)
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (3, 7)
    assert message.header.frame_id == "camera"
    assert (message.height, message.width, message.step) == (2, 3, 9)
    assert message.encoding == "rgb8"
    np.testing.assert_array_equal(message.data, pixels.reshape(-1))


def test_image_of_16_bits_is_little_endian():
    pixels = np.array([[0x0102, 0x0304]], np.uint16)
    message = read(cdr.image(pixels, "mono16", 0, ""), cdr.IMAGE)
    assert message.step == 4
    assert message.is_bigendian == 0
    assert message.data.tolist() == [2, 1, 4, 3]


def test_image_takes_pixels_that_are_not_contiguous():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)[:, ::-1]
    message = read(cdr.image(pixels, "bgr8", 0, ""), cdr.IMAGE)
    np.testing.assert_array_equal(message.data.reshape(2, 4, 3), pixels)


@pytest.mark.parametrize(
    ("shape", "dtype", "encoding"),
    [
        ((2, 3), np.uint8, "rgb8"),
        ((2, 3, 3), np.uint8, "mono8"),
        ((2, 3), np.uint8, "mono16"),
        ((2, 3), np.float32, "mono8"),
        ((2, 3, 3), np.uint8, "yuv"),
    ],
)
def test_pixels_that_do_not_fit_the_encoding_are_refused(shape, dtype, encoding):
    with pytest.raises(ValueError, match=f"do not fit encoding '{encoding}'"):
        cdr.image(np.zeros(shape, dtype), encoding, 0, "")


def test_messages_are_padded_as_dds_sends_them():
    assert len(cdr.image(np.zeros((1, 1), np.uint8), "mono8", 0, "ab")) % 4 == 0


def test_camera_info_of_the_right_camera_has_the_baseline_in_its_projection():
    info = read(cdr.camera_info(CAMERA, 5, "camera", baseline_m=0.5), cdr.CAMERA_INFO)
    assert (info.width, info.height) == (6, 4)
    assert info.k.tolist() == [700, 0, 320.5, 0, 710, 120.25, 0, 0, 1]
    assert info.p.tolist() == [700, 0, 320.5, -350, 0, 710, 120.25, 0, 0, 0, 1, 0]
    assert info.r.tolist() == np.eye(3).reshape(-1).tolist()
    assert info.d.tolist() == [0] * 5


def test_compressed_image_keeps_the_files_bytes():
    data = cdr.compressed_image(b"\x89PNG...", "png", 1, "camera")
    message = read(data, cdr.COMPRESSED_IMAGE)
    assert message.format == "png"
    assert message.data.tobytes() == b"\x89PNG..."


def test_odometry_holds_the_pose():
    pose = np.eye(4)
    pose[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]  # a quarter turn about z
    pose[:3, 3] = [1, 2, 3]
    message = read(cdr.odometry(pose, 1, "odom", "camera"), cdr.ODOMETRY)
    position, turn = message.pose.pose.position, message.pose.pose.orientation
    assert (message.header.frame_id, message.child_frame_id) == ("odom", "camera")
    assert (position.x, position.y, position.z) == (1, 2, 3)
    half = np.sqrt(0.5)
    assert (turn.x, turn.y, turn.z, turn.w) == pytest.approx((0, 0, half, half))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_quaternion_of_a_half_turn_is_its_axis(axis):
    rotation = -np.eye(3)
    rotation[axis, axis] = 1
    expected = np.eye(4)[axis]
    assert np.abs(cdr.quaternion(rotation)) == pytest.approx(expected)


def test_quaternion_turns_vectors_as_its_matrix_does():
    generator = np.random.default_rng(3)
    for _ in range(50):
        matrix, _ = np.linalg.qr(generator.normal(size=(3, 3)))
        matrix *= np.linalg.det(matrix)
        *axis, w = cdr.quaternion(matrix)
        v = generator.normal(size=3)
        turned = v + 2 * np.cross(axis, np.cross(axis, v) + w * v)
        np.testing.assert_allclose(turned, matrix @ v, atol=1e-12)


@pytest.mark.parametrize("stamp_ns", [0, 1, 999_999_999, 1_317_042_145_964_389_445])
def test_header_stamp_is_read_from_the_first_bytes(stamp_ns):
    assert cdr.header_stamp_ns(cdr.camera_info(CAMERA, stamp_ns, "camera")) == stamp_ns


def test_header_stamp_is_read_from_big_endian_data():
    data = bytes([0, 0, 0, 0]) + (7).to_bytes(4, "big") + (9).to_bytes(4, "big")
    assert cdr.header_stamp_ns(data) == 7_000_000_009


@pytest.mark.parametrize("data", [b"", bytes(11), b"\x00\x09" + bytes(20)])
def test_data_without_a_header_stamp_is_refused(data):
    with pytest.raises(ValueError, match="CDR with a header stamp"):
        cdr.header_stamp_ns(data)


def test_truncated_message_is_refused_by_type_and_size():
    data = cdr.image(np.zeros((4, 4), np.uint8), "mono8", 0, "camera")
    cdr.require_readable(data, cdr.IMAGE)
    with pytest.raises(ValueError, match="a whole sensor_msgs/msg/Image, got 40 bytes"):
        cdr.require_readable(data[:40], cdr.IMAGE)


def test_random_bytes_are_refused():
    generator = np.random.default_rng(0)
    for _ in range(100):
        data = b"\x00\x01\x00\x00" + generator.bytes(200)
        with pytest.raises(ValueError, match="a whole"):
            cdr.require_readable(data, cdr.IMAGE)


def test_messages_of_unknown_types_pass_unchecked():
    assert not cdr.knows("robot_msgs/msg/Secret")
    cdr.require_readable(b"anything", "robot_msgs/msg/Secret")


def test_image_of_floats_keeps_them():
    flow = np.array([[[1.5, -2.0], [np.nan, 0.0]]], np.float32)
    message = read(cdr.image(flow, "32FC2", 0, ""), cdr.IMAGE)
    assert message.step == 16
    np.testing.assert_array_equal(message.data.view(np.float32).reshape(1, 2, 2), flow)


def test_twist_holds_both_velocities():
    data = cdr.twist(np.array([1.0, 2, 3]), np.array([4.0, 5, 6]), 2_000_000_001, "camera")
    message = read(data, cdr.TWIST)
    assert (message.header.stamp.sec, message.header.frame_id) == (2, "camera")
    linear, angular = message.twist.linear, message.twist.angular
    assert (linear.x, linear.y, linear.z) == (1, 2, 3)
    assert (angular.x, angular.y, angular.z) == (4, 5, 6)


def test_string_holds_the_text():
    assert read(cdr.string('{"0": "road"}'), cdr.STRING).data == '{"0": "road"}'


@pytest.mark.parametrize(
    ("encoding", "pixels"),
    [
        ("mono8", np.arange(6, dtype=np.uint8).reshape(2, 3)),
        ("rgb8", np.arange(18, dtype=np.uint8).reshape(2, 3, 3)),
        ("32FC1", np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)),
        ("32FC2", np.linspace(-1, 1, 12, dtype=np.float32).reshape(2, 3, 2)),
    ],
)
def test_pixels_come_back_as_they_were_put_in(encoding, pixels):
    data = cdr.image(pixels, encoding, 1, "camera")
    message = cdr.typestore().deserialize_cdr(data, cdr.IMAGE)
    assert (cdr.image_pixels(message) == pixels).all()


def test_pixels_of_padded_big_endian_rows_are_read():
    values = np.array([[1.5, -2.0]], ">f4")
    message = SimpleNamespace(
        encoding="32FC1",
        height=1,
        width=2,
        step=12,
        is_bigendian=1,
        data=np.frombuffer(values.tobytes() + b"\xff" * 4, np.uint8),
    )
    assert cdr.image_pixels(message).tolist() == [[1.5, -2.0]]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [("encoding", "bayer_rggb8", "encoding must be one of"), ("step", 4, "rows of 8 bytes")],
)
def test_pixels_that_cannot_be_read_are_refused(field, value, told):
    message = SimpleNamespace(
        encoding="32FC1", height=1, width=2, step=8, is_bigendian=0, data=np.zeros(8, np.uint8)
    )
    setattr(message, field, value)
    with pytest.raises(ValueError, match=told):
        cdr.image_pixels(message)
