import pytest

from offline.metrics.depth_crops import crop_box


@pytest.mark.parametrize(
    ("crop", "box"),
    [
        ("none", (0, 375, 0, 1242)),
        ("garg", (153, 371, 44, 1197)),
        ("cityscapes", (37, 262, 124, 1117)),
        ("semseg_cityscapes", (18, 300, 62, 1229)),
    ],
)
def test_fractions_of_pixels_are_cut_off(crop, box):
    rows, columns = crop_box(crop, 375, 1242)
    assert (rows.start, rows.stop, columns.start, columns.stop) == box


def test_unknown_crop_is_refused():
    with pytest.raises(ValueError, match=r"crop must be one of none, garg, .* got 'eigen'"):
        crop_box("eigen", 375, 1242)
