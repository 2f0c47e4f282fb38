from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch
from torch.nn.functional import grid_sample

from offline.synthetic.render import render
from offline.synthetic.world import BOX, CONE, CYLINDER, DISC, SPHERE

KINDS = (BOX, SPHERE, CYLINDER, CONE, DISC)


def smooth(hits, worlds):
    """Colour that surfaces carry with them: waves of 8 m, and in blue which surface it is."""
    waves = 0.5 + 0.25 * torch.sin(0.8 * (hits.local[:, :2] + hits.local[:, 2:]))
    return torch.cat([waves, (hits.solid[:, None] + 2) / 64], 1)


def some_world(make_small_world, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)

    def uniform(low, high):
        return float(low + (high - low) * torch.rand((), generator=generator))

    def solid(kind):
        half = (uniform(0.4, 1.2), uniform(0.4, 1.2), uniform(0.4, 1.2))
        return kind, (uniform(-6, 6), -half[1], uniform(6, 25)), half

    return make_small_world(
        *(solid(kind) for kind in KINDS * 3),
        **{"motion": (0.3, 0, -0.4), "drive": (0.05, 0.02, 0.5), "yaw": 0.02, "seed": seed}
        | {"size": (64, 96)}
        | options,
    )


@pytest.fixture
def triplets(make_small_world):
    worlds = [some_world(make_small_world, seed, to_sun=(1, -1, -1)) for seed in (0, 1)]
    return render(worlds, shade=smooth)


def sampled(images, flow, padding="border"):
    """Return what images show where flow leads, bilinearly. # (B, 3, H, W)."""
    height, width = images.shape[2:]
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    x, y = columns + flow[:, 0], rows + flow[:, 1]
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], -1)
    return grid_sample(images, grid, align_corners=True, padding_mode=padding)


@pytest.mark.parametrize(
    ("flow", "to", "occluded"),
    [
        ("flow_forward", ("left", 2), "occluded_next"),
        ("flow_backward", ("left", 0), "occluded_previous"),
        ("disparity", ("right", 1), "occluded_right"),
    ],
)
def test_warping_the_other_image_gives_this_one_outside_occlusions(triplets, flow, to, occluded):
    shift = getattr(triplets, flow)
    if flow == "disparity":
        shift = torch.cat([-shift, torch.zeros_like(shift)], 1)
    current, other = triplets.left[:, 1], getattr(triplets, to[0])[:, to[1]]
    warped = sampled(other, shift)
    solid = 64 * torch.stack([current[:, 2], warped[:, 2]])
    inside = ((sampled(torch.ones_like(current), shift, "zeros") - 1).abs() < 1e-4).all(1)
    # Where all four pixels around the place show the surface, colour is interpolated on it;
    # waves get too short for that towards the horizon.
    same = (solid[0] - solid[1]).abs() < 1e-3
    near = (triplets.depth[:, 0] < 8) & triplets.depth_known[:, 0]
    shown = ~getattr(triplets, occluded)[:, 0]
    error = (current - warped).abs()[:, :2].amax(1)
    assert (same & near & shown).float().mean() > 0.15
    assert error[same & near & shown].max() < 0.03
    assert error[same & near & shown].mean() < 0.002
    # Surfaces meet in few pixels, so that where another one is seen, it is before this one.
    assert (same & shown).sum() > 0.9 * shown.sum()
    assert (same & inside & ~shown).sum() < 0.35 * (inside & ~shown).sum()


