"""The network's input is the published formula's, and its size can be undone."""

import cv2
import numpy as np
import pytest
import torch

from scene_perception.frame import Frame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.pipelines.preprocess import to_network


def frame_of(height: int, width: int, intrinsics: Intrinsics | None = None) -> Frame:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Frame(image, 0, "camera", intrinsics)


@pytest.mark.parametrize(("height", "width"), [(375, 1242), (192, 640), (100, 200)])
def test_pixels_equal_the_published_preprocessing(height, width):
    frame = frame_of(height, width)
    published = cv2.resize(frame.image / 255.0, (640, 192)).astype(np.float32)
    image = to_network(frame, 640, 192).image
    assert image.shape == (1, 3, 192, 640)
    assert image.dtype == torch.float32
    assert image.is_contiguous()
    np.testing.assert_allclose(image[0].numpy(), published.transpose(2, 0, 1), atol=3e-7)


def test_the_first_channel_is_red():
    image = np.zeros((4, 4, 3), dtype=np.uint8)
    image[..., 0] = 255
    assert to_network(Frame(image, 0, "camera"), 2, 2).image[0, :, 0, 0].tolist() == [1.0, 0.0, 0.0]


def test_intrinsics_follow_the_resize():
    camera = Intrinsics(720.0, 720.0, 620.5, 187.0, width=1242, height=375)
    network_input = to_network(frame_of(375, 1242, camera), 621, 750)
    assert network_input.intrinsics == Intrinsics(360.0, 1440.0, 310.0, 374.5, 621, 750)


def test_unknown_intrinsics_stay_unknown():
    assert to_network(frame_of(8, 8), 4, 4).intrinsics is None
