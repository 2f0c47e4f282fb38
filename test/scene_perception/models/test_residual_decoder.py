from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from scene_perception.models.residual_decoder import (
    STEPS,
    DecoderStep,
    ResidualDecoder,
    fuse_doubling,
)
from scene_perception.models.resnet import FEATURE_CHANNELS


def pyramid(height: int = 64, width: int = 96) -> list[Tensor]:
    """Encoder features of random values, coarsest first."""
    return [
        torch.randn(1, channels, height >> n, width >> n)
        for n, channels in reversed([*enumerate(FEATURE_CHANNELS, start=1)])
    ]


def test_levels_come_at_a_sixteenth_to_the_whole_size() -> None:
    levels = ResidualDecoder()(pyramid())
    assert [tuple(level.shape[1:]) for level in levels] == [
        (256, 4, 6), (128, 8, 12), (64, 16, 24), (32, 32, 48), (16, 64, 96),
    ]  # fmt: skip


@pytest.mark.parametrize("shared", range(10))
def test_steps_dealt_to_two_decoders_give_what_one_gives(shared: int) -> None:
    whole = ResidualDecoder().eval()
    first, second = ResidualDecoder(STEPS[:shared]), ResidualDecoder(STEPS[shared:])
    for part in (first, second):
        part.load_state_dict({name: whole.state_dict()[name] for name in part.state_dict()})
    features = pyramid()
    both = second(first(features))
    assert all(torch.equal(a, b) for a, b in zip(both, whole(features), strict=True))


def test_features_given_are_left_as_they_are() -> None:
    features = pyramid()
    copies = [feature.clone() for feature in features]
    ResidualDecoder()(features)
    assert all(torch.equal(a, b) for a, b in zip(features, copies, strict=True))


def test_second_step_sees_doubled_features_then_the_skip_connection() -> None:
    decoder = ResidualDecoder(STEPS[1:2])
    step = decoder.get_submodule("steps.step_1")
    weight, bias = step.get_parameter("conv.conv.weight"), step.get_parameter("conv.conv.bias")
    nn.init.zeros_(weight)
    nn.init.zeros_(bias)
    with torch.no_grad():
        weight[0, 3, 1, 1] = 1  # the fourth upsampled channel
        weight[1, 256 + 5, 1, 1] = 1  # the sixth of the encoder's feature
    coarse, skip, *rest = pyramid()
    coarse = torch.rand_like(coarse)[:, :256]
    level = decoder([coarse, skip.abs(), *rest])[0]
    assert torch.equal(level[:, 0], coarse[:, 3].repeat_interleave(2, 1).repeat_interleave(2, 2))
    assert torch.equal(level[:, 1], skip.abs()[:, 5])


def test_step_reflects_at_the_border_and_bends_what_is_negative() -> None:
    step = DecoderStep(1, 1)
    with torch.no_grad():
        step.conv.conv.weight.zero_()[0, 0, 1, 0] = 1  # the left neighbour
        step.conv.conv.bias.zero_()
    row = step(torch.tensor([[[[1.0, -1.0, 3.0], [0.0, 0.0, 0.0]]]]))[0, 0, 0]
    torch.testing.assert_close(row, torch.tensor([math.exp(-1) - 1, 1.0, math.exp(-1) - 1]))


def test_convolving_before_doubling_gives_the_same() -> None:
    decoder, features = ResidualDecoder().eval(), pyramid()
    expected = decoder(features)
    fuse_doubling(decoder)
    for level, whole in zip(decoder(features), expected, strict=True):
        torch.testing.assert_close(level, whole, atol=1e-5, rtol=0)


def test_fusing_adds_nothing_to_what_is_saved() -> None:
    decoder = ResidualDecoder()
    names = decoder.state_dict().keys()
    fuse_doubling(decoder)
    assert decoder.state_dict().keys() == names
