"""What belongs to a sample follows its images, by hand and by warping."""

import dataclasses

import pytest
import torch

from offline.training.augment import Window, augmented, mirrored, resized
from offline.training.config import Augmentation
from offline.training.seeding import generator
from scene_perception.geometry.camera import project, unproject
from scene_perception.geometry.warp import warp_by_flow

PLAIN = Augmentation(flip=0, jitter=0)


def without_stereo(sample):
    return {name: value for name, value in sample.items() if "right" not in name}


def warping_error(sample):
    warped = warp_by_flow(sample["next"][None], sample["flow_forward"][None])[0]
    error = (warped - sample["current"]).abs().mean(0, keepdim=True)
    return error[~sample["occluded_next"]].mean()


def rigid_error(sample):
    """Difference between the flow and that of depth, K and pose where nothing moves, px."""
    intrinsics, pose = sample["intrinsics"][None], sample["next_from_current"][None]
    points = unproject(sample["depth"][None], intrinsics)
    moved = torch.einsum("bij,bjhw->bihw", pose[:, :3, :3], points) + pose[:, :3, 3, None, None]
    height, width = sample["depth"].shape[1:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    flow = project(moved, intrinsics)[0] - torch.stack([x, y])
    return (flow - sample["flow_forward"]).abs().amax(0, keepdim=True)[~sample["moving"]].max()


def test_a_mirrored_sample_keeps_its_geometry(tiny_samples):
    flipped = mirrored(without_stereo(tiny_samples[0]))
    assert torch.equal(flipped["current"], tiny_samples[0]["current"].flip(-1))
    assert rigid_error(flipped) < 2e-3
    assert warping_error(flipped) < 0.006


def test_mirroring_twice_gives_the_sample_back(tiny_samples):
    sample = without_stereo(tiny_samples[0])
    twice = mirrored(mirrored(sample))
    for name, value in sample.items():
        torch.testing.assert_close(twice[name], value)


def test_a_stereo_sample_with_truth_is_not_mirrored(tiny_samples):
    assert mirrored(tiny_samples[0]) is tiny_samples[0]


def test_a_mirrored_stereo_camera_swaps_its_images(tiny_samples):
    names = ("current", "right", "next", "next_right", "intrinsics", "baseline_m")
    sample = {name: tiny_samples[0][name] for name in (*names, "next_from_current")}
    flipped = mirrored(sample)
    assert torch.equal(flipped["current"], sample["right"].flip(-1))
    assert torch.equal(flipped["next_right"], sample["next"].flip(-1))
    # A mirror turns the right camera's way along x around.
    pose, baseline = sample["next_from_current"], sample["baseline_m"]
    to_right = torch.eye(4)
    to_right[0, 3] = -baseline
    moved = to_right @ pose @ torch.linalg.inv(to_right)
    assert flipped["next_from_current"][0, 3] == pytest.approx(-float(moved[0, 3]), abs=1e-6)


def test_a_crop_keeps_geometry_and_marks_what_has_left(tiny_samples):
    cut = resized(without_stereo(tiny_samples[0]), Window(16, 24, 96, 64), (96, 64))
    assert rigid_error(cut) < 1e-3
    assert warping_error(cut) < 0.006
    assert cut["occluded_next"].float().mean() > tiny_samples[0]["occluded_next"].float().mean()


def test_a_resized_sample_keeps_its_geometry(tiny_samples):
    grown = resized(without_stereo(tiny_samples[0]), Window(0, 0, 128, 128), (256, 192))
    assert grown["current"].shape == (3, 256, 192)
    assert rigid_error(grown) < 2  # the nearest pixel's flow, half a pixel away
    assert warping_error(grown) < 0.03
    assert grown["intrinsics"][0, 0] == pytest.approx(1.5 * 0.8 * 128)
    assert grown["intrinsics"][1, 2] == pytest.approx((63.5 + 0.5) * 2 - 0.5)
    assert float(grown["disparity"].max() / tiny_samples[0]["disparity"].max()) == 1.5


def test_nothing_is_done_where_nothing_is_asked(tiny_samples):
    same = augmented(tiny_samples[0], PLAIN, (128, 128), generator(0))
    assert all(torch.equal(same[name], value) for name, value in tiny_samples[0].items())


def test_all_images_change_their_colours_alike(tiny_samples):
    sample = {**tiny_samples[0], "next": tiny_samples[0]["current"]}
    strong = dataclasses.replace(PLAIN, jitter=1.0, hue=0.3)
    changed = augmented(sample, strong, (128, 128), generator(1))
    assert torch.equal(changed["next"], changed["current"])
    assert not torch.equal(changed["current"], sample["current"])
    assert changed["current"].min() >= 0
    assert changed["current"].max() <= 1


def test_grey_stays_grey_whatever_the_hue(tiny_samples):
    grey = {"current": torch.full((3, 8, 8), 0.5)}
    settings = Augmentation(flip=0, jitter=1, brightness=0, contrast=0.5, saturation=0.5, hue=0.5)
    changed = augmented(grey, settings, (8, 8), generator(2))["current"]
    torch.testing.assert_close(changed, grey["current"], rtol=0, atol=2e-3)


def test_the_same_draws_give_the_same_sample(tiny_samples):
    settings = Augmentation(least_scale=0.5)
    one, same, other = (
        augmented(tiny_samples[0], settings, (128, 128), generator(seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(one["current"], same["current"])
    assert not torch.equal(one["current"], other["current"])


def test_a_crop_can_have_the_aspect_of_the_images_that_networks_take() -> None:
    ramp = torch.arange(40.0).expand(1, 3, 12, 40).contiguous()[0] / 40
    settings = Augmentation(flip=0, jitter=0, keep_aspect=True)
    draws = torch.Generator().manual_seed(3)
    cut = augmented({"current": ramp}, settings, (12, 20), draws)["current"]
    columns = (cut[0, 0] * 40).round()
    assert cut.shape == (3, 12, 20)
    assert torch.equal(columns, columns[0] + torch.arange(20.0))
    assert columns[0] > 0
