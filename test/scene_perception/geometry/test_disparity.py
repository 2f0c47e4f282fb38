from __future__ import annotations

import torch

from scene_perception.geometry.disparity import depth_from_inverse_depth, normalize_inverse_depth


def test_each_image_is_divided_by_its_own_mean() -> None:
    raw = torch.tensor([[[[1.0, 3.0]]], [[[10.0, 10.0]]]])
    assert normalize_inverse_depth(raw).tolist() == [[[[0.5, 1.5]]], [[[1.0, 1.0]]]]


def test_depth_is_one_over_inverse_depth_and_infinite_at_zero() -> None:
    depth = depth_from_inverse_depth(torch.tensor([0.5, 0.0]))
    assert depth.tolist() == [2.0, float("inf")]
