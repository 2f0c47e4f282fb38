"""Pairs go into the network as published, and its outputs come back to the camera's pixels."""

import numpy as np
import pytest

from scene_perception.frame import Frame, StereoFrame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.pipelines.stereo_input import (
    choose_fit,
    scale_x,
    scale_y,
    to_camera,
    to_network,
)


def pair(left: np.ndarray, right: np.ndarray) -> StereoFrame:
    height, width = left.shape[:2]
    camera = Intrinsics(100, 100, width / 2, height / 2, width, height)
    return StereoFrame(
        Frame(left, 0, "left"), Frame(right, 0, "right"), StereoCamera(camera, camera, 0.5)
    )


def image(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_the_odd_row_and_column_of_padding_are_below_and_right():
    fit = choose_fit((371, 121), (384, 128), "pad")
    assert fit.margins == (3, 4, 6, 7)


def test_padding_reflects_without_repeating_the_edge():
    left = image(121, 371)
    batch = to_network(pair(left, left), choose_fit((371, 121), (384, 128), "pad")).numpy()
    expected = np.pad(left, ((3, 4), (6, 7), (0, 0)), mode="reflect").transpose(2, 0, 1)
    np.testing.assert_array_equal(batch[0], (expected * np.float32(1 / 255)).astype(np.float32))


def test_the_left_image_comes_first():
    left, right = image(64, 64, 1), image(64, 64, 2)
    batch = to_network(pair(left, right), choose_fit((64, 64), (64, 64), "auto"))
    np.testing.assert_allclose(batch[1].permute(1, 2, 0) * 255, right, atol=1e-4)
    assert batch.shape == (2, 3, 64, 64)


def test_auto_pads_what_nearly_fills_the_network():
    assert choose_fit((1242, 375), (1280, 384), "auto").pad


@pytest.mark.parametrize("camera", [(1300, 375), (640, 375), (1242, 200)])
def test_auto_resizes_what_is_larger_or_much_smaller(camera):
    assert not choose_fit(camera, (1280, 384), "auto").pad


@pytest.mark.parametrize("camera", [(1300, 375), (1242, 100)])
def test_padding_that_is_impossible_is_refused_with_both_sizes(camera):
    with pytest.raises(ValueError, match=f"at most 1280x384 px .* got {camera[0]}x{camera[1]} px"):
        choose_fit(camera, (1280, 384), "pad")


def test_outputs_of_a_padded_image_lose_their_margins():
    fit = choose_fit((371, 121), (384, 128), "pad")
    plane = np.arange(128 * 384, dtype=np.float32).reshape(128, 384)
    np.testing.assert_array_equal(to_camera(plane, fit), plane[3:124, 6:377])
    assert (scale_x(fit), scale_y(fit)) == (1.0, 1.0)


def test_outputs_of_a_resized_image_are_resized_back_in_network_pixels():
    fit = choose_fit((200, 100), (128, 128), "resize")
    assert to_camera(np.full((128, 128), 3.0, np.float32), fit).shape == (100, 200)
    assert (scale_x(fit), scale_y(fit)) == (200 / 128, 100 / 128)


def test_outputs_are_copies_since_an_engine_may_overwrite_its_own():
    fit = choose_fit((128, 64), (128, 64), "pad")
    plane = np.zeros((64, 128), np.float32)
    to_camera(plane, fit)[:] = 1.0
    assert not plane.any()
