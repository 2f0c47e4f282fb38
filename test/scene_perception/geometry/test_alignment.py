"""Closed form and Gauss-Newton find the motion that points made."""

import numpy as np
import pytest

from scene_perception.geometry.alignment import (
    aligning_motions,
    disagreement,
    gauss_newton_step,
    linearised,
    squared_errors,
    triangulated,
)

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def points():
    return np.random.default_rng(0).uniform([-4, -2, 4], [4, 2, 20], (5, 8, 3))


def test_triangulation_inverts_what_the_pair_sees(points, stereo_camera, project_stereo):
    seen = project_stereo(points, stereo_camera)
    np.testing.assert_allclose(triangulated(seen, stereo_camera), points, rtol=1e-12)


@pytest.mark.parametrize("count", [3, 8], ids=["three points", "eight points"])
def test_sets_of_points_are_aligned_exactly(points, make_motion, count):
    motion = make_motion([0.3, -1.2, 0.5], [1.0, 2.0, -3.0])
    targets = points @ motion[:3, :3].T + motion[:3, 3]
    found = aligning_motions(points[:, :count], targets[:, :count])
    np.testing.assert_allclose(found, np.broadcast_to(motion, (5, 4, 4)), atol=1e-12)


def test_a_mirrored_set_is_aligned_by_a_rotation(points):
    rotation = aligning_motions(points, points * [-1, 1, 1])[:, :3, :3]
    np.testing.assert_allclose(np.linalg.det(rotation), 1, rtol=1e-12)


def test_the_derivative_is_that_of_finite_differences(
    points, stereo_camera, project_stereo, make_motion
):
    seen = project_stereo(points, stereo_camera)
    identity = np.broadcast_to(np.eye(4), (5, 4, 4))
    residual, jacobian = linearised(identity, points, seen, stereo_camera)
    np.testing.assert_allclose(residual, 0, atol=1e-9)
    for axis in range(6):
        twist = np.zeros(6)
        twist[axis] = 1e-6
        small = make_motion(twist[3:], twist[:3])
        there, _ = linearised(small @ identity, points, seen, stereo_camera)
        back, _ = linearised(np.linalg.inv(small) @ identity, points, seen, stereo_camera)
        np.testing.assert_allclose(jacobian[:, axis], (there - back) / 2e-6, rtol=1e-5, atol=1e-4)


def test_steps_converge_quadratically_to_the_motion(
    points, stereo_camera, project_stereo, make_motion
):
    motion = make_motion([0.02, -0.1, 0.05], [0.2, 0.1, -1.0])
    seen = project_stereo(points @ motion[:3, :3].T + motion[:3, 3], stereo_camera)
    found, errors = np.broadcast_to(np.eye(4), (5, 4, 4)), []
    for _ in range(6):
        residual, jacobian = linearised(found, points, seen, stereo_camera)
        found = gauss_newton_step(found, residual, jacobian, np.ones((5, 8)))
        errors.append(np.abs(found - motion).max())
    assert errors[2] < errors[1] ** 2
    assert errors[3] < 5 * errors[2] ** 2
    assert errors[-1] < 1e-12


def test_points_of_no_weight_move_nothing(points, stereo_camera, project_stereo):
    identity = np.broadcast_to(np.eye(4), (5, 4, 4))
    seen = project_stereo(points, stereo_camera) + 3.0
    residual, jacobian = linearised(identity, points, seen, stereo_camera)
    np.testing.assert_array_equal(
        gauss_newton_step(identity, residual, jacobian, np.zeros((5, 8))), identity
    )


def test_disagreement_is_one_half_at_its_scale_and_one_behind_the_camera(
    points, stereo_camera, project_stereo, make_motion
):
    # Each point is off by 3, 4 and 0 px, hence 5 px: 25 / (25 + 25), and 25 / (25 + 75).
    seen = project_stereo(points[0], stereo_camera) + np.array([3.0, 4.0, 0.0])
    motions = np.stack([np.eye(4), make_motion([0, 0, 0], [0, 0, -100])])
    squared = squared_errors(motions, points[0], seen, stereo_camera)
    assert squared[0] == pytest.approx([25.0] * len(seen))
    assert disagreement(squared, 5.0) == pytest.approx([0.5, 1.0], abs=1e-6)
    found = disagreement(squared, 75**0.5)
    assert found == pytest.approx([0.25, 1.0], abs=1e-6)


def test_many_motions_are_judged_as_each_alone(points, stereo_camera, project_stereo, make_motion):
    seen = project_stereo(points[0], stereo_camera)
    motions = np.stack([make_motion([0, 1e-4 * i, 0], [0, 0, 0]) for i in range(50)])
    alone = [squared_errors(m[None], points[0], seen, stereo_camera)[0] for m in motions]
    together = squared_errors(motions, points[0], seen, stereo_camera)
    np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-9)
