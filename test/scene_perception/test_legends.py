"""Legends show the colours that the pictures have."""

from __future__ import annotations

import numpy as np
import pytest

from scene_perception.cityscapes import CLASSES
from scene_perception.legends import (
    ROW,
    depth_legend,
    disparity_legend,
    flow_legend,
    label_legend,
    probability_legend,
    validity_legend,
)
from scene_perception.visualization import (
    FLAG_COLORS,
    VALID_COLOR,
    color_depth,
    color_disparity,
    color_flow,
)


def colors_of(image):
    return {tuple(color) for color in image.reshape(-1, 3).tolist()}


def test_the_label_legend_has_every_classs_colour():
    assert {entry.color for entry in CLASSES} <= colors_of(label_legend(640))


def test_the_label_legend_shows_only_the_classes_asked_for():
    colors = colors_of(label_legend(640, [13, 255, 13]))
    in_color = {entry.color for entry in CLASSES if len(set(entry.color)) > 1}  # text is gray
    assert in_color & colors == {CLASSES[13].color}


def test_the_label_legend_wraps_into_rows():
    assert label_legend(4000).shape == (ROW, 4000, 3)
    assert label_legend(160).shape[0] > 9 * ROW


def test_the_label_legend_of_nothing_is_an_empty_row():
    assert label_legend(200, []).shape == (ROW, 200, 3)


def test_the_depth_legend_runs_from_near_to_far():
    bar = depth_legend(300, 2.0, 50.0)[8]
    ends = color_depth(np.array([[2.0, 50.0]], np.float32), 2.0, 50.0)[0]
    np.testing.assert_array_equal(bar[[6, -7]], ends)


def test_the_depth_legend_names_its_unit():
    assert not np.array_equal(depth_legend(300, 2.0, 50.0, "m"), depth_legend(300, 2.0, 50.0, ""))


def test_the_probability_legend_runs_from_zero_to_one():
    bar = probability_legend(300)[8]
    np.testing.assert_array_equal(bar[[6, -7]], [(68, 1, 84), (253, 231, 37)])


def test_the_flow_legend_shows_right_at_its_right():
    wheel = flow_legend(101, 12.0)
    assert wheel.shape == (101 + ROW, 101, 3)
    np.testing.assert_array_equal(wheel[50, 50], (255, 255, 255))
    right = color_flow(np.array([[[12.0, 0.0]]], np.float32), 12.0)[0, 0]
    np.testing.assert_allclose(wheel[50, 100].astype(int), right, atol=2)


def test_a_depth_legend_without_a_range_is_refused():
    with pytest.raises(ValueError, match="must be 0 < near < far, got near 5, far 5"):
        depth_legend(300, 5, 5)


@pytest.mark.parametrize("legend", [label_legend, probability_legend])
def test_a_legend_too_narrow_for_its_text_is_refused(legend):
    with pytest.raises(ValueError, match="at least 160 px wide, got 100"):
        legend(100)


def test_a_wheel_too_small_to_see_is_refused():
    with pytest.raises(ValueError, match="at least 32 px wide, got 10"):
        flow_legend(10, 1.0)


def test_the_disparity_legend_runs_from_low_to_high():
    bar = disparity_legend(300, 2.0, 50.0)[8]
    ends = color_disparity(np.array([[2.0, 50.0]], np.float32), 2.0, 50.0)[0]
    np.testing.assert_array_equal(bar[[6, -7]], ends)


def test_the_validity_legend_has_every_flags_colour():
    assert {VALID_COLOR, *FLAG_COLORS} <= colors_of(validity_legend(400))
