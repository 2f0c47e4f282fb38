"""Random weights are the same every time, look alive and leave no trace."""

import pytest
import torch
import torch.nn.functional as F

from scene_perception.engines.random_weights import (
    random_dwarf,
    random_insta_dm,
    random_omeganet,
    random_sgdepth,
)

NETWORKS = [random_omeganet, random_sgdepth, random_insta_dm, random_dwarf]


@pytest.fixture
def image():
    generator = torch.Generator().manual_seed(5)
    return F.interpolate(torch.rand(1, 3, 8, 12, generator=generator), (128, 192), mode="bilinear")


@pytest.mark.parametrize("random_network", NETWORKS)
def test_the_same_seed_gives_the_same_weights(random_network):
    first, second = random_network().state_dict(), random_network().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("random_network", NETWORKS)
def test_the_global_random_state_is_left_alone(random_network):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    random_network()
    assert torch.equal(torch.rand(2), expected)


def test_depth_and_labels_vary_over_an_image():
    generator = torch.Generator().manual_seed(5)
    image = F.interpolate(torch.rand(1, 3, 8, 12, generator=generator), (128, 192))
    with torch.inference_mode():
        outputs = random_omeganet().dsnet(image)
    assert torch.isfinite(outputs.inverse_depth).all()
    assert outputs.inverse_depth.max() > 2 * outputs.inverse_depth.min()
    assert outputs.labels.unique().numel() >= 5


def test_sgdepth_sees_near_and_far_of_many_classes(image):
    with torch.inference_mode():
        outputs = random_sgdepth().scene(image)
    assert (1 / outputs.inverse_depth).quantile(0.05) < 1
    assert (1 / outputs.inverse_depth).quantile(0.95) > 4
    assert outputs.labels.unique().numel() >= 10


def test_insta_dm_sees_near_and_far(image):
    with torch.inference_mode():
        inverse_depth = random_insta_dm()(image).inverse_depth
    assert inverse_depth.min() > 0
    assert inverse_depth.quantile(0.95) > 3 * inverse_depth.quantile(0.05)


def test_cameras_drive_ahead_and_turn_a_little(image):
    unknown = torch.full((1, 128, 192), 255, dtype=torch.uint8)
    moved = image.roll(3, 3)
    with torch.inference_mode():
        transforms = [
            random_sgdepth().ego_motion(image, moved).next_from_current[0],
            random_insta_dm().ego_pose_net(image, moved, unknown, unknown).next_from_current[0],
        ]
    for transform in transforms:
        assert -0.3 < transform[2, 3] < -0.1
        assert 1e-3 < (transform[:3, :3] - torch.eye(3)).abs().max() < 0.03


def test_disparity_and_flow_vary_over_a_stereo_pair():
    generator = torch.Generator().manual_seed(5)
    noise = torch.rand(1, 3, 8, 12, generator=generator)
    left = F.interpolate(noise, (128, 192), mode="bilinear")
    next_left = left.roll(-3, 3)
    with torch.inference_mode():
        outputs = random_dwarf(width=192)(left, left.roll(-5, 3), next_left, next_left.roll(-5, 3))
    for disparity in (outputs.disparity, outputs.next_disparity):
        assert 0.005 * 192 < disparity.min() < 0.05 * 192
        assert 0.07 * 192 < disparity.max() < 0.15 * 192
    assert 0.01 < (outputs.next_disparity - outputs.disparity).abs().max() < 3
    assert (outputs.flow.std((2, 3)) > 0.5).all()
    assert outputs.flow.abs().max() < 15
