"""What DWARF says at every level in training, and its weights to begin with."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from offline.training.dwarf_matching_start import start_matching_dwarf
from offline.training.initialization import initialize, quiet
from scene_perception.checkpoints.weights import Uninitialised
from scene_perception.models.dwarf import DWARF
from scene_perception.models.dwarf_encoder import LEVELS, SLOPE
from scene_perception.models.dwarf_heads import Head
from scene_perception.models.dwarf_refinement import sum_of
from scene_perception.models.layers import resize_bilinear

_BILINEAR = (0.25, 0.75, 0.75, 0.25)


class Motions(NamedTuple):
    """d, c, u, v at every level, full-resolution px / 20, published signs.

    Attributes:
        levels: number n, from 6 to the finest -> motion; of level 2 before the context networks.
            # (B, 4, H / 2^n, W / 2^n)
        refined: level 2 with its context networks, or the finest level, if it is a coarser one,
            enlarged. # (B, 4, H / 4, W / 4)
    """

    levels: dict[int, Tensor]
    refined: Tensor


def motions(
    network: DWARF, images: tuple[Tensor, Tensor, Tensor, Tensor], *, finest: int = LEVELS[0]
) -> Motions:
    """Describe the first of left, right, next left and next right images. # (B, 3, H, W) each."""
    left, right, next_left, next_right = images
    current = network.stereo_encoder(torch.cat([left, right]))
    following = network.stereo_encoder(torch.cat([next_left, next_right]))
    decoder = network.scene_flow_decoder
    estimates = decoder.estimate(current, following, finest=max(finest, LEVELS[1]))
    levels = {n: e.outputs.motion for n, e in zip(reversed(LEVELS[1:]), estimates, strict=False)}
    if finest > LEVELS[0]:
        return Motions(levels, resize_bilinear(levels[finest], *current[0].shape[2:]))
    inputs = decoder.level_inputs(finest, current[0], following[0], estimates[-1].outputs).inputs
    trunk = decoder.trunk(inputs)
    parts = (network.disparity_refinement.refine(trunk), network.motion_refinement.refine(trunk))
    levels[finest] = torch.cat([part.unrefined for part in parts], 1)
    return Motions(levels, torch.cat([sum_of(part) for part in parts], 1))


def initialized_dwarf(how: str, seed: int) -> DWARF:
    """Return DWARF with weights to begin with.

    ``xavier`` is all that the published code does. With ``he`` the predictions begin small, and
    each level passes its motion on as it is, bilinearly enlarged. ``matching`` is ``he`` with
    heads that read costs from the first step on.
    """
    with Uninitialised():
        network = DWARF()
    initialize(network, how, seed, slope=SLOPE)
    if how != "xavier":
        for head in (module for module in network.modules() if isinstance(module, Head)):
            quiet(head.prediction)
            if head.upsamples:
                _pass_on(head.upsample_motion)
        refined = (network.disparity_refinement.disparity, network.motion_refinement.flow,
                   network.motion_refinement.next_disparity)  # fmt: skip
        quiet(*(context.layers[-1] for context in refined))
    if how == "matching":
        start_matching_dwarf(network, seed)
    return network


@torch.no_grad()
def _pass_on(layer: nn.ConvTranspose2d) -> None:
    """Make a 4x4 transposed convolution of stride 2 enlarge each channel bilinearly."""
    taps = layer.weight.new_tensor(_BILINEAR)
    layer.weight.zero_()
    for channel in range(layer.in_channels):
        layer.weight[channel, channel] = taps[:, None] * taps
