"""Frames refuse what is not an image, a time or the camera's own calibration."""

import numpy as np
import pytest

from scene_perception.frame import Frame, MetricScale
from scene_perception.geometry.camera import Intrinsics

IMAGE = np.zeros((4, 6, 3), dtype=np.uint8)


def test_a_frame_keeps_what_it_is_given():
    camera = Intrinsics(5.0, 5.0, 2.5, 1.5, width=6, height=4)
    frame = Frame(IMAGE, 7, "camera", camera)
    assert frame.image is IMAGE
    assert (frame.stamp_ns, frame.frame_id, frame.intrinsics) == (7, "camera", camera)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 6), np.uint8),
        np.zeros((4, 6, 4), np.uint8),
        np.zeros((0, 6, 3), np.uint8),
        np.zeros((4, 6, 3), np.float32),
    ],
    ids=["grey", "four channels", "no rows", "float"],
)
def test_an_image_of_another_kind_is_refused(image):
    with pytest.raises(ValueError, match=r"image must be \(H, W, 3\) uint8"):
        Frame(image, 0, "camera")


def test_a_negative_stamp_is_refused():
    with pytest.raises(ValueError, match="stamp_ns must be >= 0, got -1"):
        Frame(IMAGE, -1, "camera")


def test_intrinsics_of_another_size_are_refused():
    camera = Intrinsics(5.0, 5.0, 2.5, 1.5, width=5, height=4)
    with pytest.raises(ValueError, match="intrinsics are for 5x4 px, the image has 6x4 px"):
        Frame(IMAGE, 0, "camera", camera)


def test_the_scale_is_relative_until_a_source_says_otherwise():
    assert MetricScale() == MetricScale(factor=1.0, source="none", is_metric=False)
