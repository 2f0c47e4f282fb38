"""Objects that move are found where they are, as fast as they are, one by one."""

import numpy as np
import pytest

from scene_perception.geometry.moving_objects import find_objects, moving_mask, own_velocity
from scene_perception.geometry.rigid_fit import reprojection_error

pytestmark = pytest.mark.filterwarnings("error")

HEIGHT, WIDTH = 60, 100


@pytest.fixture
def flat():
    """Return points and velocities of boxes of given depth on an empty image, and their mask."""

    def build(*boxes):
        points = np.full((HEIGHT, WIDTH, 3), np.nan, np.float32)
        y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        for left, top, width, height, depth in boxes:
            window = np.s_[top : top + height, left : left + width]
            mask[window] = 255
            points[window] = np.dstack([x * 0.01 * depth, y * 0.01 * depth, 0 * x + depth])[window]
        velocity = np.where(mask[..., None] > 0, np.float32([1, 0, 2]), np.nan)
        return mask, points, velocity.astype(np.float32)

    return build


@pytest.fixture(scope="module")
def found(stereo_scene):
    """Return the scene's own velocities, its moving pixels, and the objects among them."""
    scene = stereo_scene
    points, next_points = (a.astype(np.float32) for a in (scene.points, scene.next_points))
    motion = scene.next_from_current
    velocity = own_velocity(points, next_points, motion, scene.interval_s)
    observed = scene.observed.astype(np.float32)
    error_px = reprojection_error(points, observed, motion, scene.next_camera)
    moving = moving_mask(error_px, velocity, 2.0, 0.5)
    return velocity, moving, *find_objects(moving, points, velocity, 100)


def test_what_stands_has_no_velocity_and_what_moves_has_its_own(found, stereo_scene):
    velocity, moving, *_ = found
    expected = np.where(stereo_scene.moving[..., None], stereo_scene.velocity_m_s, 0)
    np.testing.assert_allclose(velocity, expected, atol=2e-3)
    np.testing.assert_array_equal(moving, 255 * stereo_scene.moving.astype(np.uint8))
    assert velocity.dtype == np.float32


def test_time_that_runs_backwards_turns_the_velocity_round(found, stereo_scene):
    scene = stereo_scene
    points, next_points = (a.astype(np.float32) for a in (scene.points, scene.next_points))
    back = own_velocity(points, next_points, scene.next_from_current, -scene.interval_s)
    np.testing.assert_allclose(back, -found[0], atol=1e-6)


def test_both_boxes_of_the_scene_are_found_with_their_place_size_and_velocity(found, stereo_scene):
    *_, mask, objects = found
    np.testing.assert_array_equal(mask, 255 * stereo_scene.moving.astype(np.uint8))
    assert [region.box for region in objects] == [(40, 35, 70, 60), (130, 45, 50, 30)]
    assert [region.pixels for region in objects] == [70 * 60, 50 * 30]
    for region, depth, width in zip(objects, (7.0, 12.0), (70, 50), strict=True):
        np.testing.assert_allclose(region.velocity_m_s, stereo_scene.velocity_m_s, atol=1e-3)
        assert region.position_m[2] == pytest.approx(depth)
        assert region.size_m[0] == pytest.approx(0.9 * width * depth / 240, rel=0.05)
        assert region.size_m[2] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("error_px", "speed", "expected"),
    [(3, 1, 255), (1, 1, 0), (3, 0.4, 0), (np.nan, 1, 0), (3, np.nan, 0), (3, 1e30, 255)],
)
def test_a_pixel_moves_if_its_error_and_its_speed_say_so(error_px, speed, expected):
    velocity = np.float32([[[0, speed, 0]]])
    assert moving_mask(np.float32([[error_px]]), velocity, 2.0, 0.5).tolist() == [[expected]]


def test_objects_apart_are_found_apart_the_largest_first(flat):
    mask, objects = find_objects(*flat((5, 5, 10, 10, 8.0), (60, 20, 20, 20, 8.0)), 50)
    assert [region.box for region in objects] == [(60, 20, 20, 20), (5, 5, 10, 10)]
    np.testing.assert_allclose(objects[0].velocity_m_s, [1, 0, 2])
    assert mask.dtype == np.uint8


@pytest.mark.parametrize("depths", [(8.0, 12.0), (12.0, 8.0)])
def test_objects_that_touch_at_different_depths_do_not_merge(flat, depths):
    first, second = depths
    mask, points, velocity = flat((10, 10, 20, 20, first), (30, 10, 20, 16, second))
    cleaned, objects = find_objects(mask, points, velocity, 50)
    assert [region.box for region in objects] == [(10, 10, 20, 20), (30, 10, 20, 16)]
    assert [region.position_m[2] for region in objects] == [first, second]
    np.testing.assert_array_equal(cleaned, mask)


def test_an_object_behind_another_is_seen_on_both_sides(flat):
    arrays = flat((10, 20, 60, 20, 15.0), (30, 10, 15, 40, 8.0))
    _, objects = find_objects(*arrays, 50)
    assert [region.box for region in objects] == [
        (30, 10, 15, 40),
        (45, 20, 25, 20),
        (10, 20, 20, 20),
    ]


