from __future__ import annotations

import torch
from torch import nn

from offline.macs import count_conv_macs


def test_a_convolution_costs_its_kernel_at_every_output_sample() -> None:
    layer = nn.Conv2d(3, 8, 3, stride=2)
    assert count_conv_macs(layer, torch.rand(2, 3, 7, 9)) == 2 * 8 * 3 * 4 * (3 * 3 * 3)


def test_groups_divide_the_cost() -> None:
    layer = nn.Conv2d(8, 8, 1, groups=4)
    assert count_conv_macs(layer, torch.rand(1, 8, 5, 5)) == 25 * 8 * 2


def test_a_layer_counts_each_time_it_runs_and_other_layers_never() -> None:
    layer = nn.Conv2d(2, 2, 1)
    network = nn.Sequential(layer, nn.ReLU(), layer, nn.Flatten(), nn.Linear(8, 8))
    assert count_conv_macs(network, torch.rand(1, 2, 2, 2)) == 2 * 4 * 2 * 2


def test_inputs_may_be_named() -> None:
    assert count_conv_macs(nn.Conv2d(1, 1, 1), input=torch.rand(1, 1, 3, 3)) == 9


def test_a_transposed_convolution_costs_its_kernel_at_every_input_sample() -> None:
    layer = nn.ConvTranspose2d(3, 2, 4, 2, 1)
    assert count_conv_macs(layer, torch.rand(1, 3, 5, 6)) == 5 * 6 * 3 * 2 * (4 * 4)
