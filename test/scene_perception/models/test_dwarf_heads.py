from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.models.dwarf_heads import (
    HEADS,
    Head,
    Heads,
    as_convolution,
    fuse_heads,
    merge,
)


def _leaky(features: Tensor) -> Tensor:
    return F.leaky_relu(features, 0.1)


def _published_head(head: nn.Module, trunk: Tensor) -> Tensor:
    """A head as published: every layer reads all that came before it."""
    dense = torch.cat([trunk, _leaky(head.first(trunk))], 1)
    return torch.cat([dense, _leaky(head.second(dense))], 1)


@pytest.fixture(scope="module")
def trunk() -> Tensor:
    return torch.rand(2, 20, 5, 7, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module", params=[("disparity",), ("next_disparity", "flow"), tuple(HEADS)])
def heads(request: pytest.FixtureRequest) -> Heads:
    torch.manual_seed(0)
    outputs = {name: HEADS[name] for name in request.param}
    return Heads(20, outputs, upsamples=True).requires_grad_(False)


def test_one_convolution_for_all_heads_gives_what_each_gives_alone(
    heads: Heads, trunk: Tensor
) -> None:
    outputs = heads(trunk)
    dense = [_published_head(head, trunk) for head in heads.values()]
    features = torch.cat([layers[:, 20:] for layers in dense], 1)
    torch.testing.assert_close(outputs.features, features, atol=1e-5, rtol=1e-4)
    motion = [head.prediction(own) for head, own in zip(heads.values(), dense, strict=True)]
    torch.testing.assert_close(outputs.motion, torch.cat(motion, 1), atol=1e-5, rtol=1e-4)


def test_the_next_level_gets_motion_and_features_of_every_head(heads: Heads, trunk: Tensor) -> None:
    outputs = heads(trunk)
    motion = outputs.motion.split([HEADS[name] for name in heads], 1)
    dense = [_published_head(head, trunk) for head in heads.values()]
    expected = [
        *(head.upsample_motion(own) for head, own in zip(heads.values(), motion, strict=True)),
        *(head.upsample_features(own) for head, own in zip(heads.values(), dense, strict=True)),
    ]
    torch.testing.assert_close(outputs.upsampled, torch.cat(expected, 1), atol=1e-5, rtol=1e-4)


def test_the_last_level_has_nothing_to_hand_on(trunk: Tensor) -> None:
    last = Heads(20, HEADS, upsamples=False)
    assert last(trunk).upsampled is None
    assert not any("upsample" in name for name in last.state_dict())


def test_fused_heads_give_the_same_under_the_same_names(trunk: Tensor) -> None:
    heads = Heads(20, HEADS, upsamples=True)
    expected, names = heads(trunk), list(heads.state_dict())
    fuse_heads(nn.Sequential(heads))
    assert list(heads.state_dict()) == names
    for fused, plain in zip(heads(trunk), expected, strict=True):
        torch.testing.assert_close(fused, plain)


def test_fused_heads_follow_to_another_type(trunk: Tensor) -> None:
    heads = Heads(20, HEADS, upsamples=False)
    fuse_heads(heads)
    assert heads.double()(trunk.double()).motion.dtype == torch.float64


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
