"""Masks and boxes are drawn into copies, where they belong."""

import numpy as np
import pytest

from scene_perception.overlays import MOVING_COLOR, overlay_boxes, overlay_mask


def test_a_mask_tints_the_image_and_leaves_the_rest():
    image = np.full((1, 2, 3), 100, np.uint8)
    tinted = overlay_mask(image, np.array([[255, 0]], np.uint8), color=(200, 0, 50), opacity=0.5)
    np.testing.assert_array_equal(tinted[0], [(150, 50, 75), (100, 100, 100)])
    np.testing.assert_array_equal(image, 100)


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"size \(2, 2\), got \(2, 3\)"):
        overlay_mask(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 3), np.uint8))


def test_boxes_are_drawn_into_a_copy():
    image = np.zeros((40, 60, 3), np.uint8)
    drawn = overlay_boxes(image, [(10, 20, 30, 15)])
    assert not image.any()
    for y, x in ((20, 10), (34, 39), (20, 39), (34, 10)):
        np.testing.assert_array_equal(drawn[y, x], MOVING_COLOR)
    assert not drawn[26:29, 15:35].any()


@pytest.mark.parametrize("corner", [(0, 0), (100, 70), (20, 40)])
def test_a_boxs_text_stays_inside_the_image(corner):
    image = np.zeros((80, 120, 3), np.uint8)
    with_text = overlay_boxes(image, [(*corner, 10, 10)], ["5.0 m/s"])
    text_only = (with_text != overlay_boxes(image, [(*corner, 10, 10)])).any(axis=2)
    rows, columns = np.nonzero(text_only)
    assert columns.max() - columns.min() > 40  # the whole text
    assert rows.max() - rows.min() > 8


def test_another_number_of_texts_than_boxes_is_refused():
    with pytest.raises(ValueError, match="texts must be one for each of 1 boxes, got 2"):
        overlay_boxes(np.zeros((9, 9, 3), np.uint8), [(0, 0, 3, 3)], ["a", "b"])
