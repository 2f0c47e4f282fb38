from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from scene_perception.models.dwarf_blocks import ContextNetwork, Estimator, Trunk, cost_volume


def _leaky(features: Tensor) -> Tensor:
    return F.leaky_relu(features, 0.1)


def test_the_trunk_appends_what_each_layer_makes_of_all_before() -> None:
    trunk, inputs = Trunk(20), torch.rand(2, 20, 5, 7)
    outputs = trunk(inputs)
    assert outputs.shape == (2, 20 + 352, 5, 7)
    torch.testing.assert_close(outputs[:, :20], inputs)
    torch.testing.assert_close(outputs[:, 276:], _leaky(trunk[2].conv(outputs[:, :276])))


def test_an_estimators_heads_read_its_trunk() -> None:
    estimator, inputs = Estimator(20), torch.rand(1, 20, 3, 4)
    expected = estimator.heads(estimator.trunk(inputs))
    for found, wanted in zip(estimator(inputs), expected, strict=True):
        torch.testing.assert_close(found, wanted)


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
