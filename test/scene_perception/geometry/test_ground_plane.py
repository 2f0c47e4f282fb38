"""The ground plane: exact on a flat road, robust to outliers, silent on walls."""

import numpy as np
import pytest

from scene_perception.geometry.ground_plane import fit_ground_plane

HEIGHT = 1.65


def road(count: int = 1000, height: float = HEIGHT) -> np.ndarray:
    generator = np.random.default_rng(1)
    x, z = generator.uniform(-5, 5, count), generator.uniform(4, 40, count)
    return np.stack([x, np.full(count, height), z], axis=1)


def rotated(points: np.ndarray, axis: int, degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    first, second = (i for i in range(3) if i != axis)
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
    return points @ matrix.T


def test_a_flat_road_gives_the_camera_s_height():
    plane = fit_ground_plane(road())
    assert plane is not None
    assert plane.height == pytest.approx(HEIGHT, rel=1e-9)
    assert plane.normal == pytest.approx([0, 1, 0], abs=1e-9)
    assert plane.inliers == 1.0


@pytest.mark.parametrize(
    ("axis", "degrees"), [(0, 10), (0, -10), (2, 8)], ids=["up", "down", "roll"]
)
def test_a_tilted_camera_measures_the_distance_to_the_road(axis, degrees):
    plane = fit_ground_plane(rotated(road(), axis, degrees))
    assert plane is not None
    assert plane.height == pytest.approx(HEIGHT, rel=1e-6)


def test_thirty_percent_outliers_and_noisy_depth_cost_under_one_percent():
    generator = np.random.default_rng(2)
    points = road() * (1 + 0.03 * generator.standard_normal((1000, 1)))
    points[:300] = generator.uniform([-5, -3, 4], [5, 1, 40], (300, 3))
    plane = fit_ground_plane(points)
    assert plane is not None
    assert plane.height == pytest.approx(HEIGHT, rel=0.01)
    assert 0.65 < plane.inliers < 0.8


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_unit_of_the_points_does_not_matter(scale):
    plane = fit_ground_plane(road() * scale)
    assert plane is not None
    assert plane.height == pytest.approx(HEIGHT * scale, rel=1e-6)


def test_a_wall_is_no_ground():
    assert fit_ground_plane(rotated(road(), 0, 60)) is None


def test_a_ceiling_is_no_ground():
    assert fit_ground_plane(road(height=-HEIGHT)) is None


def test_a_cloud_is_no_ground():
    cloud = np.random.default_rng(3).uniform([-5, -5, 1], [5, 5, 40], (1000, 3))
    assert fit_ground_plane(cloud) is None


@pytest.mark.parametrize("points", [np.zeros((0, 3)), road(2), road(1).repeat(50, axis=0)])
def test_points_that_span_no_plane_give_none(points):
    assert fit_ground_plane(points) is None


def test_points_on_one_line_give_none():
    line = np.linspace(1, 2, 50)[:, None] * np.array([[0.3, 1.0, 5.0]])
    assert fit_ground_plane(line) is None


def test_the_same_points_give_the_same_plane():
    points = road() * (1 + 0.03 * np.random.default_rng(4).standard_normal((1000, 1)))
    first, second = fit_ground_plane(points), fit_ground_plane(points)
    assert first is not None
    assert second is not None
    assert first.height == second.height


def test_points_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"points must be \(N, 3\), got \(4, 2\)"):
        fit_ground_plane(np.zeros((4, 2)))
