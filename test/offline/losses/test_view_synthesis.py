import math

import pytest
import torch

from offline.losses.view_synthesis import (
    full_size_depth,
    sample,
    sample_labels,
    sampling_grid,
    source_positions,
    surface_normals,
    synthesize,
    viewing_rays,
)
from scene_perception.geometry.camera import pixel_grid

INTRINSICS = torch.tensor([[[2.0, 0, 1], [0, 4, 0.5], [0, 0, 1]]], dtype=torch.float64)


def _moved(x=0.0, y=0.0, z=0.0):
    transform = torch.eye(4, dtype=torch.float64)[None]
    transform[0, :3, 3] = torch.tensor([x, y, z])
    return transform


def _disparity(depth):
    """Return the disparity in 0..1 that stands for a depth in 0.1..100."""
    return (1 / depth - 0.01) / 9.99


def _random(*shape):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_without_motion_every_scale_gives_the_image_back():
    image = _random(2, 3, 4, 8)
    cameras, still = INTRINSICS.expand(2, 3, 3), _moved().expand(2, 4, 4)
    for disparity in (_random(2, 1, 4, 8), _random(2, 1, 1, 2)):
        synthesis = synthesize([image], disparity, [still], cameras)
        torch.testing.assert_close(synthesis.images[0], image, atol=1e-5, rtol=0)


def test_a_sideways_move_shifts_by_focal_length_times_baseline_over_depth():
    depth = torch.full((1, 1, 3, 5), 4.0, dtype=torch.float64)
    points = depth * viewing_rays(INTRINSICS, 3, 5)
    positions = source_positions(points, _moved(x=2.0, y=-1.0), INTRINSICS)
    shift = positions - pixel_grid(3, 5, depth.device)
    torch.testing.assert_close(shift[0, 0], torch.full((3, 5), 2 * 2 / 4, dtype=torch.float64))
    torch.testing.assert_close(shift[0, 1], torch.full((3, 5), -4 * 1 / 4, dtype=torch.float64))


def test_a_whole_pixel_s_shift_reads_the_neighbour_and_repeats_the_border():
    image = torch.arange(4.0, dtype=torch.float64).expand(1, 1, 2, 4)
    disparity = torch.full((1, 1, 2, 4), _disparity(4.0), dtype=torch.float64)
    synthesis = synthesize([image], disparity, [_moved(x=2.0)], INTRINSICS)
    expected = torch.tensor([1.0, 2, 3, 3], dtype=torch.float64).expand(1, 1, 2, 4)
    torch.testing.assert_close(synthesis.images[0], expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(synthesis.depth, torch.full_like(synthesis.depth, 4.0))


def test_each_source_is_moved_by_its_own_transform():
    image = torch.arange(4.0, dtype=torch.float64).expand(1, 1, 2, 4)
    disparity = torch.full((1, 1, 2, 4), _disparity(4.0), dtype=torch.float64)
    moves = [_moved(x=2.0), _moved(x=-2.0)]
    later, earlier = synthesize([image, 10 * image], disparity, moves, INTRINSICS).images
    assert later[0, 0, 0].round().tolist() == [1, 2, 3, 3]
    assert earlier[0, 0, 0].round().tolist() == [0, 0, 10, 20]


def test_disparity_is_enlarged_before_it_becomes_depth():
    disparity = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2)
    depth = full_size_depth(disparity, 1, 4)[0, 0, 0]
    expected = [100, 1 / (0.01 + 9.99 * 0.25), 1 / (0.01 + 9.99 * 0.75), 0.1]
    torch.testing.assert_close(depth, torch.tensor(expected))


def test_the_grid_ends_at_the_centres_of_the_outermost_pixels():
    grid = sampling_grid(pixel_grid(3, 5, torch.device("cpu"))[None])
    assert grid.shape == (1, 3, 5, 2)
    assert grid[0, 0, 0].tolist() == [-1, -1]
    assert grid[0, 1, 2].tolist() == [0, 0]
    assert grid[0, 2, 4].tolist() == [1, 1]


def test_bilinear_sampling_reads_between_pixels_and_repeats_the_border():
    image = torch.tensor([[0.0, 1], [2, 3]]).view(1, 1, 2, 2)
    positions = torch.tensor([[[0.5, 9.0], [0.25, -3.0]], [[0.0, 9.0], [1.0, -3.0]]])[None]
    torch.testing.assert_close(sample(image, positions)[0, 0], torch.tensor([[0.5, 3], [2.25, 0]]))


def test_labels_are_taken_from_the_nearest_pixel_and_keep_their_type():
    labels = torch.tensor([[[255, 7, 13]]], dtype=torch.uint8)
    labels = labels.expand(1, 2, 3)
    x = torch.tensor([[-5.0, 0.4, 0.6], [1.4, 1.6, 99.0]])
    warped = sample_labels(labels, torch.stack([x, torch.zeros_like(x)])[None])
    assert warped.dtype == torch.uint8
    assert warped[0].tolist() == [[255, 255, 7], [7, 13, 13]]


def test_the_normal_of_a_wall_ahead_is_the_optical_axis():
    points = 5 * viewing_rays(INTRINSICS, 3, 4)
    normals = surface_normals(points)
    expected = torch.tensor([0.0, 0, 1], dtype=torch.float64).view(1, 3, 1, 1).expand(1, 3, 2, 3)
    torch.testing.assert_close(normals, expected)


def test_the_normal_of_the_ground_points_down():
    rays = viewing_rays(INTRINSICS, 4, 4)[:, :, 2:]  # the rows below the horizon
    ground = rays / rays[:, 1:2]  # y = 1
    expected = torch.tensor([0.0, 1, 0], dtype=torch.float64).view(3, 1, 1).expand(3, 1, 3)
    torch.testing.assert_close(surface_normals(ground)[0].abs(), expected)


def test_gradients_of_depth_and_motion_are_those_of_finite_differences():
    image = _random(1, 2, 4, 5)
    angle = torch.tensor(0.02, dtype=torch.float64)
    turned = _moved(x=0.3, z=0.2)
    turned[0, :2, :2] = torch.tensor(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )

    def view(disparity: torch.Tensor, transform: torch.Tensor) -> torch.Tensor:
        return synthesize([image], disparity, [transform], INTRINSICS).images[0]

    disparity = 0.02 + 0.01 * _random(1, 1, 2, 3)
    assert torch.autograd.gradcheck(view, (disparity.requires_grad_(), turned.requires_grad_()))


def test_sources_without_a_transform_each_are_refused():
    image, disparity = torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4)
    with pytest.raises(ValueError, match=r"each with its transform, got 2 sources and 1 transf"):
        synthesize([image, image], disparity, [torch.eye(4)[None]], torch.eye(3)[None])
    with pytest.raises(ValueError, match=r"at least one, .* got 0 sources and 0 transforms"):
        synthesize([], disparity, [], torch.eye(3)[None])
