"""A transform moves points; the camera moves the other way."""

import numpy as np
import pytest
import torch

from scene_perception.frame import MetricScale
from scene_perception.geometry.se3 import pose_matrix, rotation_vector
from scene_perception.pipelines.ego_motion import ego_motion, mean_velocity

METRIC = MetricScale(10.0, "fixed", is_metric=True)


def pose(*values: float) -> np.ndarray:
    """The transform of a pose vector, as networks give it."""
    return pose_matrix(torch.tensor([values], dtype=torch.float32))[0].numpy()


def test_a_camera_that_drives_forward_has_positive_z_velocity():
    motion = ego_motion(pose(0, 0, -0.05, 0, 0, 0), METRIC, elapsed_s=0.1)
    assert motion.linear_m_s == pytest.approx([0, 0, 5.0], abs=1e-6)
    assert motion.angular_rad_s == pytest.approx([0, 0, 0], abs=1e-12)


def test_a_camera_that_turns_right_has_positive_y_rate():
    """Points move to the left of a camera that turns right about its down axis."""
    motion = ego_motion(pose(0, 0, 0, 0, -0.02, 0), METRIC, elapsed_s=0.1)
    ahead = motion.next_from_current @ np.array([0.0, 0.0, 10.0, 1.0])
    assert ahead[0] < 0
    assert motion.angular_rad_s == pytest.approx([0, 0.2, 0], abs=1e-6)


def test_points_and_translation_share_the_scale():
    motion = ego_motion(pose(0.1, 0.2, 0.3, 0, 0, 0), METRIC, elapsed_s=1.0)
    assert motion.next_from_current[:3, 3] == pytest.approx([1.0, 2.0, 3.0], rel=1e-6)
    assert motion.scale is METRIC


def test_velocity_is_in_the_current_frame_s_axes_while_turning():
    quarter = np.pi / 2
    motion = ego_motion(pose(0, 0, -0.1, 0, -quarter, 0), METRIC, elapsed_s=1.0)
    # Next camera looks along the current x axis; its origin, 1 m along its own +z.
    assert motion.linear_m_s == pytest.approx([1.0, 0, 0], abs=1e-6)
    assert motion.angular_rad_s == pytest.approx([0, quarter, 0], abs=1e-6)


@pytest.mark.parametrize("angles", [(1e-9, 0, 0), (0.01, -0.02, 0.03), (1.0, 0.5, -1.5)])
def test_angular_velocity_is_the_rotation_vector_of_the_camera(angles):
    transform = pose_matrix(torch.tensor([[0, 0, 0, *angles]], dtype=torch.float64))[0]
    motion = mean_velocity(transform.numpy(), METRIC, elapsed_s=1.0)
    expected = rotation_vector(transform[:3, :3].T).numpy()
    np.testing.assert_allclose(motion.angular_rad_s, expected, rtol=1e-9, atol=1e-15)


def test_single_precision_of_a_network_s_transform_costs_no_more_than_its_digits():
    motion = ego_motion(pose(0, 0, -0.1, 1e-4, -0.002, 3e-5), METRIC, elapsed_s=0.1)
    assert motion.angular_rad_s == pytest.approx([-1e-3, 0.02, -3e-4], rel=1e-2)
    assert motion.linear_m_s == pytest.approx([0.02, 1e-3, 10.0], rel=1e-2)


def test_motion_to_an_earlier_frame_gives_the_same_velocity():
    ahead = ego_motion(pose(0.1, 0, -0.05, 0, 0.02, 0), METRIC, elapsed_s=0.1)
    back = np.linalg.inv(ahead.next_from_current)
    motion = mean_velocity(back, METRIC, elapsed_s=-0.1)
    # Both are mean velocities over 0.1 s, each in the axes of its own frame.
    np.testing.assert_allclose(
        np.linalg.norm(motion.linear_m_s), np.linalg.norm(ahead.linear_m_s), rtol=1e-6
    )
    np.testing.assert_allclose(motion.angular_rad_s, ahead.angular_rad_s, atol=1e-6)


@pytest.mark.parametrize("elapsed_s", [0.0, float("nan")])
def test_time_that_stands_still_is_refused(elapsed_s):
    with pytest.raises(ValueError, match="elapsed_s must not be 0, got"):
        ego_motion(pose(0, 0, 0, 0, 0, 0), METRIC, elapsed_s)
