"""The camera's motion: exact from exact points, close from noisy ones, else none at all."""

import numpy as np
import pytest

from scene_perception.geometry.rigid_fit import fit_camera_motion, reprojection_error

pytestmark = pytest.mark.filterwarnings("error")

SETTINGS = {"inlier_px": 1.0, "hypotheses": 200, "min_share": 0.2}
MOTION = ([0.002, -0.01, 0.001], [0.05, -0.02, -1.0])


def fit(points, observed, camera, **changed):
    return fit_camera_motion(points, observed, camera, **{**SETTINGS, **changed})


def rotation_error_deg(found, expected):
    turned = found[:3, :3] @ expected[:3, :3].T
    axis = [turned[2, 1] - turned[1, 2], turned[0, 2] - turned[2, 0], turned[1, 0] - turned[0, 1]]
    return np.degrees(np.arcsin(np.linalg.norm(axis) / 2))


def translation_error(found, expected):
    return np.linalg.norm(found[:3, 3] - expected[:3, 3]) / np.linalg.norm(expected[:3, 3])


@pytest.fixture
def sampled(stereo_scene):
    """Return 2000 points of the scene, what is seen of them next, and which of them move."""

    def sample(share_moving=0.3, noise_px=0.0, seed=0):
        scene, generator = stereo_scene, np.random.default_rng(seed)
        moving = round(2000 * share_moving)
        chosen = np.concatenate(
            [
                generator.choice(np.flatnonzero(scene.moving), moving),
                generator.choice(np.flatnonzero(~scene.moving), 2000 - moving),
            ]
        )
        points, observed = (a.reshape(-1, 3)[chosen] for a in (scene.points, scene.observed))
        observed = observed + noise_px * generator.standard_normal(observed.shape)
        disparity = scene.disparity.reshape(-1)[chosen]
        noisy = disparity + noise_px * generator.standard_normal(disparity.shape)
        infinity = scene.camera.zero_disparity_px
        points = points * ((disparity - infinity) / (noisy - infinity))[:, None]
        return points.astype(np.float32), observed.astype(np.float32), np.arange(2000) < moving

    return sample


@pytest.fixture
def seen_after(stereo_camera, project_stereo, make_motion):
    """Return how the camera sees points after a motion, and the motion."""

    def observe(points, rotation=MOTION[0], translation=MOTION[1]):
        motion = make_motion(rotation, translation)
        moved = points @ motion[:3, :3].T + motion[:3, 3]
        return project_stereo(moved, stereo_camera), motion

    return observe


@pytest.fixture
def cloud():
    return np.random.default_rng(1).uniform([-5, -2, 4], [5, 1.5, 40], (500, 3))


@pytest.mark.parametrize("share_moving", [0.0, 0.3, 0.45])
def test_exact_points_give_the_exact_motion_although_others_move_together(
    sampled, stereo_scene, share_moving
):
    points, observed, moving = sampled(share_moving)
    found = fit(points, observed, stereo_scene.next_camera)
    truth = stereo_scene.next_from_current
    assert translation_error(found.next_from_current, truth) < 1e-4
    assert rotation_error_deg(found.next_from_current, truth) < 1e-3
    np.testing.assert_array_equal(found.inliers, ~moving)


@pytest.mark.parametrize("seed", range(3))
def test_noise_of_a_third_of_a_pixel_costs_half_a_percent_and_a_twentieth_of_a_degree(
    sampled, stereo_scene, seed
):
    points, observed, _ = sampled(noise_px=0.3, seed=seed)
    found = fit(points, observed, stereo_scene.next_camera)
    truth = stereo_scene.next_from_current
    assert translation_error(found.next_from_current, truth) < 0.005
    assert rotation_error_deg(found.next_from_current, truth) < 0.05


def test_random_outliers_are_left_out_as_well(sampled, stereo_scene):
    points, observed, moving = sampled()
    observed[moving] += np.random.default_rng(2).uniform(-50, 50, (moving.sum(), 3))
    found = fit(points, observed, stereo_scene.next_camera)
    assert translation_error(found.next_from_current, stereo_scene.next_from_current) < 1e-4


