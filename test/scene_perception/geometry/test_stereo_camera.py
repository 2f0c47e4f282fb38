"""A stereo camera is a rectified pair, or it is refused with both sides' values."""

from dataclasses import replace

import pytest

from scene_perception.geometry.stereo_camera import StereoCamera


def test_infinity_lies_where_the_principal_points_differ(stereo_camera):
    assert stereo_camera.zero_disparity_px == pytest.approx(3.0)


def test_depth_times_disparity_is_focal_length_times_baseline(stereo_camera):
    assert stereo_camera.focal_baseline == 120.0


def test_half_the_resolution_has_half_the_disparity_and_the_same_baseline(stereo_camera):
    half = stereo_camera.scaled(160, 60)
    assert half.zero_disparity_px == pytest.approx(1.5)
    assert half.focal_baseline == 60.0
    assert half.baseline_m == stereo_camera.baseline_m


def test_images_of_different_sizes_are_refused(stereo_camera):
    right = replace(stereo_camera.right, width=160)
    with pytest.raises(ValueError, match="320x120 px and 160x120 px"):
        StereoCamera(stereo_camera.left, right, 0.5)


@pytest.mark.parametrize(
    ("changed", "value"), [("fx", 241.0), ("fy", 251.0), ("cy", 52.7)], ids=["fx", "fy", "cy"]
)
def test_a_pair_that_is_not_rectified_is_refused(stereo_camera, changed, value):
    right = replace(stereo_camera.right, **{changed: value})
    with pytest.raises(ValueError, match=f"equal fx, fy and cy.*{changed}={value:g}"):
        StereoCamera(stereo_camera.left, right, 0.5)


def test_rounding_in_a_calibration_file_is_no_error(stereo_camera):
    right = replace(stereo_camera.right, fx=240.0001, cy=52.601)
    assert StereoCamera(stereo_camera.left, right, 0.5).baseline_m == 0.5


@pytest.mark.parametrize("baseline_m", [0.0, -0.5, float("nan"), float("inf")])
def test_a_baseline_that_is_not_positive_is_refused(stereo_camera, baseline_m):
    with pytest.raises(ValueError, match="baseline_m must be > 0 m, got"):
        StereoCamera(stereo_camera.left, stereo_camera.right, baseline_m)


def test_the_projection_gives_column_row_and_disparity(stereo_camera):
    # At 2 m: 240 * 1 / 2 + 158.3, 250 * -0.4 / 2 + 52.6, 120 / 2 + 3.
    *seen, depth = stereo_camera.projection() @ [1.0, -0.4, 2.0, 1.0]
    assert [value / depth for value in seen] == pytest.approx([278.3, 2.6, 63.0])
    assert depth == 2.0