def test_flow_disparity_and_poses_agree_where_nothing_moves(triplets):
    _, _, height, width = triplets.depth.shape
    rows = torch.arange(height).double()[:, None].expand(height, width)
    columns = torch.arange(width).double().expand(height, width)
    pixels = torch.stack([columns, rows, torch.ones_like(rows)]).flatten(1)
    focal_baseline = triplets.intrinsics[:, 0, 0] * triplets.baseline_m
    depth = focal_baseline[:, None] / triplets.disparity.double().flatten(1).clamp(min=1e-9)
    points = torch.linalg.inv(triplets.intrinsics) @ pixels * depth[:, None]
    poses = triplets.world_from_camera
    for time, flow, known in ((2, "flow_forward", "forward_known"), (0, "flow_backward", None)):
        to = torch.linalg.inv(poses[:, time]) @ poses[:, 1]
        there = to[:, :3, :3] @ points + to[:, :3, 3:]
        image = triplets.intrinsics @ there
        moved = (image[:, :2] / image[:, 2:] - pixels[:2]).reshape(-1, 2, height, width)
        still = triplets.depth_known & ~triplets.moving & getattr(triplets, known or "depth_known")
        assert still.float().mean() > 0.5
        error = (moved - getattr(triplets, flow)).norm(dim=1)[still[:, 0]]
        assert error.max() < 1e-3
        if time == 2:
            expected = (focal_baseline[:, None] / there[:, 2]).reshape(-1, 1, height, width)
            assert (expected - triplets.next_disparity)[still].abs().max() < 1e-3


def test_sky_is_at_infinity(triplets):
    sky = triplets.labels == 10
    assert sky.any()
    assert not triplets.depth_known[:, 0][sky].any()
    assert (triplets.disparity[:, 0][sky] == 0).all()
    assert (triplets.next_disparity[:, 0][sky] == 0).all()
    assert triplets.forward_known[:, 0][sky].all()


def test_things_have_their_labels_numbers_and_motion(make_small_world):
    box, ball = (BOX, (0, -1.5, 5), (1, 1, 1)), (SPHERE, (3, -1.5, 8), (1, 1, 1))
    found = render([make_small_world(box, ball, motion=(0.1, 0, 0))], shade=smooth)
    at = {"box": (16, 32), "ball": (16, 56), "ground": (31, 0), "sky": (0, 0)}
    assert {name: found.labels[0, y, x].item() for name, (y, x) in at.items()} == {
        "box": 11, "ball": 12, "ground": found.labels[0, 31, 0].item(), "sky": 10,
    }  # fmt: skip
    assert [found.instances[0, y, x].item() for y, x in at.values()] == [1, 2, 0, 0]
    assert [found.moving[0, 0, y, x].item() for y, x in at.values()] == [True, False, False, False]


def test_without_ground_there_is_no_class_behind_things(make_small_world):
    found = render([make_small_world(ground=False)], shade=smooth)
    assert (found.labels == 255).all()


def test_a_batch_is_the_same_as_each_alone(make_small_world):
    worlds = [some_world(make_small_world, seed, to_sun=(1, -1, -1)) for seed in (0, 1)]
    worlds[1] = replace(worlds[1], to_sun=None)
    both = render(worlds, shade=smooth)
    for index, world in enumerate(worlds):
        alone = render([world], shade=smooth)
        for field in fields(alone):
            one, several = getattr(alone, field.name), getattr(both, field.name)
            if field.name == "seeds":
                assert several[index] == one[0]
            else:
                assert torch.equal(one[0], several[index]), field.name


def test_finer_samples_change_colour_not_truth(make_small_world):
    world = some_world(make_small_world, to_sun=(1, -1, -1))
    coarse, fine = (render([world], shade=smooth, samples=n) for n in (1, 2))
    assert torch.equal(coarse.flow_forward, fine.flow_forward)
    assert not torch.equal(coarse.left, fine.left)
    assert (coarse.left - fine.left).abs().mean() < 0.02


def test_worlds_of_different_sizes_are_refused(make_small_world):
    worlds = [make_small_world(), make_small_world(size=(16, 64))]
    with pytest.raises(ValueError, match="same height, width and number of times"):
        render(worlds, shade=smooth)
    with pytest.raises(ValueError, match="at least one"):
        render([], shade=smooth)


def test_a_world_of_two_moments_and_no_samples_are_refused(make_small_world):
    world = make_small_world()
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        render([world], shade=smooth, samples=0)
    short = replace(world.rig, world_from_camera=world.rig.world_from_camera[:2])
    with pytest.raises(ValueError, match="must have at least 3 times"):
        render([replace(world, rig=short)], shade=smooth)
