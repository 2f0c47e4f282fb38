import math

import pytest
import torch

from offline.losses.pose_vectors import opposite_angles, published_inverse, quaternion_pose_matrix
from scene_perception.geometry.se3 import inverse, pose_matrix


def rotation_of(*angles):
    return pose_matrix(torch.tensor([[0.0, 0.0, 0.0, *angles]]))[:, :3, :3]


def test_quaternion_of_equal_w_and_z_is_a_quarter_turn_about_z():
    transform = quaternion_pose_matrix(torch.tensor([[1.0, 2.0, 3.0, 0.0, 0.0, 1.0]]))
    expected = torch.tensor([[[0.0, -1, 0, 1], [1, 0, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]]])
    torch.testing.assert_close(transform, expected)


def test_quaternion_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"pose must be \(B, 6\), got \(6,\)"):
        quaternion_pose_matrix(torch.zeros(6))


@pytest.mark.parametrize("axis", range(3))
def test_angle_about_one_axis_comes_back(axis):
    angles = [0.0, 0.0, 0.0]
    angles[axis] = 0.7
    torch.testing.assert_close(opposite_angles(rotation_of(*angles)), torch.tensor([angles]))


def test_angles_compose_to_the_rotation_in_the_opposite_order():
    rotation = rotation_of(0.3, -0.2, 0.5)
    rx, ry, rz = opposite_angles(rotation)[0].tolist()
    composed = rotation_of(0, 0, rz) @ rotation_of(0, ry, 0) @ rotation_of(rx, 0, 0)
    torch.testing.assert_close(composed, rotation)


def test_gimbal_lock_gives_no_angle_about_z():
    locked = rotation_of(0.0, math.pi / 2, 0.0)
    expected = torch.tensor([[0.0, math.pi / 2, 0.0]])
    torch.testing.assert_close(opposite_angles(locked), expected, atol=1e-6, rtol=0)


def test_published_inverse_is_exact_about_one_axis_and_near_it_about_two():
    one = pose_matrix(torch.tensor([[0.1, 0.2, 0.3, 0.0, 0.4, 0.0]]))
    torch.testing.assert_close(published_inverse(one), inverse(one))
    two = pose_matrix(torch.tensor([[0.1, 0.2, 0.3, 0.1, 0.2, 0.0]]))
    difference = (published_inverse(two) - inverse(two)).abs().max()
    assert 0.01 < difference < 0.03  # rx * ry
