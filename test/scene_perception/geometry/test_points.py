from __future__ import annotations

import numpy as np
import pytest

from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.points import organized_points, static_velocity

CAMERA = Intrinsics(10, 20, 2, 1, 5, 2)


def test_each_pixel_becomes_the_point_it_shows() -> None:
    depth = np.full((2, 5), 2, np.float32)
    points = organized_points(depth, CAMERA)
    assert points.shape == (2, 5, 3)
    assert points.dtype == np.float32
    np.testing.assert_allclose(points[0, 4], [0.4, -0.1, 2.0], rtol=1e-6)


def test_an_invalid_depth_gives_an_invalid_point() -> None:
    depth = np.full((2, 5), np.nan, np.float32)
    assert np.isnan(organized_points(depth, CAMERA)).all()


def test_intrinsics_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"depth must be \(2, 5\)"):
        organized_points(np.ones((2, 6), np.float32), CAMERA)


def test_static_points_come_towards_a_camera_that_drives_ahead() -> None:
    points = np.full((2, 5, 3), 7, np.float32)
    ahead = np.eye(4)
    ahead[2, 3] = -0.5
    velocity = static_velocity(points, ahead, interval_s=0.1)
    assert velocity.dtype == np.float32
    np.testing.assert_allclose(velocity, np.broadcast_to([0, 0, -5.0], (2, 5, 3)), atol=1e-6)


def test_static_points_swing_around_a_camera_that_turns() -> None:
    angle = 1e-3
    turn = np.eye(4)
    turn[0, 0] = turn[2, 2] = np.cos(angle)
    turn[0, 2], turn[2, 0] = np.sin(angle), -np.sin(angle)
    points = np.array([[[0, 0, 10]]], np.float32)
    velocity = static_velocity(points, turn, interval_s=0.5)
    np.testing.assert_allclose(velocity[0, 0], [0.02, 0, -1e-5], atol=1e-6)


def test_an_interval_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match=r"interval_s must be > 0 s, got 0.0"):
        static_velocity(np.zeros((1, 1, 3), np.float32), np.eye(4), interval_s=0.0)
