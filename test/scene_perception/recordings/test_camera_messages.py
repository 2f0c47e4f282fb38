"""Messages as they are read without ROS; those of ROS are in ``nodes/test_conversions.py``."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from scene_perception.geometry.camera import Intrinsics
from scene_perception.recordings import cdr
from scene_perception.recordings.camera_messages import (
    compressed_to_rgb,
    image_to_rgb,
    intrinsics_from_camera_info,
)

PIXELS = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def read(data: bytes, msgtype: str):
    return cdr.typestore().deserialize_cdr(data, msgtype)


@pytest.mark.parametrize(("encoding", "stored"), [("rgb8", PIXELS), ("bgr8", PIXELS[..., ::-1])])
def test_a_recorded_image_becomes_rgb(encoding, stored):
    message = read(cdr.image(stored, encoding, 0, ""), cdr.IMAGE)
    np.testing.assert_array_equal(image_to_rgb(message), PIXELS)


def test_a_recorded_png_becomes_rgb():
    data = cv2.imencode(".png", PIXELS[..., ::-1])[1].tobytes()
    message = read(cdr.compressed_image(data, "png", 0, ""), cdr.COMPRESSED_IMAGE)
    np.testing.assert_array_equal(compressed_to_rgb(message), PIXELS)


def test_a_recorded_calibration_has_its_intrinsics():
    camera = Intrinsics(700.0, 710.0, 3.5, 1.25, width=6, height=4)
    message = read(cdr.camera_info(camera, 0, ""), cdr.CAMERA_INFO)
    assert intrinsics_from_camera_info(message, 6, 4) == camera


def test_a_cut_off_image_is_refused():
    message = read(cdr.compressed_image(b"\xff\xd8 cut", "jpeg", 0, ""), cdr.COMPRESSED_IMAGE)
    with pytest.raises(ValueError, match="must be a whole JPEG or PNG"):
        compressed_to_rgb(message)
