"""Dots lie where depth was measured, near over far, and colours say which way it is wrong."""

import numpy as np

from offline.evaluation.pictures import depth_errors_on, error_color, points_on, signed_color

GRAY = np.full((9, 9, 3), 100, np.uint8)


def test_a_dot_covers_the_measured_pixel_and_its_neighbours():
    depth = np.zeros((9, 9), np.float32)
    depth[4, 4] = 2.0
    drawn = (points_on(GRAY, depth) != 50).any(axis=2)
    expected = np.zeros((9, 9), bool)
    expected[3:6, 3:6] = True
    assert (drawn == expected).all()


def test_where_dots_overlap_the_nearest_is_seen():
    depth = np.zeros((9, 9), np.float32)
    depth[4, 3], depth[4, 5] = 2.0, 60.0
    alone = np.zeros((9, 9), np.float32)
    alone[4, 3] = 2.0
    assert (points_on(GRAY, depth)[4, 4] == points_on(GRAY, alone)[4, 3]).all()


def test_dots_at_the_border_stay_inside():
    depth = np.zeros((9, 9), np.float32)
    depth[0, 0] = depth[8, 8] = 5.0
    drawn = (points_on(GRAY, depth) != 50).any(axis=2)
    assert drawn.sum() == 8


def test_too_near_is_blue_and_too_far_is_red():
    known = np.zeros((9, 9), np.float32)
    known[2, 2] = known[6, 6] = 10.0
    depth = np.full((9, 9), 5.0, np.float32)
    depth[6, 6] = 20.0
    picture = depth_errors_on(GRAY, known, depth).astype(int)
    assert picture[2, 2, 2] > picture[2, 2, 0] + 100
    assert picture[6, 6, 0] > picture[6, 6, 2] + 100


def test_no_error_is_white():
    assert (signed_color(np.zeros((1, 1), np.float32)) == 255).all()


def test_errors_of_what_is_not_known_are_black():
    picture = error_color(np.full((1, 2), 3.0), np.array([[True, False]]), 3.0)
    assert (picture[0, 1] == 0).all()
    assert picture[0, 0, 0] > picture[0, 0, 1]
