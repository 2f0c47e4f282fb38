"""Exact disparities and flow give exact points and velocities, whatever the calibration."""

from dataclasses import replace

import numpy as np
import pytest

from scene_perception.geometry.scene_flow import scene_points, scene_velocity

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def found(stereo_scene):
    scene = stereo_scene
    return scene_points(
        scene.disparity, scene.next_disparity, scene.flow, scene.camera, scene.next_camera
    )


def test_points_are_those_of_the_scene_in_the_frames_of_their_own_time(found, stereo_scene):
    for points, expected in zip(
        found, (stereo_scene.points, stereo_scene.next_points), strict=True
    ):
        np.testing.assert_allclose(points, expected, rtol=1e-4, atol=1e-4)
        assert points.dtype == np.float32


@pytest.mark.parametrize("direction", [1, -1], ids=["forwards", "backwards"])
def test_velocity_is_within_a_percent_for_either_sign_of_time(found, stereo_scene, direction):
    interval_s = direction * stereo_scene.interval_s
    expected = (stereo_scene.next_points - stereo_scene.points) / interval_s
    error = np.linalg.norm(scene_velocity(*found, interval_s) - expected, axis=-1)
    assert (error <= 0.01 * np.linalg.norm(expected, axis=-1)).all()


def test_a_pixel_worked_by_hand(stereo_scene):
    # The camera's own column 158.3 and row 52.6 lie straight ahead; (159, 53) is 0.7 px and
    # 0.4 px off it. 120 px m / 60 px = 2 m; next 120 / 40 = 3 m, seen 24 px further right.
    camera = stereo_scene.camera
    disparity = np.full((120, 320), 63, np.float32)
    flow = np.zeros((120, 320, 2), np.float32)
    flow[..., 0] = 24
    points, next_points = scene_points(disparity, disparity - 20, flow, camera, camera)
    assert points[53, 159] == pytest.approx([2 * 0.7 / 240, 2 * 0.4 / 250, 2], rel=1e-4)
    assert next_points[53, 159] == pytest.approx([3 * 24.7 / 240, 3 * 0.4 / 250, 3], rel=1e-4)
    velocity = scene_velocity(points, next_points, 0.5)[53, 159]
    assert velocity == pytest.approx(2 * (next_points - points)[53, 159], rel=1e-5)


def test_points_without_a_disparity_above_infinity_are_nan(stereo_scene):
    scene, disparity = stereo_scene, stereo_scene.disparity.copy()
    disparity[0, :3] = np.nan, scene.camera.zero_disparity_px, -5
    points, next_points = scene_points(disparity, disparity, scene.flow, scene.camera, scene.camera)
    assert np.isnan(points[0, :3]).all()
    assert np.isnan(next_points[0, :3]).all()
    assert np.isfinite(points[0, 3:]).all()
    assert np.isnan(scene_velocity(points, next_points, 0.1)[0, :3]).all()


def test_arrays_of_another_size_are_refused_with_all_sizes(stereo_scene):
    scene = stereo_scene
    with pytest.raises(ValueError, match=r"must be \(120, 320\).*got \(120, 320\), \(60, 160\)"):
        scene_points(
            scene.disparity,
            scene.next_disparity[::2, ::2],
            scene.flow,
            scene.camera,
            scene.next_camera,
        )


def test_a_next_camera_of_another_size_is_refused(stereo_scene):
    scene = replace(stereo_scene, next_camera=stereo_scene.next_camera.scaled(160, 60))
    with pytest.raises(ValueError, match=r"next camera must be.*\(60, 160\)"):
        scene_points(
            scene.disparity, scene.next_disparity, scene.flow, scene.camera, scene.next_camera
        )


@pytest.mark.parametrize("interval_s", [0.0, float("nan"), float("inf")])
def test_an_interval_without_a_length_is_refused(found, interval_s):
    with pytest.raises(ValueError, match="interval_s must be finite and not 0 s"):
        scene_velocity(*found, interval_s)


def test_points_of_different_shapes_are_refused(found):
    with pytest.raises(ValueError, match="points must be of one shape"):
        scene_velocity(found[0], found[1][:-1], 0.1)
