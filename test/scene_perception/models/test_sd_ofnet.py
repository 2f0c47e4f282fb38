from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from scene_perception.models.omeganet import OmegaNet
from scene_perception.models.sd_ofnet import PairConv, SDOFNet, full_size, other_direction


def test_the_other_direction_swaps_the_halves_of_a_batch() -> None:
    assert other_direction(torch.tensor([1, 2, 3, 4])).tolist() == [3, 4, 1, 2]


def test_the_full_size_flow_is_four_times_as_large_and_as_long() -> None:
    flow = full_size(torch.full((1, 2, 3, 5), 0.5))
    torch.testing.assert_close(flow, torch.full((1, 2, 12, 20), 2.0))


def test_sums_and_differences_of_directions_give_the_published_convolution() -> None:
    layer = PairConv(channels=6, outputs=4)
    costs, target, flow = torch.rand(4, 81, 5, 7), torch.rand(2, 6, 5, 7), torch.rand(4, 2, 5, 7)
    others = (other_direction(costs), torch.cat([target, target]), flow, -other_direction(flow))
    published = F.leaky_relu(layer.conv(torch.cat([costs, *others], 1)), 0.2)
    torch.testing.assert_close(layer(costs, target, flow), published)


def test_swapping_previous_and_next_swaps_the_directions(omeganet: OmegaNet) -> None:
    encoder, decoder = omeganet.sd_ofnet.encoder, omeganet.sd_ofnet.decoder
    first, second, third = (encoder(torch.rand(1, 3, 64, 64)) for _ in range(3))
    finest = decoder.estimate(first, second, third)[-1].flow
    swapped = decoder.estimate(third, second, first)[-1].flow
    torch.testing.assert_close(other_direction(swapped), finest, atol=1e-4, rtol=0)


def test_every_flow_is_what_the_published_network_computes(
    golden: dict[str, np.ndarray], computed: dict[str, np.ndarray]
) -> None:
    names = [name for name in golden if name.startswith("flow_")]
    assert len(names) == 14
    for name in names:
        np.testing.assert_allclose(computed[name], golden[name], atol=1e-3, rtol=0, err_msg=name)


def test_an_image_of_another_size_is_refused() -> None:
    image = torch.zeros(1, 3, 96, 640)
    with pytest.raises(ValueError, match="multiples of 64 px"):
        SDOFNet()(image, image, image)