def test_one_long_object_is_not_cut_although_its_ends_are_at_other_depths(flat):
    mask, points, velocity = flat((10, 10, 80, 20, 10.0))
    points[..., 2] *= np.linspace(0.5, 4, WIDTH, dtype=np.float32)
    _, objects = find_objects(mask, points, velocity, 50)
    assert [region.pixels for region in objects] == [80 * 20]
    assert objects[0].size_m[2] > 20


def test_noise_of_a_few_percent_in_depth_does_not_cut_an_object(flat):
    mask, points, velocity = flat((10, 10, 40, 30, 10.0))
    points *= 1 + 0.03 * np.random.default_rng(0).standard_normal((HEIGHT, WIDTH, 1), np.float32)
    _, objects = find_objects(mask, points, velocity, 50)
    assert [region.pixels for region in objects] == [pytest.approx(40 * 30, rel=0.01)]


def test_small_holes_are_filled_and_specks_removed(flat):
    mask, points, velocity = flat((10, 10, 20, 20, 8.0))
    mask[15:18, 15:17] = 0
    mask[50, 50] = 255
    points[50, 50], velocity[50, 50] = 8.0, 1.0
    cleaned, objects = find_objects(mask, points, velocity, 1)
    assert [region.pixels for region in objects] == [400]
    assert cleaned[50, 50] == 0
    assert cleaned[16, 16] == 255


def test_a_standing_wall_seen_through_a_gap_is_no_object(flat):
    mask, points, velocity = flat((10, 5, 20, 50, 8.0), (33, 5, 20, 50, 8.0), (30, 5, 3, 50, 30.0))
    mask[:, 30:33] = 0
    velocity[:, 30:33] = 0
    cleaned, objects = find_objects(mask, points, velocity, 50)
    assert [thing.box for thing in objects] == [(10, 5, 20, 50), (33, 5, 20, 50)]
    assert not cleaned[:, 30:33].any()


def test_pixels_without_a_depth_or_a_velocity_are_of_no_object(flat):
    mask, points, velocity = flat((10, 10, 20, 20, 8.0))
    points[12, 12], points[13, 13, 2], points[14, 14, 2] = np.nan, np.inf, -3.0
    velocity[15, 15, 0] = np.nan
    cleaned, (region,) = find_objects(mask, points, velocity, 1)
    assert region.pixels == 396
    assert [cleaned[i, i] for i in (11, 12, 13, 14, 15, 16)] == [255, 0, 0, 0, 0, 255]
    assert np.isfinite([*region.position_m, *region.velocity_m_s, *region.size_m]).all()


def test_a_few_wrong_pixels_change_neither_place_nor_size_nor_velocity(flat):
    mask, points, velocity = flat((10, 10, 20, 20, 8.0))
    points[10:12, 10:14] = [100.0, 100.0, 8.5]
    velocity[10:12, 10:14] = 50.0
    _, (region,) = find_objects(mask, points, velocity, 50)
    assert region.position_m[0] == pytest.approx(8 * 0.195, abs=0.05)
    assert region.size_m[0] < 2
    np.testing.assert_allclose(region.velocity_m_s, [1, 0, 2])


def test_smaller_objects_than_wanted_leave_the_mask(flat):
    arrays = flat((5, 5, 10, 10, 8.0), (60, 20, 20, 20, 8.0))
    cleaned, objects = find_objects(*arrays, 101)
    assert [region.pixels for region in objects] == [400]
    assert np.count_nonzero(cleaned) == 400
    assert find_objects(*arrays, 401)[1] == ()


def test_nothing_that_moves_is_no_object(flat):
    cleaned, objects = find_objects(*flat(), 1)
    assert objects == ()
    assert not cleaned.any()


def test_the_whole_image_can_be_one_object(flat):
    cleaned, (region,) = find_objects(*flat((0, 0, WIDTH, HEIGHT, 5.0)), 1)
    assert region.box == (0, 0, WIDTH, HEIGHT)
    assert cleaned.all()


def test_the_given_mask_is_left_as_it_is(flat):
    mask, points, velocity = flat((10, 10, 5, 5, 8.0))
    before = mask.copy()
    find_objects(mask, points, velocity, 100)
    np.testing.assert_array_equal(mask, before)


def test_shapes_that_differ_are_refused(flat):
    mask, points, velocity = flat()
    with pytest.raises(ValueError, match=r"\(60, 100, 3\) as the mask is, got \(60, 100, 3\) and"):
        find_objects(mask, points, velocity[::2], 1)
    with pytest.raises(ValueError, match="points must be of one shape"):
        own_velocity(points, points[::2], np.eye(4), 0.1)


def test_an_interval_without_a_length_is_refused(flat):
    _, points, _ = flat()
    with pytest.raises(ValueError, match="interval_s must be finite and not 0 s, got 0"):
        own_velocity(points, points, np.eye(4), 0.0)
