from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from offline.synthetic.scene import CAMERA_HEIGHT_M, make_scene, world_from_camera
from offline.synthetic.sequence import SyntheticFrame, render, sequence
from scene_perception.cityscapes import CLASSES, ROAD, SKY

HEIGHT, WIDTH = 188, 621

# Where the moving cars stand at time 0 (m) and their velocity (m/s), in the world.
ONCOMING = ((-1.75, 0.0, 54.0), (0.0, 0.0, -10.0))
OVERTAKING = ((-1.2, 0.0, 7.0), (1.0, 0.0, 14.0))
CROSSING = ((-4.5, 0.0, 29.0), (7.0, 0.0, 0.0))
TRAFFIC = (ONCOMING, OVERTAKING, CROSSING)


@pytest.fixture(scope="module")
def frames() -> list[SyntheticFrame]:
    scene = make_scene(3, HEIGHT, WIDTH)
    return [render(scene, index) for index in (20, 21)]


def pixel_grid() -> np.ndarray:
    return np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), axis=-1).astype(np.float64)


def target(frame: SyntheticFrame) -> np.ndarray:
    return pixel_grid() + frame.flow


def seen_in_next(frame: SyntheticFrame, following: SyntheticFrame) -> np.ndarray:
    """Pixels whose point is in the next view and not hidden there, by depth."""
    x, y = np.moveaxis(np.round(target(frame)).astype(int), -1, 0)
    inside = (x >= 0) & (x < WIDTH) & (y >= 0) & (y < HEIGHT)
    ahead = np.where(frame.labels == SKY, np.inf, moved_depth(frame))
    there = following.depth[np.clip(y, 0, HEIGHT - 1), np.clip(x, 0, WIDTH - 1)]
    both_sky = np.isinf(ahead) & np.isinf(there)
    with np.errstate(invalid="ignore"):
        close = np.abs(there - ahead) < 0.02 * ahead
    return inside & (both_sky | close)


def moved_depth(frame: SyntheticFrame) -> np.ndarray:
    """Depth of every point in the next camera; the traffic's own motion added."""
    points = unprojected(frame)
    next_pose = frame.world_from_camera @ np.linalg.inv(frame.next_from_camera)
    in_next = 0.1 * world_velocity(frame, points) @ next_pose[:3, :3]
    return (points @ frame.next_from_camera[:3, :3].T + frame.next_from_camera[:3, 3] + in_next)[
        ..., 2
    ]


def world_velocity(frame: SyntheticFrame, points: np.ndarray) -> np.ndarray:
    """Velocity of what each moving pixel shows, told apart by place: see TRAFFIC."""
    in_world = points @ frame.world_from_camera[:3, :3].T + frame.world_from_camera[:3, 3]
    time_s = (frame.stamp_ns - 1_000_000_000) * 1e-9
    velocity = np.zeros_like(in_world)
    for start, speed in TRAFFIC:
        here = np.abs(in_world - start - np.multiply(speed, time_s))[..., [0, 2]].max(axis=-1) < 2.2
        velocity[here & (frame.motion_mask > 0)] = speed
    return velocity


def unprojected(frame: SyntheticFrame) -> np.ndarray:
    camera = frame.intrinsics
    grid = pixel_grid()
    x = (grid[..., 0] - camera.cx) / camera.fx
    y = (grid[..., 1] - camera.cy) / camera.fy
    depth = np.where(np.isfinite(frame.depth), frame.depth, 1.0).astype(np.float64)
    return np.stack([x, y, np.ones_like(x)], axis=-1) * depth[..., None]


def test_depth_pose_and_flow_agree_to_a_thousandth_of_a_pixel_where_nothing_moves(frames):
    frame = frames[0]
    static = (frame.motion_mask == 0) & np.isfinite(frame.depth)
    points = unprojected(frame) @ frame.next_from_camera[:3, :3].T + frame.next_from_camera[:3, 3]
    static &= points[..., 2] > 0.5
    projected = points @ frame.intrinsics.matrix().double().numpy().T
    expected = projected[..., :2] / projected[..., 2:] - pixel_grid()
    assert static.mean() > 0.8
    assert np.abs(expected - frame.flow)[static].max() < 1e-3


