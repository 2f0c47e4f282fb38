"""Levels that join a coarse-to-fine decoder later."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from offline.training.dwarf_motions import initialized_dwarf
from offline.training.growth import (
    copy_level_of_dwarf,
    copy_level_of_flow,
    finest_level,
    require_growth,
)
from offline.training.omeganet_start import initialized_omeganet
from scene_perception.models.dwarf_blocks import COST_CHANNELS
from scene_perception.models.dwarf_encoder import STEREO_CHANNELS
from scene_perception.models.sd_ofnet import FLOW_CHANNELS

_CELLS = (4, 6)


def _drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def test_levels_join_at_their_steps() -> None:
    found = [finest_level(step, (10, 20, 30)) for step in (0, 9, 10, 25, 30, 99)]
    assert found == [5, 5, 4, 3, 2, 2]


def test_without_steps_all_levels_learn() -> None:
    assert finest_level(0, ()) == 2


@pytest.mark.parametrize("steps", [(1, 2), (30, 20, 10), (-1, 0, 1)])
def test_steps_that_make_no_sense_are_refused(steps: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="grows must be empty or 3 steps that do not fall"):
        require_growth(steps)


@torch.no_grad()
@pytest.mark.parametrize("level", [4, 3, 2])
def test_a_level_of_flow_begins_as_the_coarser_one(level: int) -> None:
    network = initialized_omeganet("he", 0).sd_ofnet
    copy_level_of_flow(network, level)
    finer, coarser = (network.decoder.estimators[f"level_{n}"] for n in (level, level + 1))
    costs, flow = _drawn(2, 81, *_CELLS), _drawn(2, 2, *_CELLS)
    features, other = _drawn(1, FLOW_CHANNELS[level], *_CELLS), FLOW_CHANNELS[level + 1]
    said = finer.hidden[0](costs, features, flow)
    expected = coarser.hidden[0](costs, torch.zeros(1, other, *_CELLS), flow)
    torch.testing.assert_close(said, expected)
    for layer, same in zip((*finer.hidden[1:], finer.flow), (*coarser.hidden[1:], coarser.flow),
                           strict=True):  # fmt: skip
        said, expected = layer(said), same(expected)
    torch.testing.assert_close(said, expected)


@torch.no_grad()
@pytest.mark.parametrize("level", [4, 3, 2])
def test_a_level_of_dwarf_begins_as_the_coarser_one(level: int) -> None:
    network = initialized_dwarf("he", 0)
    copy_level_of_dwarf(network, level)
    costs = _drawn(1, COST_CHANNELS, *_CELLS)
    # What is added to the motion is half as many pixels here; without motion that is all.
    motion = torch.cat([torch.zeros(1, 4, *_CELLS), _drawn(1, 4, *_CELLS)], 1)
    features = _drawn(1, STEREO_CHANNELS[level], *_CELLS)
    blank = torch.zeros(1, STEREO_CHANNELS[level + 1], *_CELLS)
    decoder = network.scene_flow_decoder
    expected = decoder.levels[f"level_{level + 1}"](torch.cat([costs, blank, motion], 1))
    inputs = torch.cat([costs, features, motion], 1)
    if level > 2:
        found = decoder.levels[f"level_{level}"](inputs).motion
    else:
        trunk = decoder.trunk(inputs)
        refinements = (network.disparity_refinement, network.motion_refinement)
        found = torch.cat([refinement.refine(trunk).unrefined for refinement in refinements], 1)
    torch.testing.assert_close(found, expected.motion / 2)
