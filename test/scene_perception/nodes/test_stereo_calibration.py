"""Baselines from P matrices as drivers publish them, right and wrong."""

from __future__ import annotations

import pytest
from sensor_msgs.msg import CameraInfo

from scene_perception.nodes.stereo_calibration import baseline, stereo_camera

WIDTH, HEIGHT, FX = 1242, 375, 721.5377


def camera_info(translation: float = 0.0, **changes: float) -> CameraInfo:
    """Calibration with ``P[3] = translation`` px m; ``changes`` are fx, fy, cx, cy, p7."""
    values = {"fx": FX, "fy": FX, "cx": 609.5593, "cy": 172.854, "p7": 0.0} | changes
    message = CameraInfo(width=WIDTH, height=HEIGHT)
    message.p = [
        *(values["fx"], 0.0, values["cx"], translation),
        *(0.0, values["fy"], values["cy"], values["p7"]),
        *(0.0, 0.0, 1.0, 0.0),
    ]
    return message


def refusal(left: CameraInfo, right: CameraInfo, **settings: float) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the text is what is tested
        stereo_camera(left, right, WIDTH, HEIGHT, **settings)
    return str(caught.value)


def test_the_baseline_is_minus_p3_by_fx():
    camera = stereo_camera(camera_info(), camera_info(-FX * 0.54), WIDTH, HEIGHT)
    assert camera.baseline_m == pytest.approx(0.54)
    assert (camera.left.cx, camera.right.fx, camera.right.width) == (609.5593, FX, WIDTH)


def test_kittis_colour_cameras_are_placed_relative_to_a_third_one():
    # P_rect_02 and P_rect_03 of 2011_09_26: 0.06 m and 0.47 m from camera 0.
    left, right = camera_info(44.85728, p7=0.2163791), camera_info(-339.5242, p7=2.199936)
    assert baseline(left, right) == pytest.approx(0.532725, abs=1e-6)


def test_verged_principal_points_are_kept_apart():
    camera = stereo_camera(camera_info(cx=600.0), camera_info(-400.0, cx=610.0), WIDTH, HEIGHT)
    assert camera.zero_disparity_px == -10.0


def test_binning_and_region_do_not_change_the_baseline():
    infos = camera_info(), camera_info(-FX * 0.12)
    for info in infos:
        info.binning_x = info.binning_y = 2
        info.roi.width, info.roi.height, info.roi.x_offset = 640, 300, 40
    camera = stereo_camera(*infos, 320, 150)
    assert camera.baseline_m == pytest.approx(0.12)
    assert camera.right.fx == pytest.approx(FX / 2)


def test_a_given_baseline_stands_in_for_a_monocular_calibration():
    assert stereo_camera(camera_info(), camera_info(), WIDTH, HEIGHT, 0.3).baseline_m == 0.3


def test_a_given_baseline_stands_in_for_a_wrong_sign():
    assert stereo_camera(camera_info(), camera_info(390.0), WIDTH, HEIGHT, 0.5).baseline_m == 0.5


def test_monocular_calibrations_are_refused():
    assert refusal(camera_info(), camera_info()) == (
        "right P[3] must be -fx * baseline, got left P[3] = 0 and right P[3] = 0: the cameras "
        "were calibrated one by one; calibrate both cameras together (camera_calibration with "
        "two cameras) or set baseline_m"
    )


def test_an_uncalibrated_pair_without_p_is_refused():
    infos = [CameraInfo(width=WIDTH, height=HEIGHT) for _ in range(2)]
    for info in infos:
        info.k = [FX, 0.0, 600.0, 0.0, FX, 170.0, 0.0, 0.0, 1.0]
    assert "calibrated one by one" in refusal(*infos)


def test_swapped_cameras_are_refused():
    assert refusal(camera_info(-FX * 0.54), camera_info()) == (
        "right P[3] must be -fx * baseline, below left P[3], got left P[3] = -389.63 and "
        "right P[3] = 0: the right camera would be left of the left one; swap the left and right "
        "topics, or set baseline_m if only the sign is wrong"
    )


def test_a_positive_p3_on_the_right_is_refused():
    assert "set baseline_m if only the sign is wrong" in refusal(camera_info(), camera_info(390.0))


def test_one_cameras_info_on_both_topics_is_refused():
    text = refusal(camera_info(-390.0), camera_info(-390.0))
    assert text.endswith("both are of one camera; publish each camera's own camera_info")


def test_cameras_above_each_other_are_refused():
    text = refusal(camera_info(), camera_info(p7=-87.0))
    assert "with right P[7] = -87 one camera is above the other" in text


@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_a_p3_that_is_not_finite_is_refused(value):
    text = refusal(camera_info(), camera_info(value))
    assert text.startswith(f"P[3] must be finite, got left P[3] = 0 and right P[3] = {value}")


def test_millimetres_are_refused():
    text = refusal(camera_info(), camera_info(-FX * 120))
    assert "baseline must be 0.001 .. 10 m, got 120 m from" in text
    assert "may be in millimetres" in text


def test_a_baseline_in_place_of_p3_is_refused():
    text = refusal(camera_info(), camera_info(-0.12))
    assert "got 0.000166311 m from left P[3] = 0 and right P[3] = -0.12" in text
    assert "P[3] may be the baseline itself" in text


@pytest.mark.parametrize("changes", [{"fx": 700.0}, {"fy": 700.0}, {"cy": 173.0}])
def test_cameras_that_are_no_rectified_pair_are_refused(changes):
    text = refusal(camera_info(), camera_info(-390.0, **changes))
    assert text.startswith("a rectified pair must have equal fx, fy and cy, got left fx=721.538")


@pytest.mark.parametrize("side", ["left", "right"])
def test_an_image_of_another_size_names_its_side(side):
    infos = {"left": camera_info(), "right": camera_info(-390.0)}
    infos[side].width = 640
    text = refusal(**infos)
    assert text.startswith(
        f"{side} camera_info must be of the image's size, got camera_info for 640"
    )


def test_an_uncalibrated_camera_names_its_side():
    text = refusal(camera_info(), CameraInfo(width=WIDTH, height=HEIGHT))
    assert text.startswith("right camera_info must have a calibration, got P and K all zero")