def test_warping_the_next_image_by_the_flow_gives_this_image_where_nothing_is_hidden(frames):
    frame, following = frames
    where = target(frame).astype(np.float32)
    warped = cv2.remap(following.image, where, None, cv2.INTER_LINEAR)
    seen = seen_in_next(frame, following)
    # Sampling blends across the borders of things, where depth or label jumps.
    labels = frame.labels.astype(np.float32)
    depth = np.where(np.isfinite(frame.depth), frame.depth, 1e3)
    kernel = np.ones((5, 5), np.uint8)
    smooth = (cv2.dilate(labels, kernel) == cv2.erode(labels, kernel)) & (
        cv2.dilate(depth, kernel) < 1.3 * cv2.erode(depth, kernel)
    )
    difference = np.abs(warped.astype(int) - frame.image).mean(axis=-1)[seen & smooth]
    assert (seen & smooth).mean() > 0.5
    assert difference.mean() < 1.5
    assert np.percentile(difference, 99) < 12


def test_labels_and_motion_are_found_again_along_the_flow(frames):
    frame, following = frames
    where = target(frame).astype(np.float32)
    seen = seen_in_next(frame, following)
    for name in ("labels", "motion_mask"):
        found = cv2.remap(getattr(following, name), where, None, cv2.INTER_NEAREST)
        assert (found == getattr(frame, name))[seen].mean() > 0.99


def test_poses_chain_from_frame_to_frame(frames):
    frame, following = frames
    np.testing.assert_allclose(
        following.world_from_camera @ frame.next_from_camera, frame.world_from_camera, atol=1e-12
    )


def test_the_road_below_the_camera_is_at_its_height(frames):
    frame = frames[0]
    row, column = HEIGHT - 1, WIDTH // 2
    assert frame.labels[row, column] == ROAD
    below = unprojected(frame)[row, column, 1]
    assert below == pytest.approx(CAMERA_HEIGHT_M, rel=1e-5)


def test_three_cars_move(frames):
    frame = frames[0]
    moving = frame.motion_mask > 0
    velocities = world_velocity(frame, unprojected(frame))[moving]
    assert {tuple(v) for v in velocities} == {velocity for _, velocity in TRAFFIC}
    assert set(np.unique(frame.motion_mask)) == {0, 255}
    assert 0 < moving.mean() < 0.1
    assert {CLASSES[label].name for label in np.unique(frame.labels[moving])} == {"car"}


def test_the_street_has_its_classes(frames):
    named = {CLASSES[label].name for label in np.unique(frames[0].labels)}
    assert {"road", "sidewalk", "building", "terrain", "sky", "car"} == named


def test_the_same_seed_gives_the_same_pixels_and_another_seed_another_street():
    first, again, other = (next(sequence(1, seed=s, height=40, width=96)) for s in (5, 5, 6))
    np.testing.assert_array_equal(first.image, again.image)
    assert (first.image != other.image).mean() > 0.2


def test_arrays_have_the_layout_that_is_promised():
    frame = next(sequence(1, height=40, width=96))
    assert (frame.image.shape, frame.image.dtype) == ((40, 96, 3), np.uint8)
    assert (frame.depth.shape, frame.depth.dtype) == ((40, 96), np.float32)
    assert (frame.labels.shape, frame.labels.dtype) == ((40, 96), np.uint8)
    assert (frame.flow.shape, frame.flow.dtype) == ((40, 96, 2), np.float32)
    assert torch.equal(frame.intrinsics.matrix()[2], torch.tensor([0.0, 0.0, 1.0]))
    assert np.isinf(frame.depth[frame.labels == SKY]).all()
    assert (frame.depth[frame.labels != SKY] > 0).all()
    assert np.isfinite(frame.flow).all()


def test_frames_come_at_10_hz_and_never_at_time_zero():
    stamps = [frame.stamp_ns for frame in sequence(3, height=16, width=16)]
    assert stamps == [1_000_000_000, 1_100_000_000, 1_200_000_000]


@pytest.mark.parametrize(("count", "height"), [(-1, 40), (1, 15)])
def test_wrong_sizes_are_refused(count, height):
    with pytest.raises(ValueError, match=f"got {count} frames of 96x{height} px"):
        next(sequence(count, height=height, width=96))


def test_the_camera_drives_at_8_metres_a_second():
    step = world_from_camera(1.0)[:3, 3] - world_from_camera(0.0)[:3, 3]
    assert step[2] == pytest.approx(8.0)
    assert np.linalg.det(world_from_camera(2.0)[:3, :3]) == pytest.approx(1.0)
