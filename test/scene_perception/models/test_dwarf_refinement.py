from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

from scene_perception.models.dwarf_refinement import (
    DisparityRefinement,
    MotionRefinement,
    full_size,
)

Part = TypeVar("Part", DisparityRefinement, MotionRefinement)

TRUNK = torch.rand(1, 572, 16, 32, generator=torch.Generator().manual_seed(0))


def _saying(part: Part, **predictions: float) -> Part:
    """Let every weight be 0 and the named heads predict a constant."""
    for parameter in part.parameters():
        nn.init.zeros_(parameter)
    for head, value in predictions.items():
        nn.init.constant_(part.heads[head].prediction.bias, value)
    return part


def test_a_quarter_of_the_size_and_a_twentieth_of_a_pixel_become_the_whole() -> None:
    # Source = target / 4: 1 and 2 with three steps between, then the last column repeated.
    row = full_size(torch.tensor([[[[0.05, 0.1]]]]))[0, 0, 0]
    torch.testing.assert_close(row, torch.tensor([1, 1.25, 1.5, 1.75, 2, 2, 2, 2]))


def test_a_published_disparity_of_minus_one_is_twenty_pixels() -> None:
    outputs = _saying(DisparityRefinement(), disparity=-1.0)(TRUNK)
    assert torch.equal(outputs.disparity, torch.full((1, 1, 64, 128), 20.0))


def test_the_next_disparity_changes_its_sign_and_flow_does_not() -> None:
    outputs = _saying(MotionRefinement(), next_disparity=-0.5, flow=0.25)(TRUNK)
    assert torch.equal(outputs.next_disparity, torch.full((1, 1, 64, 128), 10.0))
    assert torch.equal(outputs.flow, torch.full((1, 2, 64, 128), 5.0))


@torch.no_grad()
def test_a_context_network_reads_its_own_heads_features() -> None:
    part = MotionRefinement()
    heads, refined = part.heads(TRUNK), part.refine(TRUNK)
    torch.testing.assert_close(refined.unrefined, heads.motion)
    torch.testing.assert_close(
        refined.residual[:, :1], part.next_disparity(TRUNK, heads.features[:, :96])
    )
    torch.testing.assert_close(refined.residual[:, 1:], part.flow(TRUNK, heads.features[:, 96:]))


@torch.no_grad()
def test_what_is_given_is_prediction_and_residual_at_full_size() -> None:
    part = DisparityRefinement()
    unrefined, residual = part.refine(TRUNK)
    torch.testing.assert_close(part(TRUNK).disparity, -full_size(unrefined + residual))
