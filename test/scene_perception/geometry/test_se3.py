from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from scene_perception.geometry.se3 import compose, inverse, pose_matrix, rotation_vector


def test_a_quarter_turn_about_z_takes_x_to_y() -> None:
    transform = pose_matrix(torch.tensor([[1.0, 2, 3, 0, 0, math.pi / 2]]))[0]
    point = transform @ torch.tensor([1.0, 0, 0, 1])
    torch.testing.assert_close(point, torch.tensor([1.0, 3, 3, 1]))


def test_angles_beyond_half_a_turn_are_clipped() -> None:
    beyond, limit = torch.tensor([[0, 0, 0, 4.0, 0, 0]]), torch.tensor([[0, 0, 0, math.pi, 0, 0]])
    torch.testing.assert_close(pose_matrix(beyond), pose_matrix(limit))


def test_pose_matrices_equal_the_published_ones(unit: Callable[[str], Tensor]) -> None:
    expected = unit("rigid_out_matrix")
    torch.testing.assert_close(pose_matrix(unit("rigid_in_pose")), expected, atol=1e-6, rtol=0)


def test_a_pose_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pose must be \(B, 6\), got \(1, 7\)"):
        pose_matrix(torch.zeros(1, 7))


def test_a_transform_composed_with_its_inverse_is_the_identity() -> None:
    transform = pose_matrix(torch.tensor([[0.3, -0.1, 0.8, 0.5, -1.0, 0.2]]).double())
    product = compose(inverse(transform), transform)[0]
    torch.testing.assert_close(product, torch.eye(4, dtype=torch.float64))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("angle", [0.0, 1e-7, 0.5, 3.0, math.pi - 1e-7])
def test_the_rotation_vector_is_the_angle_about_the_axis(axis: int, angle: float) -> None:
    pose = torch.zeros(1, 6, dtype=torch.float64)
    pose[0, 3 + axis] = angle
    expected = torch.zeros(3, dtype=torch.float64)
    expected[axis] = angle
    vector = rotation_vector(pose_matrix(pose)[:, :3, :3])[0]
    torch.testing.assert_close(vector, expected, atol=1e-12, rtol=0)


def test_a_small_rotation_vector_is_the_euler_angles() -> None:
    angles = torch.tensor([1e-6, -2e-6, 3e-6], dtype=torch.float64)
    rotation = pose_matrix(torch.cat([torch.zeros(3), angles])[None])[:, :3, :3]
    torch.testing.assert_close(rotation_vector(rotation)[0], angles, atol=1e-11, rtol=0)
