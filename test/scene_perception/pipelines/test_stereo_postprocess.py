"""With a network that is exactly right, metres and metres per second are exactly right."""

from dataclasses import replace

import numpy as np
import pytest

from scene_perception.geometry.se3 import rotation_vector
from scene_perception.pipelines.stereo import StereoPipeline
from scene_perception.pipelines.stereo_config import EgoMotionConfig, StereoOutputConfig
from scene_perception.pipelines.stereo_postprocess import limits_px


@pytest.fixture
def described(perfect_engines, stereo_config, stereo_truth):
    pipeline = StereoPipeline(perfect_engines, stereo_config)
    return [pipeline.process(frame) for frame in stereo_truth.frames][-1].estimate


def test_depth_is_within_a_tenth_of_a_percent(described, stereo_truth):
    np.testing.assert_allclose(described.depth.depth, stereo_truth.depth, rtol=1e-3)
    assert described.depth.scale.is_metric


def test_velocity_is_within_a_percent(described, stereo_truth):
    motion = described.motion
    known = motion.validity == 0
    assert known.mean() > 0.6
    speed = np.linalg.norm(stereo_truth.velocity, axis=-1)
    error = np.linalg.norm(motion.velocity - stereo_truth.velocity, axis=-1)
    assert (error[known] <= 0.01 * speed[known]).all()
    assert np.isnan(motion.velocity[~known]).all()


def test_ego_motion_is_that_of_the_camera(described, stereo_truth):
    ego, truth = described.motion.ego_motion, stereo_truth.next_from_current
    translation = truth[:3, 3]
    error = np.linalg.norm(ego.next_from_current[:3, 3] - translation)
    assert error < 0.005 * np.linalg.norm(translation)
    turned = ego.next_from_current[:3, :3] @ truth[:3, :3].T
    angle = np.arccos(np.clip((np.trace(turned) - 1) / 2, -1, 1))
    assert np.degrees(angle) < 0.05
    assert ego.linear_m_s[2] == pytest.approx(6.0, rel=0.01)


def test_the_moving_box_is_found_with_its_velocity(described, stereo_truth):
    motion = described.motion
    known = motion.validity == 0
    assert ((motion.motion_mask > 0) == stereo_truth.moving)[known].mean() > 0.99
    (found,) = motion.objects
    np.testing.assert_allclose(found.velocity_m_s, stereo_truth.object_velocity_m_s, atol=0.03)
    assert found.position_m[2] == pytest.approx(8.0, rel=0.01)


def test_time_that_runs_backwards_gives_the_same_velocities(
    perfect_engines, stereo_config, stereo_truth, pair_at
):
    # The exact scene as seen from the newest pair, its flow pointing to the pair before.
    config = replace(stereo_config, output=StereoOutputConfig(describes="newest"))
    pipeline = StereoPipeline(perfect_engines, config)
    pipeline.process(pair_at(0.9))
    motion = pipeline.process(pair_at(1.0)).estimate.motion
    known = motion.validity == 0
    np.testing.assert_allclose(
        motion.velocity[known], -stereo_truth.velocity[known], rtol=0.01, atol=0.02
    )
    assert motion.ego_motion.linear_m_s[2] == pytest.approx(-6.0, rel=0.01)


def test_too_few_points_that_agree_give_no_ego_motion_and_no_objects(
    perfect_engines, stereo_config, stereo_truth
):
    config = replace(stereo_config, ego_motion=EgoMotionConfig(min_share=1.0))
    pipeline = StereoPipeline(perfect_engines, config)
    motion = [pipeline.process(frame) for frame in stereo_truth.frames][-1].estimate.motion
    assert (motion.ego_motion, motion.objects, motion.motion_mask.any()) == (None, (), False)


def test_swapped_cameras_show_as_negative_disparity(engines_saying, stereo_config, stereo_truth):
    engines = engines_saying({"disparity": -stereo_truth.constants["disparity"]})
    pipeline = StereoPipeline(engines, stereo_config)
    estimate = [pipeline.process(frame) for frame in stereo_truth.frames][-1].estimate
    assert estimate.negative_share == 1.0
    assert np.isnan(estimate.depth.depth).all()


def test_limits_of_depth_are_limits_of_disparity(stereo_camera):
    # fx * baseline = 75 px m, and infinity lies at 2 px.
    config = StereoOutputConfig(min_depth=1.5, max_depth=30.0)
    assert limits_px(stereo_camera, config) == pytest.approx((4.5, 52.0), rel=1e-5)


def test_no_disparity_exceeds_the_image(stereo_camera):
    assert limits_px(stereo_camera, StereoOutputConfig(min_depth=0.0))[1] == 192


def test_depth_beyond_its_limits_is_nan(perfect_engines, stereo_config, stereo_truth):
    config = replace(stereo_config, output=StereoOutputConfig(min_depth=5.0, max_depth=20.0))
    pipeline = StereoPipeline(perfect_engines, config)
    estimate = [pipeline.process(frame) for frame in stereo_truth.frames][-1].estimate
    outside = (stereo_truth.depth < 4.99) | (stereo_truth.depth > 20.01)
    assert np.isnan(estimate.depth.depth[outside]).all()
    assert np.isnan(estimate.disparity[outside]).all()
    assert np.isfinite(estimate.depth.depth).any()


def test_rotation_is_about_the_axis_the_camera_turned(described):
    import torch

    rotation = torch.from_numpy(described.motion.ego_motion.next_from_current[:3, :3].copy())
    np.testing.assert_allclose(rotation_vector(rotation), [0, 0.01, 0], atol=1e-5)
