"""What the GPU computes before the network equals what OpenCV and NumPy compute; run on a CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from scene_perception.engines.config import NetworkConfig
from scene_perception.frame import Frame
from scene_perception.pipelines.device_preprocess import (
    Uploader,
    device_of,
    on_host,
    padded_planes,
    resized_planes,
    uploader,
)
from scene_perception.pipelines.preprocess import to_network
from scene_perception.pipelines.stereo_input import choose_fit, pair_to_network
from scene_perception.pipelines.stereo_input import to_network as pair_input

CPU = torch.device("cpu")


def image_of(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(375, 1242), (720, 1280), (97, 131), (192, 640)])
def test_resizing_is_opencvs(size):
    image = image_of(*size)
    given = resized_planes(torch.from_numpy(image)[None], 640, 192)
    expected = to_network(Frame(image, 0, "camera"), 640, 192).image
    assert given.shape == expected.shape
    assert given.is_contiguous()
    torch.testing.assert_close(given, expected, rtol=0, atol=1e-4)


def test_padding_is_the_stereo_pipelines():
    left, right = image_of(370, 1226), image_of(370, 1226, seed=1)
    fit = choose_fit((1226, 370), (1280, 384), "pad")
    given = padded_planes(Uploader(CPU)(left, right), fit.margins)
    torch.testing.assert_close(given, pair_to_network(left, right, fit), rtol=0, atol=1e-7)


@pytest.mark.parametrize("way", ["pad", "resize"])
def test_a_pair_whose_bytes_are_uploaded_is_the_same_input(pair_at, way):
    pair = pair_at(1.0)
    fit = choose_fit((192, 128), (256, 192), way)
    given = pair_input(pair, fit, Uploader(CPU)(pair.left.image, pair.right.image))
    torch.testing.assert_close(given, pair_input(pair, fit), rtol=0, atol=1e-4)


def test_engines_of_cpus_get_their_images_on_the_cpu():
    assert device_of(NetworkConfig(backend="openvino")).type == "cpu"


def test_enlarging_two_pixels_by_hand():
    pixels = torch.tensor([0, 255], dtype=torch.uint8).view(1, 1, 2, 1).expand(1, 1, 2, 3)
    row = resized_planes(pixels, 4, 1)[0, 0, 0]
    assert row.tolist() == pytest.approx([0.0, 0.25, 0.75, 1.0])


def test_uploaded_images_keep_their_pixels():
    images = image_of(5, 7), image_of(5, 7, seed=1)
    assert np.array_equal(Uploader(CPU)(*images).numpy(), np.stack(images))


def test_what_is_on_the_host_is_not_copied():
    tensor = torch.arange(3)
    assert on_host(tensor) is tensor


def test_a_cpu_needs_no_upload():
    assert uploader(CPU) is None


def test_the_pipelines_input_is_the_same_with_an_upload():
    frame = Frame(image_of(97, 131), 0, "camera")
    with_upload = to_network(frame, 640, 192, Uploader(CPU)).image
    torch.testing.assert_close(with_upload, to_network(frame, 640, 192).image, rtol=0, atol=1e-4)
