"""Colours worked by hand, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from scene_perception.geometry.validity import FLAGS
from scene_perception.visualization import (
    FLAG_COLORS,
    VALID_COLOR,
    color_depth,
    color_disparity,
    color_flow,
    color_labels,
    color_probability,
    color_scene_flow,
    color_validity,
    depth_range,
    disparity_range,
    flow_radius,
)

BLACK = [0, 0, 0]


def depth_of(*values):
    return np.array([values], np.float32)


def flow_of(*vectors):
    return np.array([vectors], np.float32)


def test_near_is_red_and_far_is_blue():
    red, _, blue = 0, 1, 2
    near, far = color_depth(depth_of(1.0, 100.0), 1.0, 100.0)[0].astype(int)
    assert near[red] > 2 * near[blue]
    assert far[blue] > 2 * far[red]


def test_colours_step_with_inverse_depth():
    near, middle, far = color_depth(depth_of(1.0, 2.0, np.inf), 1.0, 1e9)[0]
    ramp = color_depth(1 / np.linspace(1, 1e-9, 255, dtype=np.float32)[None], 1.0, 1e9)[0]
    np.testing.assert_array_equal([near, middle, far], ramp[[0, 127, 254]])


def test_depth_outside_the_range_has_the_colour_of_its_end():
    image = color_depth(depth_of(0.1, 2.0, 50.0, 1e6), 2.0, 50.0)[0]
    np.testing.assert_array_equal(image[0], image[1])
    np.testing.assert_array_equal(image[3], image[2])


def test_invalid_depth_is_black_and_no_valid_depth_is():
    depth = np.append(np.geomspace(0.5, 200, 1000, dtype=np.float32), [np.nan, 0.0, -1.0])
    image = color_depth(depth[None].astype(np.float32), 0.5, 200.0)[0]
    assert image[:1000].max(axis=1).min() > 60
    np.testing.assert_array_equal(image[1000:], [BLACK] * 3)


def test_a_depth_image_without_any_depth_is_black():
    assert not color_depth(np.full((4, 5), np.nan, np.float32)).any()


def test_the_depth_range_leaves_out_two_percent_at_each_end():
    depth = np.arange(1, 102, dtype=np.float32).repeat(4)[None]  # every fourth pixel: 1 .. 101
    assert depth_range(depth) == pytest.approx((3.0, 99.0))


def test_the_depth_range_ignores_what_is_invalid():
    depth = np.full((8, 8), 7.0, np.float32)
    depth[4:] = np.nan
    depth[0, 0] = np.inf
    assert depth_range(depth) == pytest.approx((6.93, 7.07))


def test_the_default_depth_colours_are_those_of_the_range():
    depth = np.random.default_rng(0).random((40, 60), np.float32) + 1
    near, far = depth_range(depth)
    np.testing.assert_array_equal(color_depth(depth), color_depth(depth, near, far))


@pytest.mark.parametrize("ends", [(0.0, 5.0), (5.0, 5.0), (5.0, 1.0), (-1.0, 5.0)])
def test_a_depth_range_that_is_none_is_refused(ends):
    with pytest.raises(ValueError, match="must be 0 < near < far, got near"):
        color_depth(depth_of(1.0), *ends)


def test_labels_have_the_published_colours_and_unknown_is_black():
    image = color_labels(np.array([[0, 13, 255, 19]], np.uint8))
    np.testing.assert_array_equal(image[0], [(128, 64, 128), (0, 0, 142), BLACK, BLACK])


def test_labels_of_another_type_are_refused():
    with pytest.raises(ValueError, match="labels must be uint8, got int64"):
        color_labels(np.zeros((2, 2), np.int64))


def test_probability_goes_from_dark_blue_to_yellow():
    ends = color_probability(np.array([[0.0, 1.0]], np.float32))[0]
    np.testing.assert_array_equal(ends, [(68, 1, 84), (253, 231, 37)])  # Viridis


def test_unknown_probability_is_black():
    assert not color_probability(np.array([[np.nan]], np.float32)).any()


@pytest.mark.parametrize(
    ("vector", "color"),
    [
        ((10, 0), (255, 0, 0)),  # right: red
        ((0, 0), (255, 255, 255)),  # still: white
        ((5, 0), (255, 127, 127)),  # half as fast: half as saturated
        ((20, 0), (191, 0, 0)),  # beyond the radius: darker
        ((np.nan, 0), BLACK),
        ((0, np.inf), BLACK),
    ],
)
def test_flow_has_the_colours_of_the_wheel(vector, color):
    np.testing.assert_allclose(color_flow(flow_of(vector), 10.0)[0, 0], color, atol=1)


def test_the_flow_radius_leaves_out_one_percent():
    flow = np.zeros((1, 404, 2), np.float32)
    flow[0, ::4, 1] = -np.arange(101)
    assert flow_radius(flow) == pytest.approx(99.0)
    np.testing.assert_array_equal(color_flow(flow), color_flow(flow, 99.0))


def test_the_flow_radius_is_at_least_a_pixel():
    assert flow_radius(np.full((4, 4, 2), 0.1, np.float32)) == 1.0
    assert flow_radius(np.full((4, 4, 2), np.nan, np.float32)) == 1.0


@pytest.mark.parametrize("radius", [0.0, -1.0, np.nan, np.inf])
def test_a_flow_radius_that_is_not_positive_is_refused(radius):
    with pytest.raises(ValueError, match=f"flow radius must be > 0 px, got {radius}"):
        color_flow(flow_of((1, 1)), radius)


@pytest.mark.parametrize("function", [color_depth, color_labels, color_probability])
@pytest.mark.parametrize("shape", [(4,), (4, 4, 1), (0, 4)])
def test_an_array_that_is_not_a_plane_is_refused(function, shape):
    with pytest.raises(ValueError, match=r"must be \(H, W\), none of them 0, got"):
        function(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(2, 4, 4), (4, 4), (0, 4, 2)])
def test_flow_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"flow must be \(H, W, 2\), none of them 0, got"):
        color_flow(np.zeros(shape, np.float32))


def test_every_picture_is_rgb_of_the_inputs_size():
    plane = np.ones((4, 5), np.float32)
    pictures = [
        color_depth(plane),
        color_probability(plane),
        color_labels(plane.astype(np.uint8)),
        color_flow(np.dstack([plane, plane])),
    ]
    assert {(image.shape, image.dtype.name) for image in pictures} == {((4, 5, 3), "uint8")}


def test_a_slice_is_coloured_like_its_copy():
    flow = np.random.default_rng(2).normal(size=(6, 8, 2)).astype(np.float32)[:, ::2]
    np.testing.assert_array_equal(color_flow(flow, 2.0), color_flow(flow.copy(), 2.0))
    depth = np.abs(flow[..., 0])
    np.testing.assert_array_equal(color_depth(depth, 0.1, 9), color_depth(depth.copy(), 0.1, 9))


def test_large_disparity_is_red_and_small_is_blue():
    far, near = color_disparity(np.array([[1.0, 60.0]], np.float32), 1.0, 60.0)[0].astype(int)
    assert near[0] > 2 * near[2]
    assert far[2] > 2 * far[0]


def test_disparity_has_the_colours_of_the_depth_it_stands_for():
    depth = np.geomspace(2.0, 50.0, 100, dtype=np.float32)[None]
    disparity = 100.0 / depth  # fx * baseline = 100
    pictures = color_depth(depth, 2.0, 50.0), color_disparity(disparity, 2.0, 50.0)
    np.testing.assert_allclose(pictures[0], pictures[1], atol=8)  # one step of the table


def test_unknown_disparity_is_black_and_negative_is_not():
    image = color_disparity(np.array([[np.nan, -5.0]], np.float32), 0.0, 60.0)[0]
    np.testing.assert_array_equal(image[0], BLACK)
    assert image[1].max() > 60


def test_the_disparity_range_leaves_out_two_percent_at_each_end():
    disparity = np.arange(1, 102, dtype=np.float32).repeat(4)[None]
    disparity[0, 0] = np.nan
    assert disparity_range(disparity) == pytest.approx((3.98, 99.02))


@pytest.mark.parametrize(("value", "expected"), [(np.nan, (0.0, 1.0)), (7.0, (6.99, 7.01))])
def test_disparities_that_are_all_alike_still_have_a_range(value, expected):
    assert disparity_range(np.full((8, 8), value, np.float32)) == pytest.approx(expected)


@pytest.mark.parametrize("ends", [(5.0, 5.0), (5.0, 1.0)])
def test_a_disparity_range_that_is_none_is_refused(ends):
    with pytest.raises(ValueError, match="must be low < high, got low"):
        color_disparity(depth_of(1.0), *ends)


@pytest.mark.parametrize(
    ("velocity", "color"),
    [
        ((10, 0, 0), (255, 0, 0)),  # to the right: red
        ((0, 9, 0), (255, 255, 255)),  # down: not shown
        ((np.nan, 0, 1), BLACK),
    ],
)
def test_scene_flow_is_the_wheel_seen_from_above(velocity, color):
    array = np.array([[velocity]], np.float32)
    np.testing.assert_allclose(color_scene_flow(array, 10.0)[0, 0], color, atol=1)


def test_what_comes_towards_the_camera_has_the_colour_of_down():
    towards = np.array([[(0, 0, -5)]], np.float32)
    np.testing.assert_array_equal(color_scene_flow(towards, 10.0), color_flow(flow_of((0, 5)), 10))


@pytest.mark.parametrize("shape", [(2, 2), (2, 2, 2), (0, 2, 3)])
def test_scene_flow_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"velocity must be \(H, W, 3\)"):
        color_scene_flow(np.zeros(shape, np.float32))


def test_every_flag_has_its_colour_and_valid_has_another():
    image = color_validity(np.array([[0, *FLAGS.values()]], np.uint8))[0]
    np.testing.assert_array_equal(image, [VALID_COLOR, *FLAG_COLORS])


def test_of_several_flags_the_lowest_is_shown():
    image = color_validity(np.array([[2 + 4 + 32, 4 + 32]], np.uint8))[0]
    np.testing.assert_array_equal(image, [FLAG_COLORS[1], FLAG_COLORS[2]])


def test_validity_of_another_type_is_refused():
    with pytest.raises(ValueError, match="validity must be uint8, got int64"):
        color_validity(np.zeros((2, 2), np.int64))
