"""DWARF that matches from its first step, as ``matching_start`` does it for SD-OFNet.

Every layer reads all before it, so a value needs no channels to be passed on: heads read the
coarser level's motion and the trunk's second layer themselves. Costs are not normalised; how
much those of a level deviate is measured on noise.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from offline.training.growth import level_of_dwarf
from offline.training.initialization import bias_of
from offline.training.matching_start import (
    BLUR,
    RANGE,
    SHIFTS,
    clear,
    less_mean,
    see_differences,
)
from scene_perception.models.dwarf import DWARF
from scene_perception.models.dwarf_blocks import (
    COST_CHANNELS,
    MOTION_CHANNELS,
    TRUNK_CHANNELS,
    Trunk,
    cost_volume,
)
from scene_perception.models.dwarf_decoder import UNIT_PX
from scene_perception.models.dwarf_encoder import LEVELS, STEREO_CHANNELS, StereoEncoder
from scene_perception.models.dwarf_heads import Head
from scene_perception.models.layers import SameConv

_ROW = 2 * RANGE + 1
_THRESHOLD = 1.0  # in deviations of the costs
_GAIN = 0.1  # of the centre of gravity
_NOISE_PX, _MOVED_PX = 256, 3


class Volume(NamedTuple):
    """A cost volume and what it tells.

    Attributes:
        first: of its channels.
        along: vertical and horizontal shift of each. # (N, 2)
    """

    first: int
    along: Tensor


def _volumes() -> dict[str, Volume]:
    """Return what each head reads: rows of either pair, and the left images' plane."""
    shifts = torch.arange(SHIFTS)
    plane = torch.stack([shifts // _ROW - RANGE, shifts % _ROW - RANGE], 1).float()
    row = plane[RANGE * _ROW : (RANGE + 1) * _ROW]
    return {
        "disparity": Volume(0, row),
        "next_disparity": Volume(_ROW, row),
        "flow": Volume(COST_CHANNELS - SHIFTS, plane),
    }


_PLACES = {"disparity": (0, (1,)), "next_disparity": (1, (1,)), "flow": (2, (1, 0))}


@torch.no_grad()
def start_matching_dwarf(network: DWARF, seed: int) -> None:
    """Write the reader of costs into drawn weights, in place.

    Args:
        network: with drawn weights.
        seed: of the noise that costs are measured on.
    """
    see_differences(network.stereo_encoder)
    deviations = _deviations(network.stereo_encoder, seed)
    for level in LEVELS:
        trunk, heads = level_of_dwarf(network, level)
        _write_trunk(trunk, deviations[level])
        for name, head in heads.items():
            if isinstance(head, Head):
                _write_head(head, name, level)


def _deviations(encoder: StereoEncoder, seed: int) -> dict[int, dict[str, float]]:
    """Return how much each volume's costs deviate from their mean over shifts, by level."""
    draws = torch.Generator().manual_seed(seed)
    size = _NOISE_PX + 64
    grids = [torch.rand(1, 3, size // cell, size // cell, generator=draws) for cell in (1, 4, 16)]
    noise = torch.cat([F.interpolate(grid, (size, size), mode="bilinear") for grid in grids])
    noise = noise.mean(0, keepdim=True)
    here, there = (noise[..., :_NOISE_PX, x : x + _NOISE_PX] for x in (0, _MOVED_PX))
    found: dict[int, dict[str, float]] = {}
    for level, one, other in zip(LEVELS, encoder(here), encoder(there), strict=True):
        costs = cost_volume(one, other, other, one)
        found[level] = {name: _deviation(costs, volume) for name, volume in _volumes().items()}
    return found


def _deviation(costs: Tensor, volume: Volume) -> float:
    own = costs[:, volume.first : volume.first + len(volume.along)]
    return float((own - own.mean(1, keepdim=True)).std())


def _write_trunk(trunk: Trunk, deviations: dict[str, float]) -> None:
    """Let the first two layers tell which costs stand out; their channels are the volumes'."""
    first, second, _ = (layer.conv for layer in trunk if isinstance(layer, SameConv))
    blur = first.weight.new_tensor(BLUR) / 16
    place, made = 0, second.in_channels - first.out_channels
    for name, volume in _volumes().items():
        count = len(volume.along)
        rows = range(place, place + count)
        clear(first, rows)
        clear(second, rows)
        kernel = less_mean(count)
        first.weight[rows.start : rows.stop, volume.first : volume.first + count] = (
            kernel[:, :, None, None] * blur / deviations[name]
        )
        second.weight[rows.start : rows.stop, made + place : made + place + count, 1, 1] = kernel
        bias_of(first)[rows.start : rows.stop] = -_THRESHOLD
        bias_of(second)[rows.start : rows.stop] = -_THRESHOLD
        place += count


def _write_head(head: Head, name: str, level: int) -> None:
    """Let a head predict the coarser level's motion and what stands out of the costs."""
    conv = head.prediction
    inputs = head.first.in_channels - TRUNK_CHANNELS
    motion, axes = _PLACES[name]
    for row, axis in enumerate(axes):
        if level < LEVELS[-1]:
            known = COST_CHANNELS + STEREO_CHANNELS[level]
            conv.weight[row, known : known + 2 * MOTION_CHANNELS] = 0
            conv.weight[row, known + motion + row, 1, 1] = 1
        place = inputs + 128
        for other, volume in _volumes().items():
            count = len(volume.along)
            if other == name:
                unit = 2**level / UNIT_PX
                conv.weight[row, place : place + count] = 0
                conv.weight[row, place : place + count, 1, 1] = _GAIN * unit * volume.along[:, axis]
            place += count
