"""Every encoding against values worked by hand, OpenCV's own conversion, and cv_bridge."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from scene_perception.recordings.encodings import ENCODINGS, decode, demosaic

ORANGE = (200, 100, 50)
YUV_RED = (81, 90, 240)  # BT.601, video range

# Two pixels, RGB (10, 20, 30) and (40, 50, 60), or their gray 10 and 40.
PACKED = {
    "rgb8": [10, 20, 30, 40, 50, 60],
    "bgr8": [30, 20, 10, 60, 50, 40],
    "8UC3": [30, 20, 10, 60, 50, 40],
    "rgba8": [10, 20, 30, 255, 40, 50, 60, 0],
    "bgra8": [30, 20, 10, 255, 60, 50, 40, 0],
    "mono8": [10, 40],
    "8UC1": [10, 40],
}
TO_RGB = {
    "bgr8": cv2.COLOR_BGR2RGB,
    "rgba8": cv2.COLOR_RGBA2RGB,
    "bgra8": cv2.COLOR_BGRA2RGB,
    "mono8": cv2.COLOR_GRAY2RGB,
    "bayer_rggb8": cv2.COLOR_BayerRGGB2RGB,
    "bayer_bggr8": cv2.COLOR_BayerBGGR2RGB,
    "bayer_gbrg8": cv2.COLOR_BayerGBRG2RGB,
    "bayer_grbg8": cv2.COLOR_BayerGRBG2RGB,
    "yuv422": cv2.COLOR_YUV2RGB_UYVY,
    "yuv422_yuy2": cv2.COLOR_YUV2RGB_YUY2,
    "nv12": cv2.COLOR_YUV2RGB_NV12,
    "nv21": cv2.COLOR_YUV2RGB_NV21,
}
WIDE = [name for name, layout in ENCODINGS.items() if layout.item_size == 2]


def plane(encoding, width, height, seed=0):
    """Random bytes of an unpadded image as its rows in memory."""
    layout = ENCODINGS[encoding]
    rows = height * layout.rows[0] // layout.rows[1]
    row = width * layout.channels * layout.item_size
    return np.random.default_rng(seed).integers(0, 256, (rows, row), dtype=np.uint8)


def expected_two_pixels(encoding):
    if ENCODINGS[encoding].channels == 1:
        return [[[10, 10, 10], [40, 40, 40]]]
    return [[[10, 20, 30], [40, 50, 60]]]


@pytest.mark.parametrize("encoding", PACKED)
def test_eight_bit_pixels_become_rgb(encoding):
    data = bytes(PACKED[encoding])
    image = decode(data, encoding, 2, 1, len(data))
    np.testing.assert_array_equal(image, expected_two_pixels(encoding))


@pytest.mark.parametrize("is_bigendian", [False, True])
@pytest.mark.parametrize("encoding", ["rgb16", "bgr16", "rgba16", "bgra16", "mono16"])
def test_sixteen_bit_pixels_keep_their_high_byte(encoding, is_bigendian):
    values = np.array(PACKED[encoding.replace("16", "8")]) * 256 + 0x7F
    data = values.astype(">u2" if is_bigendian else "<u2").tobytes()
    image = decode(data, encoding, 2, 1, len(data), is_bigendian=is_bigendian)
    np.testing.assert_array_equal(image, expected_two_pixels(encoding))


@pytest.mark.parametrize("size", [(6, 4), (5, 3), (7, 4)])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_a_mosaic_of_one_colour_becomes_that_colour(pattern, depth, size):
    width, height = size
    letters = np.resize(list(pattern), (2, 2))
    rows, columns = np.indices((height, width)) % 2
    colour_of = dict(zip("rgb", ORANGE, strict=True))
    mosaic = np.vectorize(colour_of.get)(letters[rows, columns])
    data = mosaic.astype(np.uint8) if depth == 8 else (mosaic * 256).astype("<u2")
    image = decode(data.tobytes(), f"bayer_{pattern}{depth}", width, height, width * depth // 8)
    np.testing.assert_array_equal(image, np.broadcast_to(ORANGE, (height, width, 3)))


@pytest.mark.parametrize(
    ("encoding", "order"),
    [
        ("uyvy", "UYVY" * 4),
        ("yuv422", "UYVY" * 4),
        ("yuyv", "YUYV" * 4),
        ("yuv422_yuy2", "YUYV" * 4),
        ("nv12", "YYYYYYYY" + "UVUV"),
        ("nv21", "YYYYYYYY" + "VUVU"),
        ("nv24", "YYYYYYYY" + "UVUVUVUV" * 2),
    ],
)
def test_yuv_red_becomes_rgb_red(encoding, order):
    value_of = dict(zip("YUV", YUV_RED, strict=True))
    data = bytes(value_of[letter] for letter in order)
    step = 8 if ENCODINGS[encoding].channels == 2 else 4
    image = decode(data, encoding, 4, 2, step)
    assert image.shape == (2, 4, 3)
    # 1.164 * (81 - 16) + 1.596 * (240 - 128) = 254.4; green and blue come out below 0.
    np.testing.assert_allclose(image, np.broadcast_to((254, 0, 0), (2, 4, 3)), atol=1)


@pytest.mark.parametrize("encoding", TO_RGB)
def test_random_data_agrees_with_opencv(encoding):
    data = plane(encoding, 36, 22)
    channels = ENCODINGS[encoding].channels
    packed = data if channels == 1 else data.reshape(len(data), 36, channels)
    image = decode(data, encoding, 36, 22, data.shape[1])
    np.testing.assert_array_equal(image, cv2.cvtColor(packed, TO_RGB[encoding]))


def test_nv24_with_chroma_repeated_in_blocks_equals_nv12():
    data = plane("nv12", 8, 6)
    chroma = data[6:].reshape(3, 4, 2).repeat(2, axis=0).repeat(2, axis=1)
    full = np.concatenate([data[:6].ravel(), chroma.ravel()])
    np.testing.assert_array_equal(decode(full, "nv24", 8, 6, 8), decode(data, "nv12", 8, 6, 8))


@pytest.mark.parametrize("padding", [1, 2, 7])
@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name != "nv24"])
def test_row_padding_changes_nothing(encoding, padding):
    data = plane(encoding, 10, 6)
    padded = np.pad(data, ((0, 0), (0, padding)), constant_values=0xAA)
    image = decode(data, encoding, 10, 6, data.shape[1])
    np.testing.assert_array_equal(decode(padded, encoding, 10, 6, padded.shape[1]), image)


def test_row_padding_of_nv24_is_twice_as_wide_in_its_chroma():
    data = plane("nv24", 10, 6)
    chroma = np.pad(data[6:].reshape(6, 20), ((0, 0), (0, 6)))
    padded = np.concatenate([np.pad(data[:6], ((0, 0), (0, 3))).ravel(), chroma.ravel()])
    image = decode(data, "nv24", 10, 6, 10)
    np.testing.assert_array_equal(decode(padded, "nv24", 10, 6, 13), image)


@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name != "nv24"])
def test_the_last_row_needs_no_padding(encoding):
    data = plane(encoding, 10, 6)
    step = data.shape[1] + 5
    padded = np.pad(data, ((0, 0), (0, 5))).ravel()[:-5]
    image = decode(data, encoding, 10, 6, data.shape[1])
    np.testing.assert_array_equal(decode(padded, encoding, 10, 6, step), image)


@pytest.mark.parametrize("encoding", WIDE)
def test_big_endian_equals_little_endian(encoding):
    little = plane(encoding, 10, 6)
    big = little.view("<u2").byteswap().view(np.uint8)
    step = little.shape[1]
    np.testing.assert_array_equal(
        decode(big, encoding, 10, 6, step, is_bigendian=True),
        decode(little, encoding, 10, 6, step),
    )


def test_eight_bit_images_ignore_the_byte_order():
    data = plane("bgr8", 10, 6)
    np.testing.assert_array_equal(
        decode(data, "bgr8", 10, 6, 30, is_bigendian=True), decode(data, "bgr8", 10, 6, 30)
    )


def test_unpadded_rgb_is_not_copied():
    data = plane("rgb8", 10, 6)
    assert np.shares_memory(decode(data, "rgb8", 10, 6, 30), data)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_image_is_contiguous(encoding):
    data = np.pad(plane(encoding, 10, 6), ((0, 12), (0, 1)))
    image = decode(data, encoding, 10, 6, data.shape[1])
    assert image.shape == (6, 10, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous


def test_an_unknown_encoding_is_refused_with_the_list_of_known_ones():
    with pytest.raises(ValueError, match=r"one of rgb8, .*nv24, got '16UC1'"):
        decode(bytes(100), "16UC1", 4, 4, 8)


@pytest.mark.parametrize(("width", "height"), [(0, 4), (4, 0), (0, 0)])
def test_an_empty_image_is_refused(width, height):
    with pytest.raises(ValueError, match=f"at least 1x1 px for rgb8, got {width}x{height}"):
        decode(bytes(100), "rgb8", width, height, 12)


def test_a_mosaic_too_small_to_interpolate_is_refused():
    with pytest.raises(ValueError, match="at least 3x3 px for bayer_rggb8, got 8x2"):
        decode(bytes(100), "bayer_rggb8", 8, 2, 8)


def test_a_small_decompressed_mosaic_is_refused():
    with pytest.raises(ValueError, match="at least 3x3 px for bayer_rggb8, got 8x2"):
        demosaic(np.zeros((2, 8), np.uint8), "bayer_rggb8")


@pytest.mark.parametrize("encoding", ["uyvy", "yuv422", "yuyv", "yuv422_yuy2", "nv12", "nv21"])
def test_an_odd_width_is_refused_where_two_columns_share_their_colour(encoding):
    with pytest.raises(ValueError, match=f"width must be even for {encoding}.* got 5x4"):
        decode(bytes(100), encoding, 5, 4, 10)


@pytest.mark.parametrize("encoding", ["nv12", "nv21"])
def test_an_odd_height_is_refused_where_two_rows_share_their_colour(encoding):
    with pytest.raises(ValueError, match=f"height must be even for {encoding}.* got 4x5"):
        decode(bytes(100), encoding, 4, 5, 4)


def test_a_step_shorter_than_a_row_is_refused():
    with pytest.raises(ValueError, match="step must be at least 12 bytes for 4 px of rgb8, got 11"):
        decode(bytes(100), "rgb8", 4, 4, 11)


@pytest.mark.parametrize(
    ("encoding", "step", "needed"), [("rgb8", 13, 51), ("rgb16", 24, 96), ("nv12", 4, 24)]
)
def test_truncated_data_is_refused_with_both_lengths(encoding, step, needed):
    decode(bytes(needed), encoding, 4, 4, step)
    with pytest.raises(ValueError, match=f"at least {needed} bytes .* got {needed - 1}"):
        decode(bytes(needed - 1), encoding, 4, 4, step)


@pytest.mark.parametrize("encoding", ["rgb8", *(name for name in TO_RGB if name[:2] != "nv")])
def test_cv_bridge_gives_the_same_image(encoding):
    bridge = pytest.importorskip("cv_bridge", reason="cv_bridge comes with ROS, not from PyPI")
    from sensor_msgs.msg import Image

    data = plane(encoding, 36, 22)
    message = Image(height=22, width=36, encoding=encoding, step=int(data.shape[1]))
    message.data.frombytes(data.tobytes())
    theirs = bridge.CvBridge().imgmsg_to_cv2(message, "rgb8")
    np.testing.assert_array_equal(decode(data, encoding, 36, 22, data.shape[1]), theirs)
