from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from scene_perception.geometry.se3 import (
    axis_angle_matrix,
    compose,
    inverse,
    pose_matrix,
    rotation_vector,
)


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


def test_a_quarter_turn_about_the_axis_z_takes_x_to_y_before_the_translation() -> None:
    axis_angle, translation = torch.tensor([[0.0, 0, math.pi / 2]]), torch.tensor([[1.0, 2, 3]])
    point = axis_angle_matrix(axis_angle, translation)[0] @ torch.tensor([1.0, 0, 0, 1])
    torch.testing.assert_close(point, torch.tensor([1.0, 3, 3, 1]))


def test_a_third_of_a_turn_about_the_diagonal_moves_each_axis_to_the_next() -> None:
    axis_angle = torch.full((1, 3), 2 * math.pi / 3 / math.sqrt(3), dtype=torch.float64)
    rotation = axis_angle_matrix(axis_angle, torch.zeros(1, 3, dtype=torch.float64))[0, :3, :3]
    expected = torch.eye(3, dtype=torch.float64).roll(1, 0)
    torch.testing.assert_close(rotation, expected, atol=2e-7, rtol=0)  # the published 1e-7


def test_the_rotation_vector_of_an_axis_and_angle_is_that_again() -> None:
    axis_angle = torch.tensor([[0.3, -0.5, 0.2], [-2.0, 1.0, 0.5]], dtype=torch.float64)
    rotation = axis_angle_matrix(axis_angle, torch.zeros_like(axis_angle))[:, :3, :3]
    torch.testing.assert_close(rotation_vector(rotation), axis_angle, atol=1e-6, rtol=0)


def test_no_rotation_is_the_identity_with_a_gradient_that_is_a_number() -> None:
    axis_angle = torch.zeros(1, 3, requires_grad=True)
    transform = axis_angle_matrix(axis_angle, torch.zeros(1, 3))
    assert torch.equal(transform[0], torch.eye(4))
    transform.sum().backward()
    assert axis_angle.grad is not None
    assert axis_angle.grad.isfinite().all()


def test_an_axis_and_angle_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must both be \(B, 3\), got \(2, 3\) and \(3,\)"):
        axis_angle_matrix(torch.zeros(2, 3), torch.zeros(3))


def test_angles_that_are_not_clipped_go_on_round() -> None:
    pose = torch.tensor([[1.0, 2, 3, 0, 0, 1.5 * math.pi]])
    point = pose_matrix(pose, clip=False)[0] @ torch.tensor([1.0, 0, 0, 1])
    torch.testing.assert_close(point, torch.tensor([1.0, 1, 3, 1]), atol=1e-6, rtol=0)
