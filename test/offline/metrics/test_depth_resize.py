import numpy as np
import pytest

from offline.metrics.depth_resize import resize_opencv, resize_spline, resize_torch

RAMP = np.array([[0.0, 1.0, 2.0, 3.0]], np.float32).repeat(4, axis=0)


def test_spline_meets_scipy_s_zoom(published):
    case, raw = published("semseg_depth"), published("inputs_kitti_raw")
    zoomed = {key: case[key] for key in case.files if key.startswith("pred_zoomed_")}
    for key, expected in zoomed.items():
        ours = resize_spline(raw["pred_depth"][int(key[-1])], *expected.shape)
        np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_spline_s_corners_coincide():
    values = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    resized = resize_spline(values, 13, 29)
    np.testing.assert_allclose(resized[::12, ::28], values[::4, ::6], atol=1e-6)


def test_spline_through_a_line_is_that_line_inside():
    line = np.arange(40, dtype=np.float32)[None]
    resized = resize_spline(line, 1, 79)
    # Mirrored ends bend the spline; the bend fades by a factor of 3.7 a sample.
    np.testing.assert_allclose(resized[0, 30:50], np.arange(30, 50) / 2, atol=1e-6)


def test_spline_s_last_row_is_lost_where_rounding_puts_it_outside():
    # SciPy's position of row 374 is 127.00000000000001 of 0 ... 127, and outside is 0.
    resized = resize_spline(np.ones((128, 2), np.float32), 375, 2)
    assert resized[-2:, 0].tolist() == [pytest.approx(1), 0]


def test_spline_of_one_sample_is_that_sample():
    np.testing.assert_array_equal(resize_spline(np.full((1, 1), 3, np.float32), 2, 3), 3)


def test_spline_of_two_samples_goes_through_both():
    resized = resize_spline(np.array([[1, 3]], np.float32), 1, 3)
    np.testing.assert_allclose(resized, [[1, 2, 3]], atol=1e-6)


@pytest.mark.parametrize("resize", [resize_torch, resize_opencv])
def test_half_pixel_centres_repeat_the_edges(resize):
    expected = [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]
    np.testing.assert_allclose(resize(RAMP, 4, 8)[0], expected, atol=1e-6)
