from __future__ import annotations

import torch
from torch import Tensor, nn

from scene_perception.models.dwarf import part_inputs
from scene_perception.models.dwarf_refinement import (
    DisparityRefinement,
    MotionRefinement,
    full_size,
)


def _inputs(part: str) -> dict[str, Tensor]:
    return {name: torch.zeros(shape) for name, shape in part_inputs(64, 128)[part].items()}


def _silence(network: nn.Module) -> nn.Module:
    """Let every context network's residual be 0."""
    for parameter in network.parameters():
        nn.init.zeros_(parameter)
    return network


def test_a_quarter_of_the_size_and_a_twentieth_of_a_pixel_become_the_whole() -> None:
    # Source = target / 4: 1 and 2 with three steps between, then the last column repeated.
    row = full_size(torch.tensor([[[[0.05, 0.1]]]]))[0, 0, 0]
    torch.testing.assert_close(row, torch.tensor([1, 1.25, 1.5, 1.75, 2, 2, 2, 2]))


def test_a_published_disparity_of_minus_one_is_twenty_pixels() -> None:
    inputs = _inputs("disparity_refinement")
    inputs["coarse_disparity"] -= 1
    outputs = _silence(DisparityRefinement())(**inputs)
    assert torch.equal(outputs.disparity, torch.full((1, 1, 64, 128), 20.0))


def test_the_next_disparity_changes_its_sign_and_flow_does_not() -> None:
    inputs = _inputs("motion_refinement")
    inputs["coarse_next_disparity"] -= 0.5
    inputs["coarse_flow"][:, 1] += 0.25
    outputs = _silence(MotionRefinement())(**inputs)
    assert torch.equal(outputs.next_disparity, torch.full((1, 1, 64, 128), 10.0))
    assert outputs.flow[0, :, 5, 7].tolist() == [0, 5]


def test_the_context_networks_give_what_is_added() -> None:
    network, inputs = DisparityRefinement(), _inputs("disparity_refinement")
    residual = network.disparity(inputs["trunk"], inputs["disparity_features"])
    torch.testing.assert_close(network(**inputs).disparity, -full_size(residual))
