from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.synthetic.drive import open_drive
from offline.synthetic.stereo import StereoTruth, render_pair, sequence
from scene_perception.cityscapes import CLASSES, SKY

HEIGHT, WIDTH = 96, 320
SEED, FIRST = 2, 7  # cars that move are near


@pytest.fixture(scope="module")
def pairs() -> list[StereoTruth]:
    drive = open_drive(FIRST + 2, seed=SEED, height=HEIGHT, width=WIDTH)
    return [render_pair(drive, index) for index in (FIRST, FIRST + 1)]


def grid() -> np.ndarray:
    return np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), axis=-1).astype(np.float32)


def sampled(image: np.ndarray, where: np.ndarray, how: int = cv2.INTER_LINEAR) -> np.ndarray:
    return cv2.remap(image, where.astype(np.float32), None, how)


def unprojected(pair: StereoTruth) -> np.ndarray:
    camera = pair.left.intrinsics
    rays = (grid().astype(np.float64) - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    depth = pair.left.depth.astype(np.float64)
    return np.concatenate([rays, np.ones((HEIGHT, WIDTH, 1))], axis=-1) * depth[..., None]


def seen_in_next(pair: StereoTruth, following: StereoTruth) -> np.ndarray:
    """Pixels whose point the next image shows, by disparity; not at the borders of things."""
    where = grid() + pair.left.flow
    inside = (where >= 0).all(axis=-1) & (where < (WIDTH - 1, HEIGHT - 1)).all(axis=-1)
    there = sampled(following.disparity, where)
    nearby = np.abs(there - pair.next_disparity) < 0.05 + 0.02 * pair.next_disparity
    return inside & nearby


def test_depth_pose_and_flow_agree_to_a_thousandth_of_a_pixel_where_nothing_moves(pairs):
    pair = pairs[0]
    static = (pair.movers == 0) & np.isfinite(pair.left.depth)
    points = np.where(static[..., None], unprojected(pair), [0, 0, 1.0])
    motion = pair.left.next_from_camera
    points = points @ motion[:3, :3].T + motion[:3, 3]
    static &= points[..., 2] > 0.5
    projected = points @ pair.left.intrinsics.matrix().double().numpy().T
    expected = projected[..., :2] / projected[..., 2:] - grid()
    assert static.mean() > 0.4
    assert np.abs(expected - pair.left.flow)[static].max() < 1e-3


def test_the_next_pair_has_next_disparity_and_labels_where_the_flow_leads(pairs):
    pair, following = pairs
    seen = seen_in_next(pair, following)
    assert seen.mean() > 0.5
    where = grid() + pair.left.flow
    for name in ("labels", "motion_mask"):
        found = sampled(getattr(following.left, name), where, cv2.INTER_NEAREST)
        assert (found == getattr(pair.left, name))[seen].mean() > 0.95, name


def test_the_next_image_warped_by_the_flow_is_this_image_but_for_noise(pairs):
    pair, following = pairs
    warped = sampled(following.left.image, grid() + pair.left.flow)
    seen = seen_in_next(pair, following)
    away = np.abs(warped.astype(int) - pair.left.image).mean(axis=-1)
    still = np.abs(following.left.image.astype(int) - pair.left.image).mean(axis=-1)
    assert away[seen].mean() < 0.6 * still[seen].mean()


def test_disparity_is_focal_length_times_baseline_over_depth(pairs):
    pair = pairs[0]
    finite = np.isfinite(pair.left.depth)
    expected = pair.left.intrinsics.fx * 0.54 / pair.left.depth[finite]
    np.testing.assert_allclose(pair.disparity[finite], expected, rtol=1e-6)
    assert (pair.disparity[pair.left.labels == SKY] == 0).all()


def test_velocity_is_the_cameras_motion_and_the_things_own(pairs):
    pair = pairs[0]
    known = np.isfinite(pair.velocity[..., 0])
    points, motion = unprojected(pair)[known], pair.left.next_from_camera
    moved = points + 0.1 * pair.own_velocity[known]
    expected = (moved @ motion[:3, :3].T + motion[:3, 3] - points) / 0.1
    near = points[:, 2] < 60
    np.testing.assert_allclose(pair.velocity[known][near], expected[near], atol=5e-3, rtol=1e-3)
    assert known.mean() > 0.4
    assert np.isnan(pair.velocity[pair.left.labels == SKY]).all()


def test_what_stands_still_has_no_velocity_of_its_own_and_movers_are_things(pairs):
    pair = pairs[0]
    still = pair.movers == 0
    assert (pair.own_velocity[still] == 0).all()
    np.testing.assert_array_equal(~still, pair.left.motion_mask > 0)
    speeds = np.linalg.norm(pair.own_velocity[~still], axis=-1)
    assert 0.3 < np.nanmedian(speeds) < 30
    moving = {CLASSES[label].name for label in np.unique(pair.left.labels[~still])}
    assert moving <= {"person", "rider", "car", "truck", "bus", "motorcycle", "bicycle"}


def test_poses_chain_from_frame_to_frame(pairs):
    pair, following = pairs
    np.testing.assert_allclose(
        following.left.world_from_camera @ pair.left.next_from_camera,
        pair.left.world_from_camera,
        atol=1e-12,
    )


def test_arrays_have_the_layout_that_is_promised(pairs):
    pair, size = pairs[0], (HEIGHT, WIDTH)
    for plane in (pair.disparity, pair.next_disparity):
        assert (plane.shape, plane.dtype) == (size, np.float32)
        assert np.isfinite(plane).all()
        assert (plane >= 0).all()
    for vectors in (pair.velocity, pair.own_velocity):
        assert (vectors.shape, vectors.dtype) == ((*size, 3), np.float32)
        assert vectors.flags.c_contiguous
    for plane in (pair.movers, pair.left.labels, pair.left.motion_mask):
        assert (plane.shape, plane.dtype) == (size, np.uint8)
    assert (pair.right_image.shape, pair.right_image.dtype) == ((*size, 3), np.uint8)
    assert (pair.left.depth.shape, pair.left.depth.dtype) == (size, np.float32)
    assert (pair.left.flow.shape, pair.left.flow.dtype) == ((*size, 2), np.float32)
    assert np.isinf(pair.left.depth[pair.left.labels == SKY]).all()


def test_a_sequence_is_the_left_camera_of_the_pairs(pairs):
    frames = list(sequence(2, seed=SEED, height=16, width=48))
    drive = open_drive(2, seed=SEED, height=16, width=48)
    np.testing.assert_array_equal(frames[1].image, render_pair(drive, 1).left.image)
    assert [frame.stamp_ns for frame in frames] == [1_000_000_000, 1_100_000_000]
