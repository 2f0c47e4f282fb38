"""Messages into frames: values by hand, and one test for every refusal."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from scene_perception.nodes.conversions import stamp_ns, to_frame
from scene_perception.recordings.camera_messages import (
    compressed_to_rgb,
    image_to_rgb,
    intrinsics_from_camera_info,
)


def picture(height=40, width=60, channels=3):
    """A smooth picture, which JPEG keeps to a few levels."""
    noise = np.random.default_rng(1).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 6)


def image_of(array, encoding="rgb8"):
    message = Image(header=header(), height=array.shape[0], width=array.shape[1])
    message.encoding = encoding
    message.step = array[0].nbytes
    message.data.frombytes(array.tobytes())
    return message


def header(sec=12, nanosec=34, frame_id="camera_optical"):
    return Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id=frame_id)


def compressed(data, image_format):
    message = CompressedImage(header=header(), format=image_format)
    message.data.frombytes(bytes(data))
    return message


def encoded(array, extension):
    return cv2.imencode(extension, array)[1].tobytes()


def camera_info(width=60, height=40, **changes):
    message = CameraInfo(width=width, height=height, distortion_model="plumb_bob")
    message.k = [90.0, 0.0, 31.0, 0.0, 91.0, 21.0, 0.0, 0.0, 1.0]
    message.p = [50.0, 0.0, 30.0, 0.0, 0.0, 51.0, 20.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    message.d = [0.1, 0.0, 0.0, 0.0, 0.0]
    for name, value in changes.items():
        setattr(message, name, value)
    return message


def region(x, y, width, height):
    message = CameraInfo().roi
    message.x_offset, message.y_offset, message.width, message.height = x, y, width, height
    return message


def test_a_frame_has_the_image_its_header_and_its_calibration():
    frame = to_frame(image_of(picture()), camera_info())
    np.testing.assert_array_equal(frame.image, picture())
    assert (frame.stamp_ns, frame.frame_id) == (12_000_000_034, "camera_optical")
    assert (frame.intrinsics.fx, frame.intrinsics.cy) == (50.0, 20.0)


def test_a_frame_without_camera_info_has_no_intrinsics():
    assert to_frame(image_of(picture()), None).intrinsics is None


def test_a_compressed_image_becomes_a_frame():
    message = compressed(encoded(picture()[..., ::-1], ".png"), "rgb8; png compressed bgr8")
    np.testing.assert_array_equal(to_frame(message, camera_info()).image, picture())


def test_a_negative_stamp_is_refused():
    message = image_of(picture())
    message.header.stamp.sec = -1
    with pytest.raises(ValueError, match="stamp_ns must be >= 0, got -999999966"):
        to_frame(message, None)


def test_a_stamp_is_nanoseconds():
    assert stamp_ns(header(sec=1_700_000_000, nanosec=999_999_999)) == 1_700_000_000_999_999_999


def test_a_messages_own_step_and_byte_order_are_used():
    values = (np.array([[[10, 20, 30], [40, 50, 60]]]) * 256).astype(">u2")
    message = image_of(values, "rgb16")
    message.is_bigendian = 1
    message.step += 3
    np.testing.assert_array_equal(image_to_rgb(message), [[[10, 20, 30], [40, 50, 60]]])


def test_a_truncated_message_is_refused():
    message = image_of(picture())
    message.data.pop()
    with pytest.raises(ValueError, match=r"at least 7200 bytes .* got 7199; the message was cut"):
        image_to_rgb(message)


def test_a_message_nobody_filled_is_refused():
    with pytest.raises(ValueError, match="encoding must be one of"):
        image_to_rgb(Image())


@pytest.mark.parametrize(
    "image_format",
    ["jpeg", "rgb8; jpeg compressed bgr8", "bgr8; jpeg compressed bgr8", "rgb8; jpeg compressed "],
)
def test_a_jpeg_becomes_rgb_whatever_its_format_says(image_format):
    message = compressed(encoded(picture()[..., ::-1], ".jpg"), image_format)
    np.testing.assert_allclose(compressed_to_rgb(message), picture(), atol=8)


def test_a_gray_jpeg_becomes_rgb():
    gray = picture(channels=1)[..., None]
    image = compressed_to_rgb(compressed(encoded(gray, ".jpg"), "mono8; jpeg compressed "))
    np.testing.assert_allclose(image, gray.repeat(3, axis=2), atol=8)


def test_a_png_with_transparency_becomes_rgb():
    bgra = np.dstack([picture()[..., ::-1], picture(channels=1)])
    image = compressed_to_rgb(compressed(encoded(bgra, ".png"), "rgba8; png compressed bgra8"))
    np.testing.assert_array_equal(image, picture())


@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_of_sixteen_bits_keeps_its_high_bytes(channels):
    array = picture(channels=channels).reshape(40, 60, channels)
    wide = array[..., ::-1].astype(np.uint16) * 256 + 0x7F
    image = compressed_to_rgb(compressed(encoded(wide, ".png"), "rgb16; png compressed bgr16"))
    np.testing.assert_array_equal(image, np.broadcast_to(array, (40, 60, 3)))


def test_a_compressed_mosaic_is_demosaiced():
    mosaic = picture(channels=1)
    message = compressed(encoded(mosaic, ".png"), "bayer_grbg8; png compressed ")
    raw = image_of(mosaic, "bayer_grbg8")
    np.testing.assert_array_equal(compressed_to_rgb(message), image_to_rgb(raw))


@pytest.mark.parametrize("extension", [".jpg", ".png"])
@pytest.mark.parametrize("kept", [0, 1, 10, 600])
def test_a_compressed_image_that_is_cut_off_is_refused(extension, kept):
    data = encoded(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8), extension)
    assert len(data) > 600
    message = compressed(data[:kept], "rgb8; jpeg compressed bgr8")
    with pytest.raises(ValueError, match=f"whole JPEG or PNG, got {kept} bytes of format 'rgb8;"):
        compressed_to_rgb(message)


def test_a_header_claiming_more_pixels_than_opencv_takes_is_refused():
    size = struct.pack(">II", 2**16, 2**16)
    header_chunk = b"IHDR" + size + bytes([8, 2, 0, 0, 0])
    data = encoded(picture(), ".png")
    forged = data[:12] + header_chunk + struct.pack(">I", zlib.crc32(header_chunk)) + data[33:]
    with pytest.raises(ValueError, match=r"do not decode \(pixels <= CV_IO_MAX_IMAGE_PIXELS\)"):
        compressed_to_rgb(compressed(forged, "rgb8; png compressed bgr8"))


def test_a_video_packet_is_refused():
    with pytest.raises(ValueError, match="got 50 bytes of format 'h264' that do not decode"):
        compressed_to_rgb(compressed(b"\x00\x00\x00\x01g" * 10, "h264"))


@pytest.mark.parametrize("image_format", ["16UC1; compressedDepth png", "32FC1; compressedDepth"])
def test_a_compressed_depth_image_is_refused(image_format):
    message = compressed(encoded(picture(), ".png"), image_format)
    with pytest.raises(ValueError, match=r"must be a JPEG or PNG colour image, got .*Depth"):
        compressed_to_rgb(message)


def test_a_rectified_image_has_the_intrinsics_of_p():
    camera = intrinsics_from_camera_info(camera_info(), 60, 40)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (50.0, 51.0, 30.0, 20.0)
    assert (camera.width, camera.height) == (60, 40)


@pytest.mark.parametrize("distortion", [[], [0.0] * 5])
def test_k_stands_in_for_an_empty_p_without_distortion(distortion):
    camera = intrinsics_from_camera_info(camera_info(p=[0.0] * 12, d=distortion), 60, 40)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (90.0, 91.0, 31.0, 21.0)


def test_an_unrectified_camera_is_refused():
    with pytest.raises(ValueError, match=r"got P all zero and .*0\.1.*image_proc"):
        intrinsics_from_camera_info(camera_info(p=[0.0] * 12), 60, 40)


def test_an_uncalibrated_camera_is_refused():
    message = camera_info(k=[0.0] * 9, p=[0.0] * 12, d=[])
    with pytest.raises(ValueError, match="must have a calibration, got P and K all zero"):
        intrinsics_from_camera_info(message, 60, 40)


@pytest.mark.parametrize(("index", "name"), [(0, "fx"), (2, "cx"), (5, "fy"), (6, "cy")])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_projection_that_is_not_finite_is_refused(index, name, value):
    message = camera_info()
    message.p[index] = value
    with pytest.raises(ValueError, match=f"camera_info P must have .* got .*{name}={value}"):
        intrinsics_from_camera_info(message, 60, 40)


@pytest.mark.parametrize("value", [0.0, -50.0])
def test_a_focal_length_that_is_not_positive_is_refused(value):
    message = camera_info()
    message.p[0] = value
    with pytest.raises(ValueError, match=f"focal lengths > 0 px .* got fx={value}"):
        intrinsics_from_camera_info(message, 60, 40)


def test_binning_divides():
    camera = intrinsics_from_camera_info(camera_info(binning_x=2, binning_y=4), 30, 10)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (25.0, 12.75, 15.0, 5.0)


def test_a_region_of_interest_moves_the_principal_point():
    message = camera_info(roi=region(8, 4, 40, 30))
    camera = intrinsics_from_camera_info(message, 40, 30)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (50.0, 51.0, 22.0, 16.0)


def test_a_region_is_in_unbinned_pixels():
    message = camera_info(roi=region(8, 4, 40, 30), binning_x=2, binning_y=2)
    camera = intrinsics_from_camera_info(message, 20, 15)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (25.0, 25.5, 11.0, 8.0)


def test_a_calibration_of_another_size_is_refused_with_both_sizes():
    with pytest.raises(ValueError, match=r"camera_info for 60x40 px .* image of 30x20 px"):
        to_frame(image_of(picture(20, 30)), camera_info())
