"""Random weights are the same every time, look alive and leave no trace."""

import torch
import torch.nn.functional as F

from scene_perception.engines.random_weights import random_omeganet


def test_the_same_seed_gives_the_same_weights():
    first, second = random_omeganet().state_dict(), random_omeganet().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_global_random_state_is_left_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    random_omeganet()
    assert torch.equal(torch.rand(2), expected)


def test_depth_and_labels_vary_over_an_image():
    generator = torch.Generator().manual_seed(5)
    image = F.interpolate(torch.rand(1, 3, 8, 12, generator=generator), (128, 192))
    with torch.inference_mode():
        outputs = random_omeganet().dsnet(image)
    assert torch.isfinite(outputs.inverse_depth).all()
    assert outputs.inverse_depth.max() > 2 * outputs.inverse_depth.min()
    assert outputs.labels.unique().numel() >= 5