@pytest.mark.parametrize("count", [75, 150, 225])
def test_a_slow_object_does_not_pull_the_motion_with_it(cloud, seen_after, stereo_camera, count):
    # 2 cm a frame at 10 m are half a pixel: each of these points agrees within inlier_px.
    cloud[:count] = np.random.default_rng(3).uniform([2, -1, 10], [4, 1, 11], (count, 3))
    observed, motion = seen_after(cloud)
    slow, _ = seen_after(cloud[:count] + np.array([0.02, 0, 0]))
    observed[:count] = slow
    found = fit(cloud, observed, stereo_camera)
    assert translation_error(found.next_from_current, motion) < 0.005
    assert rotation_error_deg(found.next_from_current, motion) < 0.005


def test_the_result_is_a_rigid_transform(sampled, stereo_scene):
    points, observed, _ = sampled(noise_px=0.3)
    motion = fit(points, observed, stereo_scene.next_camera).next_from_current
    np.testing.assert_allclose(motion[:3, :3] @ motion[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(motion[:3, :3]) == pytest.approx(1)
    assert motion[3].tolist() == [0, 0, 0, 1]
    assert motion.dtype == np.float64


def test_the_same_seed_gives_the_same_motion(sampled, stereo_scene):
    points, observed, _ = sampled(noise_px=0.3)
    first, second = (fit(points, observed, stereo_scene.next_camera, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first.next_from_current, second.next_from_current)


@pytest.mark.parametrize(
    ("rotation", "translation"),
    [([0, 0, 0], [0, 0, 0]), ([0, 0, 0], [0, 0, 1.0]), ([0, 0.3, 0], [0.5, 0, -2.0])],
    ids=["standing", "backwards", "a sharp turn"],
)
def test_any_motion_of_the_camera_is_found(cloud, seen_after, stereo_camera, rotation, translation):
    observed, motion = seen_after(cloud, rotation, translation)
    found = fit(cloud, observed, stereo_camera)
    np.testing.assert_allclose(found.next_from_current, motion, atol=1e-9)


@pytest.mark.parametrize("count", [3, 4, 10])
def test_few_points_are_enough_if_they_agree(cloud, seen_after, stereo_camera, count):
    observed, motion = seen_after(cloud[:count])
    found = fit(cloud[:count], observed, stereo_camera)
    np.testing.assert_allclose(found.next_from_current, motion, atol=1e-6)


def test_a_plane_is_enough(cloud, seen_after, stereo_camera):
    cloud[:, 1] = 1.5
    observed, motion = seen_after(cloud)
    found = fit(cloud, observed, stereo_camera)
    np.testing.assert_allclose(found.next_from_current, motion, atol=1e-9)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_points_give_none(cloud, seen_after, stereo_camera, count):
    observed, _ = seen_after(cloud)
    assert fit(cloud[:count], observed[:count], stereo_camera) is None


@pytest.mark.parametrize("noise_px", [0.0, 0.3])
def test_points_on_one_line_give_none_though_noise_makes_it_wide(
    seen_after, stereo_camera, noise_px
):
    line = np.linspace(0, 1, 300)[:, None] * [2.0, 1.0, 12.0] + [-1, 0.5, 5]
    observed, _ = seen_after(line)
    observed += noise_px * np.random.default_rng(4).standard_normal(observed.shape)
    assert fit(line, observed, stereo_camera) is None


def test_one_point_many_times_gives_none(cloud, seen_after, stereo_camera):
    points = cloud[:1].repeat(100, axis=0)
    assert fit(points, seen_after(points)[0], stereo_camera) is None


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0])
@pytest.mark.parametrize("spoiled", ["points", "observed"])
def test_nothing_but_unusable_points_gives_none(cloud, seen_after, stereo_camera, value, spoiled):
    arrays = {"points": cloud, "observed": seen_after(cloud)[0]}
    arrays[spoiled] = np.full_like(cloud, value)
    assert fit(arrays["points"], arrays["observed"], stereo_camera) is None


def test_unusable_points_among_others_are_never_inliers(cloud, seen_after, stereo_camera):
    observed, motion = seen_after(cloud)
    cloud[0], cloud[1, 2], cloud[2] = np.nan, -5.0, np.inf
    observed[3, 0], observed[4, 2] = np.nan, stereo_camera.zero_disparity_px - 1
    found = fit(cloud, observed, stereo_camera)
    np.testing.assert_allclose(found.next_from_current, motion, atol=1e-9)
    np.testing.assert_array_equal(found.inliers, np.arange(500) >= 5)


@pytest.mark.parametrize("count", [5, 500])
def test_points_that_agree_on_nothing_give_none(cloud, seen_after, stereo_camera, count):
    observed = np.random.default_rng(5).uniform([0, 0, 4], [320, 120, 60], (count, 3))
    assert fit(cloud[:count], observed, stereo_camera) is None


def test_fewer_than_the_wanted_share_give_none(sampled, stereo_scene):
    points, observed, _ = sampled(share_moving=0.3)
    assert fit(points, observed, stereo_scene.next_camera, min_share=0.75) is None
    assert fit(points, observed, stereo_scene.next_camera, min_share=0.65) is not None


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("inlier_px", 0.0, "inlier_px must be > 0 px, got 0"),
        ("inlier_px", float("nan"), "inlier_px must be > 0 px, got nan"),
        ("hypotheses", 0, "hypotheses must be >= 1, got 0"),
        ("min_share", 1.1, r"min_share must be in \(0, 1\], got 1.1"),
    ],
)
def test_settings_out_of_range_are_refused(cloud, stereo_camera, setting, value, message):
    with pytest.raises(ValueError, match=message):
        fit(cloud, cloud, stereo_camera, **{setting: value})


