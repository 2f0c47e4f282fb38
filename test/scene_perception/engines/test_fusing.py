"""What is exported computes the same with fewer operations, and leaves the network alone."""

from __future__ import annotations

import torch
from torch import nn

from scene_perception.engines.fusing import fused
from scene_perception.models.layers import BatchNorm, ReflectConv
from scene_perception.models.sgdepth import SGDepth


def test_batch_norm_is_folded_and_the_network_keeps_its_own() -> None:
    network = nn.Sequential(ReflectConv(3, 4), ReflectConv(4, 2)).eval()
    image = torch.rand(1, 3, 6, 8)
    copy = fused(network)
    torch.testing.assert_close(copy(image), network(image))
    assert not [m for m in copy.modules() if isinstance(m, BatchNorm)]
    assert len([m for m in network.modules() if isinstance(m, BatchNorm)]) == 2


def test_decoders_that_double_give_the_same(sgdepth: SGDepth) -> None:
    scene = sgdepth.parts()["sgdepth"].eval()
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        expected, given = scene(image), fused(scene)(image)
    spread = float(expected.inverse_depth.max() - expected.inverse_depth.min())
    off = float((given.inverse_depth - expected.inverse_depth).abs().max())
    assert off <= 1e-4 * spread
    assert (given.labels == expected.labels).float().mean() > 0.999


def test_weights_are_laid_out_as_pytorchs_default() -> None:
    network = nn.Conv2d(4, 5, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    assert fused(network).weight.is_contiguous()


def test_nothing_of_the_copy_asks_for_gradients() -> None:
    assert not any(parameter.requires_grad for parameter in fused(ReflectConv(1, 1)).parameters())
