"""Random weights are the same every time, look alive and leave no trace."""

import pytest
import torch
import torch.nn.functional as F

from scene_perception.engines.random_weights import random_dwarf, random_omeganet


@pytest.mark.parametrize("random_network", [random_omeganet, random_dwarf])
def test_the_same_seed_gives_the_same_weights(random_network):
    first, second = random_network().state_dict(), random_network().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("random_network", [random_omeganet, random_dwarf])
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
