from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.synthetic.scene import make_scene
from offline.synthetic.sequence import sequence
from offline.synthetic.stereo import StereoTruth, render_pair, stereo_sequence
from scene_perception.cityscapes import SKY

HEIGHT, WIDTH = 188, 621
OVERTAKING, CROSSING = 2, 3  # numbers of the movers
SPEEDS = {1: (0.0, 0.0, -10.0), OVERTAKING: (1.0, 0.0, 14.0), CROSSING: (7.0, 0.0, 0.0)}


@pytest.fixture(scope="module")
def pairs() -> list[StereoTruth]:
    scene = make_scene(3, HEIGHT, WIDTH)
    return [render_pair(scene, index) for index in (8, 9)]


def grid() -> np.ndarray:
    return np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), axis=-1).astype(np.float32)


def sampled(image: np.ndarray, where: np.ndarray, how: int = cv2.INTER_LINEAR) -> np.ndarray:
    return cv2.remap(image, where.astype(np.float32), None, how)


def disparity_in_right(pair: StereoTruth) -> np.ndarray:
    """Disparity of what the right image shows: the largest that lands on each pixel."""
    columns, rows = np.moveaxis(grid(), -1, 0)
    landed = np.round(columns - pair.disparity).astype(int)
    inside = landed >= 0
    seen = np.full((HEIGHT, WIDTH), -1.0, np.float32)
    np.maximum.at(seen, (rows[inside].astype(int), landed[inside]), pair.disparity[inside])
    return cv2.dilate(seen, np.ones((1, 3), np.uint8))


def smooth(disparity: np.ndarray) -> np.ndarray:
    """Away from the borders of things, across which sampling would blend."""
    kernel = np.ones((5, 5), np.uint8)
    return cv2.dilate(disparity, kernel) < 1.2 * cv2.erode(disparity, kernel) + 0.2


def close(pair: StereoTruth, image: np.ndarray, compared: np.ndarray) -> None:
    difference = np.abs(image.astype(int) - pair.left.image).mean(axis=-1)[compared]
    assert difference.mean() < 2.0
    assert np.percentile(difference, 99) < 15


def test_sampling_right_at_x_minus_disparity_gives_the_left_colours_where_both_see(pairs):
    pair = pairs[0]
    where = grid() - np.stack([pair.disparity, np.zeros_like(pair.disparity)], axis=-1)
    hidden = sampled(disparity_in_right(pair), where, cv2.INTER_NEAREST) > pair.disparity + 1.0
    compared = ~hidden & (where[..., 0] >= 0) & smooth(pair.disparity)
    assert compared.mean() > 0.6
    close(pair, sampled(pair.right_image, where), compared)


def test_the_next_pair_has_next_disparity_where_the_flow_leads(pairs):
    pair, following = pairs
    where = grid() + pair.left.flow
    inside = (where >= 0).all(axis=-1) & (where < (WIDTH - 1, HEIGHT - 1)).all(axis=-1)
    found = sampled(following.disparity, where)
    flat = sampled(smooth(following.disparity).astype(np.uint8), where, cv2.INTER_NEAREST) > 0
    hidden = found > pair.next_disparity + 0.5
    seen = inside & flat & ~hidden
    assert seen.mean() > 0.5
    error = np.abs(found - pair.next_disparity)[seen]
    # Bilinear sampling of 1 / Z is exact on planes; what is left are borders.
    assert np.median(error) < 1e-4
    assert np.percentile(error, 99) < 0.1
    close(pair, sampled(following.left.image, where), seen & smooth(pair.disparity))


def test_disparity_is_focal_length_times_baseline_over_depth(pairs):
    pair = pairs[0]
    assert pair.camera.baseline_m == 0.54
    finite = np.isfinite(pair.left.depth)
    expected = pair.left.intrinsics.fx * 0.54 / pair.left.depth[finite]
    np.testing.assert_allclose(pair.disparity[finite], expected, rtol=1e-6)
    assert (pair.disparity[pair.left.labels == SKY] == 0).all()


def test_the_road_ahead_has_the_disparity_that_the_cameras_height_gives(pairs):
    pair = pairs[0]
    row, camera = HEIGHT - 1, pair.left.intrinsics
    # Z = fy h / (row - cy), so d = fx B / Z = B (row - cy) / h where fx = fy.
    assert pair.disparity[row, WIDTH // 2] == pytest.approx(
        0.54 * (row - camera.cy) / 1.65, rel=1e-5
    )


def test_what_stands_still_moves_with_the_camera_and_cars_as_they_do(pairs):
    pair = pairs[0]
    rotation = pair.left.world_from_camera[:3, :3]
    for number, speed in SPEEDS.items():
        shown = pair.own_velocity[pair.movers == number]
        np.testing.assert_allclose(shown, np.tile(rotation.T @ speed, (len(shown), 1)), atol=1e-5)
    assert (pair.own_velocity[pair.movers == 0] == 0).all()
    np.testing.assert_array_equal(pair.movers > 0, pair.left.motion_mask > 0)
    assert {OVERTAKING, CROSSING} <= set(np.unique(pair.movers))


def test_velocity_is_the_cameras_motion_and_the_things_own(pairs):
    pair = pairs[0]
    solid = np.isfinite(pair.left.depth)
    camera = pair.left.intrinsics
    depth = pair.left.depth[solid].astype(np.float64)
    rays = (grid()[solid] - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    points = np.concatenate([rays, np.ones((len(rays), 1))], axis=1) * depth[:, None]
    motion = pair.left.next_from_camera
    moved = points + 0.1 * pair.own_velocity[solid]
    expected = (moved @ motion[:3, :3].T + motion[:3, 3] - points) / 0.1
    np.testing.assert_allclose(pair.velocity[solid], expected, atol=2e-3, rtol=1e-4)
    assert np.isnan(pair.velocity[~solid]).all()


def test_arrays_have_the_layout_that_is_promised():
    pair = next(stereo_sequence(1, height=40, width=96))
    assert (pair.right_image.shape, pair.right_image.dtype) == ((40, 96, 3), np.uint8)
    for plane in (pair.disparity, pair.next_disparity):
        assert (plane.shape, plane.dtype) == ((40, 96), np.float32)
        assert np.isfinite(plane).all()
        assert (plane >= 0).all()
    for vectors in (pair.velocity, pair.own_velocity):
        assert (vectors.shape, vectors.dtype) == ((40, 96, 3), np.float32)
        assert vectors.flags.c_contiguous
    assert (pair.movers.shape, pair.movers.dtype) == ((40, 96), np.uint8)


def test_left_images_are_those_of_the_single_camera():
    frames, pairs = (
        list(make(2, seed=5, height=40, width=96)) for make in (sequence, stereo_sequence)
    )
    for frame, pair in zip(frames, pairs, strict=True):
        np.testing.assert_array_equal(frame.image, pair.left.image)
        assert frame.stamp_ns == pair.left.stamp_ns


def test_wrong_sizes_are_refused():
    with pytest.raises(ValueError, match="got 1 frames of 96x15 px"):
        next(stereo_sequence(1, height=15, width=96))
