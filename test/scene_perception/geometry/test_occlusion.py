"""Of several pixels that land on one, the nearest is seen."""

import numpy as np
import pytest

from scene_perception.geometry.occlusion import hidden

pytestmark = pytest.mark.filterwarnings("error")


def in_a_row(target_x, nearness, tolerance=0.5):
    """Return what is hidden in an image of one row."""
    x = np.array([target_x], np.float32)
    found = hidden(x, np.zeros((1, 1), np.float32), np.array([nearness], np.float32), tolerance)
    return found[0].tolist()


def test_the_farther_of_two_pixels_on_one_target_is_hidden():
    assert in_a_row([2, 1, 2, 3], [5, 4, 9, 4]) == [True, False, False, False]


def test_pixels_as_near_as_the_nearest_are_of_its_surface():
    assert in_a_row([1, 1, 1], [9, 8.6, 8.4]) == [False, False, True]


def test_fractions_of_a_pixel_are_rounded():
    assert in_a_row([1.4, 0.6, 1.6], [5, 9, 5]) == [True, False, False]


def test_targets_outside_the_image_neither_hide_nor_are_hidden():
    assert in_a_row([-1, -1, 4, 4], [1, 9, 1, 9]) == [False] * 4


def test_what_is_unknown_neither_hides_nor_is_hidden():
    nan, infinity = np.nan, np.inf
    assert in_a_row([1, 1, nan, infinity], [nan, 3, 9, 9]) == [False] * 4


def test_rows_count_as_columns_do():
    rows = np.array([[0, 0], [0, 1]], np.float32)
    columns = np.array([[0, 1], [0, 1]], np.float32)
    nearness = np.array([[1, 1], [5, 5]], np.float32)
    assert hidden(columns, rows, nearness, 0.5).tolist() == [[True, False], [False, False]]


def test_a_surface_that_is_seen_larger_hides_what_lies_in_its_gaps():
    # A near square of 10 columns moves to 20 columns, every other one empty; what stands far
    # behind all of them stays where it is.
    y, x = np.mgrid[0:20, 0:60].astype(np.float32)
    near = (x >= 40) & (x < 50) & (y >= 2) & (y < 18)
    target_x = np.where(near, 10 + 2 * (x - 40), x)
    covered = (x >= 10) & (x < 29) & (y >= 2) & (y < 18)
    found = hidden(target_x, y, np.where(near, 30, 2).astype(np.float32), 1.0)
    np.testing.assert_array_equal(found, covered)


def test_a_surface_does_not_hide_itself_where_it_is_seen_at_a_grazing_angle(stereo_scene):
    x, y = np.arange(320, dtype=np.float32), np.arange(120, dtype=np.float32)[:, None]
    road = np.broadcast_to(np.maximum(0.5 * (y - 40), 2), (120, 320)).astype(np.float32)
    assert not hidden(x - road, y, road, 1.0).any()


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"one shape, got \(2, 3\) and \(2, 2\)"):
        hidden(np.zeros((2, 3)), np.zeros((2, 1)), np.zeros((2, 2)), 1.0)


@pytest.mark.parametrize("tolerance", [-1.0, float("nan")])
def test_a_negative_tolerance_is_refused(tolerance):
    with pytest.raises(ValueError, match="tolerance must be >= 0"):
        hidden(np.zeros((2, 2)), np.zeros((2, 1)), np.zeros((2, 2)), tolerance)
