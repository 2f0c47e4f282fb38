from __future__ import annotations

import numpy as np
import pytest
import torch

from scene_perception.geometry.disparity import (
    depth_from_disparity,
    depth_from_inverse_depth,
    disparity_from_depth,
    normalize_inverse_depth,
)


def test_each_image_is_divided_by_its_own_mean() -> None:
    raw = torch.tensor([[[[1.0, 3.0]]], [[[10.0, 10.0]]]])
    assert normalize_inverse_depth(raw).tolist() == [[[[0.5, 1.5]]], [[[1.0, 1.0]]]]


def test_depth_is_one_over_inverse_depth_and_infinite_at_zero() -> None:
    depth = depth_from_inverse_depth(torch.tensor([0.5, 0.0]))
    assert depth.tolist() == [2.0, float("inf")]


def test_depth_is_focal_length_times_baseline_over_disparity_above_infinity(stereo_camera) -> None:
    # 240 px * 0.5 m = 120 px m, and infinity lies at 158.3 - 155.3 = 3 px.
    depth = depth_from_disparity(np.array([[7, 63, 123]], np.float32), stereo_camera)
    assert depth.tolist() == [[pytest.approx(30), pytest.approx(2), pytest.approx(1)]]
    assert depth.dtype == np.float32


@pytest.mark.filterwarnings("error")
def test_depth_is_infinite_at_infinity_negative_beyond_and_unknown_where_disparity_is(
    stereo_camera,
) -> None:
    infinity = stereo_camera.zero_disparity_px
    depth = depth_from_disparity(np.array([infinity, -57, np.nan], np.float32), stereo_camera)
    assert depth[1] == pytest.approx(-2)
    assert np.isinf(depth[0])
    assert np.isnan(depth[2])


@pytest.mark.filterwarnings("error")
def test_disparity_of_infinite_depth_is_that_of_infinity(stereo_camera) -> None:
    disparity = disparity_from_depth(np.array([np.inf, 2, 0], np.float32), stereo_camera)
    assert disparity.tolist() == [pytest.approx(3), pytest.approx(63), np.inf]


def test_exact_disparities_give_depth_within_a_tenth_of_a_percent(stereo_scene) -> None:
    depth = depth_from_disparity(stereo_scene.disparity, stereo_scene.camera)
    np.testing.assert_allclose(depth, stereo_scene.points[..., 2], rtol=1e-5)
    disparity = disparity_from_depth(depth, stereo_scene.camera)
    np.testing.assert_allclose(disparity, stereo_scene.disparity, rtol=1e-5)