def test_arrays_of_another_shape_are_refused(cloud, stereo_camera):
    with pytest.raises(ValueError, match=r"must be \(N, 3\), got \(500, 3\) and \(499, 3\)"):
        fit(cloud, cloud[1:], stereo_camera)


def test_the_error_is_the_distance_in_column_row_and_disparity(cloud, seen_after, stereo_camera):
    observed, motion = seen_after(cloud)
    error = reprojection_error(cloud, observed + np.array([2.0, -3.0, 6.0]), motion, stereo_camera)
    assert error == pytest.approx(np.full(500, 7.0))


def test_the_error_of_an_image_is_that_of_its_points(stereo_scene):
    scene = stereo_scene
    points, observed = scene.points.astype(np.float32), scene.observed.astype(np.float32)
    arguments = scene.next_from_current, scene.next_camera
    image = reprojection_error(points, observed, *arguments)
    flat = reprojection_error(points.reshape(-1, 3), observed.reshape(-1, 3), *arguments)
    np.testing.assert_allclose(image.ravel(), flat, atol=1e-5)
    assert image.dtype == np.float32
    assert image[~scene.moving].max() < 1e-3
    assert image[scene.moving].min() > 5


def test_the_error_is_unknown_where_a_point_is_or_is_behind_the_camera(
    cloud, seen_after, stereo_camera
):
    observed, motion = seen_after(cloud)
    cloud[0], cloud[1, 2], observed[2, 1] = np.nan, -9.0, np.nan
    error = reprojection_error(cloud, observed, motion, stereo_camera)
    np.testing.assert_array_equal(np.isnan(error), np.arange(500) < 3)


def test_no_points_have_no_errors(stereo_camera):
    assert reprojection_error(
        np.zeros((0, 3)), np.zeros((0, 3)), np.eye(4), stereo_camera
    ).shape == (0,)


def test_points_and_observations_of_different_shapes_are_refused(cloud, stereo_camera):
    with pytest.raises(ValueError, match=r"one shape, got \(500, 3\) and \(499, 3\)"):
        reprojection_error(cloud, cloud[1:], np.eye(4), stereo_camera)
