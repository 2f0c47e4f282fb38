from dataclasses import replace

import numpy as np
import pytest

from scene_perception.frame import (
    DepthEstimate,
    EgoMotion,
    MetricScale,
    MotionEstimate,
    SceneFlowEstimate,
    StereoEstimate,
)
from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.pipelines.scene_points import (
    moving_scene_points,
    scene_points,
    stereo_scene_points,
)

CAMERA = Intrinsics(2.0, 4.0, 1.0, 1.0, width=5, height=3)


def depth_estimate(intrinsics: Intrinsics | None = CAMERA) -> DepthEstimate:
    depth = np.full((3, 5), 2.0, np.float32)
    depth[0, 0] = np.nan
    labels = np.arange(15, dtype=np.uint8).reshape(3, 5)
    image = np.arange(45, dtype=np.uint8).reshape(3, 5, 3)
    return DepthEstimate(0, "camera", depth, labels, image, intrinsics, MetricScale())


def motion_estimate(intrinsics: Intrinsics | None = CAMERA) -> MotionEstimate:
    """The camera drives 1 unit ahead in half a second; one pixel moves by itself."""
    next_from_current = np.eye(4)
    next_from_current[2, 3] = -1.0
    zero = np.zeros(3)
    mask = np.zeros((3, 5), np.uint8)
    mask[2, 4] = 255
    return MotionEstimate(
        stamp_ns=0,
        next_stamp_ns=500_000_000,
        frame_id="camera",
        flow=np.zeros((3, 5, 2), np.float32),
        motion_probability=np.zeros((3, 5), np.float32),
        motion_mask=mask,
        ego_motion=EgoMotion(next_from_current, zero, zero, MetricScale()),
        depth=depth_estimate(intrinsics),
    )


def test_each_pixel_is_a_point_on_its_ray() -> None:
    points = scene_points(depth_estimate())
    assert points is not None
    # u = 4: (4 - 1) / 2 * 2 m; v = 2: (2 - 1) / 4 * 2 m
    np.testing.assert_allclose(points.xyz[2, 4], [3.0, 0.5, 2.0])
    assert np.isnan(points.xyz[0, 0]).all()
    assert points.velocity is None


def test_a_stride_keeps_every_nth_pixel_with_its_own_ray_colour_and_label() -> None:
    full, sparse = scene_points(depth_estimate()), scene_points(depth_estimate(), 2)
    assert full is not None
    assert sparse is not None
    np.testing.assert_array_equal(sparse.xyz, full.xyz[::2, ::2])
    np.testing.assert_array_equal(sparse.rgb, full.rgb[::2, ::2])
    np.testing.assert_array_equal(sparse.labels, full.labels[::2, ::2])
    assert sparse.xyz.shape == (2, 3, 3)


def test_what_stands_still_comes_towards_a_camera_that_drives_ahead() -> None:
    points = moving_scene_points(motion_estimate())
    assert points is not None
    assert points.velocity is not None
    np.testing.assert_allclose(points.velocity[1, 1], [0.0, 0.0, -2.0], atol=1e-6)


@pytest.mark.parametrize("stride", [1, 2])
def test_the_velocity_of_what_moves_by_itself_is_unknown(stride: int) -> None:
    points = moving_scene_points(motion_estimate(), stride)
    assert points is not None
    assert points.velocity is not None
    assert np.isnan(points.velocity[-1, -1]).all()


def test_without_a_motion_mask_what_could_move_has_no_velocity() -> None:
    motion = replace(motion_estimate(), motion_mask=None)
    points = moving_scene_points(motion)
    assert points is not None
    assert points.velocity is not None
    # Labels count up from 0: the first eleven classes cannot move, and pixel 0 has no depth.
    known = np.isfinite(points.velocity).all(-1).ravel()
    assert known.tolist() == [False] + [True] * 10 + [False] * 4


def test_without_labels_everything_could_move() -> None:
    depth = replace(depth_estimate(), labels=np.full((3, 5), 255, np.uint8))
    points = moving_scene_points(replace(motion_estimate(), motion_mask=None, depth=depth))
    assert points is not None
    assert points.velocity is not None
    assert np.isnan(points.velocity).all()


def test_without_ego_motion_nothing_is_known_of_velocities() -> None:
    points = moving_scene_points(replace(motion_estimate(), ego_motion=None))
    assert points is not None
    assert points.velocity is None


def test_without_intrinsics_there_are_no_points() -> None:
    assert scene_points(depth_estimate(None)) is None
    assert moving_scene_points(motion_estimate(None)) is None


def stereo_estimate(*, motion: bool) -> StereoEstimate:
    depth = depth_estimate()
    scene_flow = SceneFlowEstimate(
        stamp_ns=0,
        next_stamp_ns=500_000_000,
        frame_id="camera",
        flow=np.zeros((3, 5, 2), np.float32),
        next_disparity=np.zeros((3, 5), np.float32),
        velocity=np.arange(45, dtype=np.float32).reshape(3, 5, 3),
        validity=np.zeros((3, 5), np.uint8),
        motion_mask=np.full((3, 5), 255, np.uint8),
        objects=(),
        ego_motion=None,
        depth=depth,
    )
    camera = StereoCamera(CAMERA, CAMERA, 0.5)
    disparity = np.ones((3, 5), np.float32)
    return StereoEstimate(depth, disparity, camera, (0.1, 5.0), 0.0, scene_flow if motion else None)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_stereo_pair_knows_the_velocity_of_what_moves_by_itself_too(stride: int) -> None:
    estimate = stereo_estimate(motion=True)
    points = stereo_scene_points(estimate, stride)
    assert points.velocity is not None
    assert estimate.motion is not None
    np.testing.assert_array_equal(points.velocity, estimate.motion.velocity[::stride, ::stride])
    mono = scene_points(estimate.depth, stride)
    assert mono is not None
    np.testing.assert_array_equal(points.xyz, mono.xyz)
    np.testing.assert_array_equal(points.labels, mono.labels)


def test_without_motion_a_stereo_pairs_points_have_no_velocity() -> None:
    assert stereo_scene_points(stereo_estimate(motion=False)).velocity is None
