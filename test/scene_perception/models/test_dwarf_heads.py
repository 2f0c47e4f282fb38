from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scene_perception.models.dwarf_heads import HEADS, Head, as_convolution, merge


def test_merged_weights_lie_in_the_order_of_layers_then_heads() -> None:
    heads = [Head(10, outputs, upsamples=True) for outputs in HEADS.values()]
    merged = merge(heads)
    assert merged.shared.shape == (192 + 96 + 4 + 16, 10, 3, 3)
    assert torch.equal(merged.shared[64:128], heads[1].first.weight)
    assert torch.equal(merged.shared[192 + 64 : 288], heads[2].second.weight[:, :10])
    assert torch.equal(merged.bias[288:292], torch.cat([head.prediction.bias for head in heads]))
    assert torch.equal(merged.second[:32], heads[0].second.weight[:, 10:])


def test_no_head_reads_another_ones_features() -> None:
    heads = [Head(10, outputs, upsamples=False) for outputs in HEADS.values()]
    last = merge(heads).last
    assert torch.equal(last[2:, 192:], heads[2].prediction.weight[:, 10:])
    assert not last[2:, :192].any()
    assert not last[0, 96:].any()


def test_a_transposed_convolution_is_a_convolution_and_a_shuffle() -> None:
    layer = nn.ConvTranspose2d(3, 2, 4, 2, 1)
    image = torch.rand(2, 3, 4, 5)
    weight, bias = as_convolution(layer)
    shuffled = F.pixel_shuffle(F.conv2d(image, weight, bias, padding=1), 2)
    torch.testing.assert_close(shuffled, layer(image))


def test_a_layer_without_bias_is_refused() -> None:
    with pytest.raises(ValueError, match="every layer of a head must have a bias"):
        as_convolution(nn.ConvTranspose2d(3, 2, 4, 2, 1, bias=False))
