from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from scene_perception.geometry.motion import dynamic_prior, motion_mask, motion_probability


def _flow(u: float, v: float) -> Tensor:
    return torch.tensor([u, v]).view(1, 2, 1, 1)


@pytest.mark.parametrize(
    ("rigid", "expected"),
    [
        ((3.0, 4.0), 0.0),
        ((-3.0, -4.0), 1.0),
        ((6.0, 8.0), 0.5),
        ((4.0, -3.0), 0.5),
        ((0.0, 0.0), 1.0),
    ],
    ids=["equal", "opposite", "twice as long", "perpendicular", "zero"],
)
def test_motion_probability_by_hand(rigid: tuple[float, float], expected: float) -> None:
    probability = motion_probability(_flow(3, 4), _flow(*rigid))
    assert probability.item() == pytest.approx(expected, abs=1e-6)


def test_two_zero_flows_are_undecided() -> None:
    assert motion_probability(_flow(0, 0), _flow(0, 0)).item() == 0.5


def test_motion_probability_equals_the_published_one(unit: Callable[[str], Tensor]) -> None:
    probability = motion_probability(unit("motion_in_optical"), unit("motion_in_rigid"))
    expected = unit("motion_out_probability")
    torch.testing.assert_close(probability, expected, atol=1e-4, rtol=0)


def test_flows_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="flows must be"):
        motion_probability(torch.zeros(1, 2, 3, 4), torch.zeros(1, 2, 3, 5))


def test_persons_and_vehicles_can_move_and_nothing_else() -> None:
    labels = torch.arange(256).to(torch.uint8)
    assert dynamic_prior(labels).nonzero().flatten().tolist() == list(range(11, 19))


def test_the_mask_needs_a_dynamic_class_and_more_than_the_threshold() -> None:
    labels = torch.tensor([13, 13, 0], dtype=torch.uint8)
    probability = torch.tensor([0.6, 0.5, 0.9])
    assert motion_mask(probability, labels, threshold=0.5).tolist() == [1, 0, 0]
