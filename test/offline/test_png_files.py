from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.png_files import read_png, write_png


def test_values_come_as_they_are_stored(tmp_path):
    values = np.array([[0, 1], [256, 65535]], np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), values)
    np.testing.assert_array_equal(read_png(tmp_path / "a.png", np.uint16), values)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_is_written_is_read_again(tmp_path, shape, dtype):
    values = np.arange(np.prod(shape), dtype=dtype).reshape(shape)
    write_png(tmp_path / "a.png", values)
    channels = shape[2] if len(shape) == 3 else 1
    np.testing.assert_array_equal(read_png(tmp_path / "a.png", dtype, channels), values)


def test_nothing_is_no_image(tmp_path):
    with pytest.raises(ValueError, match=r"a.png must have pixels to be a PNG, got \(0, 3\)"):
        write_png(tmp_path / "a.png", np.zeros((0, 3), np.uint8))


def test_of_three_channels_blue_is_first(tmp_path):
    values = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
    cv2.imwrite(str(tmp_path / "a.png"), values)
    np.testing.assert_array_equal(read_png(tmp_path / "a.png", np.uint8, 3), values)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"a.png cannot be read: No such file"):
        read_png(tmp_path / "a.png", np.uint8)


@pytest.mark.parametrize("kept", [0, 0.5, 0.99])
def test_a_truncated_file_is_named(tmp_path, kept):
    file = tmp_path / "a.png"
    noise = np.random.default_rng(0).integers(0, 65535, (40, 60), np.uint16)
    cv2.imwrite(str(file), noise)
    content = file.read_bytes()
    file.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ValueError, match=r"a.png cannot be read: it is no image, or damaged"):
        read_png(file, np.uint16)


@pytest.mark.parametrize(
    ("dtype", "channels", "rule"),
    [
        (np.uint8, 1, "an 8-bit PNG of one channel"),
        (np.uint16, 1, "a 16-bit PNG of one channel"),
        (np.uint16, 3, "a 16-bit PNG of three channels"),
    ],
)
def test_another_depth_or_number_of_channels_is_refused(tmp_path, dtype, channels, rule):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((2, 3, 3), np.uint8))
    with pytest.raises(ValueError, match=rf"a.png must be {rule}, got \(2, 3, 3\) uint8"):
        read_png(tmp_path / "a.png", dtype, channels)
