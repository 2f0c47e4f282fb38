"""Each source of metric scale on scenes whose scale is known."""

import math

import numpy as np
import pytest

from scene_perception.frame import MetricScale
from scene_perception.geometry.camera import Intrinsics
from scene_perception.pipelines.config import ScaleConfig
from scene_perception.pipelines.scale import ScaleEstimator, SmoothedFactor

SECOND = 1_000_000_000
CAMERA = Intrinsics(360.0, 360.0, 319.5, 90.0, width=640, height=192)
UNITS_PER_METRE = 0.1
HEIGHT_M = 1.5


def street(outliers: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return inverse depth (per unit) and labels of a flat road below the horizon."""
    rows = np.arange(192.0)[:, None].repeat(640, axis=1)
    inverse_m = np.maximum(rows - CAMERA.cy, 0) / (CAMERA.fy * HEIGHT_M)
    inverse_depth = (inverse_m / UNITS_PER_METRE + 1e-4).astype(np.float32)
    labels = np.where(rows > CAMERA.cy + 8, np.where(np.arange(640) < 500, 0, 1), 10)
    generator = np.random.default_rng(0)
    wrong = generator.random((192, 640)) < outliers
    inverse_depth[wrong] = generator.uniform(0.05, 3.0, wrong.sum())
    return inverse_depth, labels.astype(np.uint8)


def camera_height(smoothing_s: float = 0.0) -> ScaleEstimator:
    config = ScaleConfig(source="camera_height", camera_height_m=HEIGHT_M, smoothing_s=smoothing_s)
    return ScaleEstimator(config)


def odometry(smoothing_s: float = 0.0) -> ScaleEstimator:
    return ScaleEstimator(ScaleConfig(source="odometry", smoothing_s=smoothing_s))


def drive(scale: ScaleEstimator, speed_m_s: float, units_per_m: float = 0.1) -> None:
    for i in range(11):
        scale.add_odometry(i * SECOND // 10, np.array([0.0, speed_m_s * i / 10, 0.0]))
    scale.observe_translation(SECOND // 2, SECOND * 6 // 10, speed_m_s / 10 * units_per_m)


def test_without_a_source_depth_is_relative():
    scale = ScaleEstimator(ScaleConfig())
    assert scale.current == MetricScale(1.0, "none", is_metric=False)
    assert not (scale.needs_ground)
    assert not (scale.needs_translation)
    assert scale.status == "none: depth is relative"


def test_a_fixed_factor_is_metric_at_once():
    scale = ScaleEstimator(ScaleConfig(source="fixed", factor=12.5))
    assert scale.current == MetricScale(12.5, "fixed", is_metric=True)


@pytest.mark.parametrize("outliers", [0.0, 0.3])
def test_the_camera_s_height_above_a_road_gives_the_scale(outliers):
    scale = camera_height()
    assert not scale.current.is_metric
    scale.observe_ground(0, *street(outliers), CAMERA)
    assert scale.current.is_metric
    assert scale.current.factor == pytest.approx(1 / UNITS_PER_METRE, rel=0.01)


def test_too_little_road_keeps_the_scale_unknown_and_says_so():
    inverse_depth, labels = street()
    labels[:, :] = 13
    scale = camera_height()
    scale.observe_ground(0, inverse_depth, labels, CAMERA)
    assert scale.current == MetricScale(1.0, "camera_height", is_metric=False)
    assert "road and sidewalk cover 0.0% of the image, 1% are needed" in scale.status


def test_a_road_that_stands_upright_is_rejected_and_says_so():
    inverse_depth, labels = street()
    scale = camera_height()
    scale.observe_ground(0, np.ones_like(inverse_depth), labels, CAMERA)
    assert not scale.current.is_metric
    assert "lie on no plane below the camera" in scale.status


def test_a_bad_frame_keeps_the_last_scale():
    scale = camera_height()
    scale.observe_ground(0, *street(), CAMERA)
    before = scale.current
    inverse_depth, labels = street()
    scale.observe_ground(SECOND, np.ones_like(inverse_depth), labels, CAMERA)
    assert scale.current == before


def test_odometry_s_translation_over_the_predicted_one_gives_the_scale():
    scale = odometry()
    drive(scale, speed_m_s=5.0)
    assert scale.current.factor == pytest.approx(10.0)
    assert scale.current.is_metric


def test_standing_still_keeps_the_last_scale():
    scale = odometry()
    drive(scale, speed_m_s=5.0)
    scale.add_odometry(SECOND * 12 // 10, np.array([0.0, 5.005, 0.0]))
    scale.observe_translation(SECOND, SECOND * 11 // 10, 0.001)
    assert scale.current.factor == pytest.approx(10.0)


def test_standing_still_from_the_start_stays_relative():
    scale = odometry()
    drive(scale, speed_m_s=0.0)
    assert not scale.current.is_metric


def test_after_a_jump_back_old_odometry_is_not_compared_with_new_frames():
    scale = odometry()
    for i in range(11):
        scale.add_odometry(i * SECOND // 10, np.array([0.0, i / 2, 0.0]))
    scale.jump_back()
    scale.observe_translation(SECOND // 2, SECOND * 6 // 10, 0.05)
    assert not scale.current.is_metric


def test_odometry_is_not_stored_for_another_source():
    scale = camera_height()
    scale.add_odometry(0, np.full(3, np.nan))
    assert not scale.current.is_metric


def test_a_reset_forgets_the_measured_scale():
    scale = camera_height()
    scale.observe_ground(0, *street(), CAMERA)
    scale.reset()
    assert not scale.current.is_metric
    assert "not measured yet" in scale.status


def test_the_first_measurement_is_taken_as_it_is():
    smoothed = SmoothedFactor(time_constant_s=1.0)
    assert smoothed.value is None
    smoothed.update(5 * SECOND, 10.0)
    assert smoothed.value == pytest.approx(10.0)


def test_after_one_time_constant_63_percent_of_a_small_change_are_through():
    smoothed = SmoothedFactor(time_constant_s=2.0)
    smoothed.update(0, 10.0)
    smoothed.update(2 * SECOND, 11.0)
    assert smoothed.value == pytest.approx(10.0 * 1.1 ** (1 - math.exp(-1)))


def test_one_wrong_measurement_moves_a_second_s_mean_by_two_percent_at_most():
    smoothed = SmoothedFactor(time_constant_s=1.0)
    smoothed.update(0, 10.0)
    smoothed.update(SECOND // 10, 1000.0)
    assert 10.0 < smoothed.value < 10.2


def test_a_lasting_change_gets_through():
    smoothed = SmoothedFactor(time_constant_s=1.0)
    smoothed.update(0, 10.0)
    for i in range(1, 101):
        smoothed.update(i * SECOND // 10, 20.0)
    assert smoothed.value == pytest.approx(20.0, rel=0.02)


def test_a_jump_back_in_time_only_sets_the_clock():
    smoothed = SmoothedFactor(time_constant_s=1.0)
    smoothed.update(100 * SECOND, 10.0)
    smoothed.update(0, 11.0)
    assert smoothed.value == pytest.approx(10.0)
    smoothed.update(SECOND, 11.0)
    assert smoothed.value > 10.5


def test_without_smoothing_each_measurement_counts_alone():
    smoothed = SmoothedFactor(time_constant_s=0.0)
    smoothed.update(0, 10.0)
    smoothed.update(1, 30.0)
    assert smoothed.value == pytest.approx(30.0)
