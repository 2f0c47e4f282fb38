"""Coarse-to-fine decoders that grow: a finer level joins later, as a copy of the coarser one.

A level costs four times the one below it, and has little to learn before that one says
something; it must, above all, learn to pass on what it is told. A copy can do so from its first
step. What differs between the levels, the number of the features' channels, begins at 0.
Growing generative networks level by level is Karras et al., ICLR 2018.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from offline.training.initialization import bias_of
from scene_perception.models.dwarf import DWARF
from scene_perception.models.dwarf_blocks import (
    COST_CHANNELS,
    MOTION_CHANNELS,
    Estimator,
    Trunk,
)
from scene_perception.models.dwarf_encoder import LEVELS, STEREO_CHANNELS
from scene_perception.models.dwarf_heads import Head, Heads
from scene_perception.models.sd_ofnet import FLOW_CHANNELS, FlowEstimator, PairConv, SDOFNet

GROWING = (4, 3, 2)  # levels that may join later; 6 and 5 learn from the first step
_FLOWS = 4


def require_growth(steps: Sequence[int]) -> None:
    """Check the steps at which levels join.

    Raises:
        ValueError: for steps that are not one for each level, or do not rise.
    """
    if steps and (len(steps) != len(GROWING) or list(steps) != sorted(steps) or steps[0] < 0):
        raise ValueError(
            f"grows must be empty or {len(GROWING)} steps that do not fall, at which the levels "
            f"{', '.join(map(str, GROWING))} join, got {list(steps)}"
        )


def finest_level(step: int, steps: Sequence[int]) -> int:
    """Return the finest level that learns at ``step``, if levels join at ``steps``."""
    joined = [level for level, first in zip(GROWING, steps, strict=False) if step >= first]
    return LEVELS[0] if not steps else min(joined, default=GROWING[0] + 1)


def join_levels(network: SDOFNet | DWARF, step: int, steps: Sequence[int]) -> None:
    """Let the levels whose step has come begin as copies of the coarser ones, in place."""
    for level, first in zip(GROWING, steps, strict=False):
        if step == first and isinstance(network, DWARF):
            copy_level_of_dwarf(network, level)
        elif step == first and isinstance(network, SDOFNet):
            copy_level_of_flow(network, level)


@torch.no_grad()
def copy_level_of_flow(network: SDOFNet, level: int) -> None:
    """Let a level's estimator of flow do what the coarser one does with costs and flow."""
    finer, coarser = (
        _estimator(network.decoder.estimators[f"level_{n}"]) for n in (level, level + 1)
    )
    first, *layers = finer.hidden
    source, *sources = coarser.hidden
    if isinstance(first, PairConv) and isinstance(source, PairConv):
        costs = source.conv.in_channels - FLOW_CHANNELS[level + 1] - _FLOWS
        channels = (FLOW_CHANNELS[level], FLOW_CHANNELS[level + 1])
        _copy(first.conv, source.conv, costs, channels)
    for layer, other in zip((*layers, finer.flow), (*sources, coarser.flow), strict=True):
        layer.load_state_dict(other.state_dict())


@torch.no_grad()
def copy_level_of_dwarf(network: DWARF, level: int) -> None:
    """Let a level's trunk and heads do what the coarser ones do with costs and motion.

    What they add to the motion is halved, as it is told in pixels of the full size.
    """
    coarser = network.scene_flow_decoder.levels[f"level_{level + 1}"]
    if not isinstance(coarser, Estimator):
        raise TypeError(f"levels of DWARF must be estimators, got {type(coarser).__name__}")
    trunk, heads = level_of_dwarf(network, level)
    channels = (STEREO_CHANNELS[level], STEREO_CHANNELS[level + 1])
    for own, other in zip(_convolutions(trunk), _convolutions(coarser.trunk), strict=True):
        _copy(own, other, COST_CHANNELS, channels)
    for name, head in heads.items():
        source = coarser.heads[name]
        if not isinstance(head, Head) or not isinstance(source, Head):
            raise TypeError(f"heads of DWARF must be heads, {name} is not")
        for layer, theirs in zip(_reading(head), _reading(source), strict=False):
            _copy(layer, theirs, COST_CHANNELS, channels)
        _halve(head.prediction, COST_CHANNELS + channels[0])
        if head.upsamples:
            head.upsample_motion.load_state_dict(source.upsample_motion.state_dict())


def level_of_dwarf(network: DWARF, level: int) -> tuple[Trunk, dict[str, nn.Module]]:
    """Return a level's trunk and heads; the finest one's heads belong to the refinements.

    Raises:
        TypeError: for a level that is no estimator.
    """
    if level > LEVELS[0]:
        estimator = network.scene_flow_decoder.levels[f"level_{level}"]
        if not isinstance(estimator, Estimator):
            raise TypeError(f"levels of DWARF must be estimators, got {type(estimator).__name__}")
        return estimator.trunk, dict(estimator.heads.items())
    refinements = (network.disparity_refinement, network.motion_refinement)
    heads: list[Heads] = [refinement.heads for refinement in refinements]
    return network.scene_flow_decoder.trunk, {k: v for one in heads for k, v in one.items()}


def _reading(head: Head) -> list[nn.Conv2d | nn.ConvTranspose2d]:
    """Return a head's layers that read the trunk."""
    layers: list[nn.Conv2d | nn.ConvTranspose2d] = [head.first, head.second, head.prediction]
    return [*layers, head.upsample_features] if head.upsamples else layers


def _convolutions(module: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]


def _estimator(module: nn.Module) -> FlowEstimator:
    if not isinstance(module, FlowEstimator):
        raise TypeError(f"levels of SD-OFNet must be estimators, got {type(module).__name__}")
    return module


def _halve(prediction: nn.Conv2d, motion: int) -> None:
    """Halve what a prediction adds to the coarser level's motion: a shift is half as far here.

    Motion is in pixels of the full size, a cell of the finer level has half as many.
    """
    told = prediction.weight[:, motion : motion + MOTION_CHANNELS].clone()
    prediction.weight /= 2
    bias_of(prediction).div_(2)
    prediction.weight[:, motion : motion + MOTION_CHANNELS] = told


def _copy(
    layer: nn.Conv2d | nn.ConvTranspose2d,
    source: nn.Conv2d | nn.ConvTranspose2d,
    before: int,
    channels: tuple[int, int],
) -> None:
    """Copy a layer whose inputs hold the level's features after ``before`` channels.

    Args:
        layer: to be changed; what it makes of the features becomes 0.
        source: of the coarser level.
        before: channels before the features.
        channels: of the features, here and there.
    """
    inputs = 0 if isinstance(layer, nn.ConvTranspose2d) else 1
    target, weight = layer.weight.movedim(inputs, 0), source.weight.movedim(inputs, 0)
    own, other = channels
    target[:before] = weight[:before]
    target[before : before + own] = 0
    target[before + own :] = weight[before + other :]
    bias_of(layer).copy_(bias_of(source))
