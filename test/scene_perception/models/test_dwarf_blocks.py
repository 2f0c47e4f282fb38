from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.models.dwarf_blocks import (
    ContextNetwork,
    Estimator,
    cost_volume,
    fuse_heads,
)
from scene_perception.models.dwarf_heads import HEADS


def _leaky(features: Tensor) -> Tensor:
    return F.leaky_relu(features, 0.1)


def _published_head(head: nn.Module, trunk: Tensor) -> Tensor:
    """A head as published: every layer reads all that came before it."""
    dense = torch.cat([trunk, _leaky(head.first(trunk))], 1)
    return torch.cat([dense, _leaky(head.second(dense))], 1)


@pytest.fixture(scope="module")
def estimator() -> Estimator:
    torch.manual_seed(0)
    return Estimator(20, upsamples=True).requires_grad_(False)


@pytest.fixture(scope="module")
def inputs() -> Tensor:
    return torch.rand(2, 20, 5, 7, generator=torch.Generator().manual_seed(1))


def test_the_trunk_appends_what_each_layer_makes_of_all_before(
    estimator: Estimator, inputs: Tensor
) -> None:
    trunk = estimator(inputs).trunk
    assert trunk.shape == (2, 20 + 352, 5, 7)
    torch.testing.assert_close(trunk[:, :20], inputs)
    torch.testing.assert_close(trunk[:, 276:], _leaky(estimator.trunk[2].conv(trunk[:, :276])))


def test_one_convolution_for_all_heads_gives_what_each_gives_alone(
    estimator: Estimator, inputs: Tensor
) -> None:
    estimate = estimator(inputs)
    dense = [_published_head(head, estimate.trunk) for head in estimator.heads.values()]
    features = torch.cat([layers[:, 372:] for layers in dense], 1)
    torch.testing.assert_close(estimate.features, features, atol=1e-5, rtol=1e-4)
    motion = [h.prediction(x) for h, x in zip(estimator.heads.values(), dense, strict=True)]
    torch.testing.assert_close(estimate.motion, torch.cat(motion, 1), atol=1e-5, rtol=1e-4)


def test_the_next_level_gets_motion_and_features_of_every_head(
    estimator: Estimator, inputs: Tensor
) -> None:
    estimate, heads = estimator(inputs), list(estimator.heads.values())
    motion = estimate.motion.split(list(HEADS.values()), 1)
    dense = [_published_head(head, estimate.trunk) for head in heads]
    expected = [
        *(head.upsample_motion(own) for head, own in zip(heads, motion, strict=True)),
        *(head.upsample_features(own) for head, own in zip(heads, dense, strict=True)),
    ]
    torch.testing.assert_close(estimate.upsampled, torch.cat(expected, 1), atol=1e-5, rtol=1e-4)


def test_the_last_level_has_nothing_to_hand_on(inputs: Tensor) -> None:
    last = Estimator(20, upsamples=False)
    assert last(inputs).upsampled is None
    assert not any("upsample" in name for name in last.state_dict())


def test_fused_heads_give_the_same_under_the_same_names(inputs: Tensor) -> None:
    estimator = Estimator(20, upsamples=True)
    expected, names = estimator(inputs), list(estimator.state_dict())
    fuse_heads(nn.Sequential(estimator))
    assert list(estimator.state_dict()) == names
    for fused, plain in zip(estimator(inputs), expected, strict=True):
        torch.testing.assert_close(fused, plain)


def test_fused_heads_follow_to_another_type(inputs: Tensor) -> None:
    estimator = Estimator(20, upsamples=False)
    fuse_heads(estimator)
    assert estimator.double()(inputs.double()).motion.dtype == torch.float64


def test_the_cost_volume_is_the_published_correlations_in_a_row(
    dwarf_operation: Callable[[str], Tensor],
) -> None:
    first, second = dwarf_operation("features_a"), dwarf_operation("features_b")
    # t: a against b, t+1: b against a; left images a and b.
    costs = cost_volume(first, second, second, first)
    names = ("correlation_1d", "correlation_1d_swapped", "correlation_3d", "correlation_2d")
    expected = torch.cat([_leaky(dwarf_operation(name)) for name in names], 1)
    torch.testing.assert_close(costs, expected, atol=1e-5, rtol=0)


def test_the_leak_of_the_correlations_is_a_tenth(
    dwarf_operation: Callable[[str], Tensor],
) -> None:
    first, second = dwarf_operation("features_a"), dwarf_operation("features_b")
    costs = cost_volume(first, second, second, first)[:, :9]
    assert (costs < 0).any()
    torch.testing.assert_close(costs, dwarf_operation("leaky_correlation_1d"), atol=1e-5, rtol=0)


def test_a_context_network_reads_the_trunk_first_and_keeps_the_size() -> None:
    network = ContextNetwork(5, 2)
    trunk, features = torch.rand(1, 3, 4, 6), torch.rand(1, 2, 4, 6)
    residual = network(trunk, features)
    torch.testing.assert_close(residual, network.layers(torch.cat([trunk, features], 1)))
    assert [layer.conv.dilation[0] for layer in network.layers] == [1, 2, 4, 8, 16, 1, 1]
