from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from scene_perception.models.correlation import correlation, l2_normalize, mean_correlation


def _shift_by_shift(target: Tensor, source: Tensor, ry: int, rx: int) -> Tensor:
    height, width = target.shape[2:]
    padded = F.pad(source, (rx, rx, ry, ry))
    costs = [
        (target * padded[:, :, dy : dy + height, dx : dx + width]).sum(1)
        for dy in range(2 * ry + 1)
        for dx in range(2 * rx + 1)
    ]
    return torch.stack(costs, 1)


def test_channels_count_shifts_row_by_row() -> None:
    target = torch.zeros(1, 1, 3, 3)
    source = torch.arange(1.0, 10.0).view(1, 1, 3, 3)
    target[0, 0, 1, 1] = 1
    costs = correlation(target, source, (1, 1))
    assert costs[0, :, 1, 1].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("shape", "search_range"),
    [
        ((2, 8, 12, 40), (4, 4)),
        ((1, 3, 5, 7), (4, 4)),
        ((2, 4, 3, 33), (0, 12)),
        ((1, 4, 6, 16), (3, 0)),
        ((1, 1, 1, 1), (2, 1)),
    ],
)
def test_costs_are_products_at_every_shift(
    shape: tuple[int, int, int, int], search_range: tuple[int, int]
) -> None:
    generator = torch.Generator().manual_seed(0)
    target = torch.randn(shape, generator=generator)
    source = torch.randn(shape, generator=generator)
    costs = correlation(target, source, search_range)
    torch.testing.assert_close(costs, _shift_by_shift(target, source, *search_range))


def test_normalised_costs_equal_the_published_ones(unit: Callable[[str], Tensor]) -> None:
    target, source = l2_normalize(unit("cost_in_x1")), l2_normalize(unit("cost_in_x2"))
    costs = correlation(target, source, (4, 4))
    torch.testing.assert_close(costs, unit("cost_out"), atol=1e-4, rtol=0)


def test_mean_costs_equal_the_published_ones_along_rows_and_in_planes(
    dwarf_operation: Callable[[str], Tensor],
) -> None:
    first, second = dwarf_operation("features_a"), dwarf_operation("features_b")
    for name, pair, search_range in (
        ("correlation_1d", (first, second), (0, 4)),
        ("correlation_1d_swapped", (second, first), (0, 4)),
        ("correlation_2d", (first, second), (4, 4)),
    ):
        costs = mean_correlation(*pair, search_range)
        torch.testing.assert_close(costs, dwarf_operation(name), atol=1e-5, rtol=0)


def test_a_zero_vector_stays_zero() -> None:
    normalized = l2_normalize(torch.tensor([[3.0, 0.0], [4.0, 0.0]]).view(1, 2, 1, 2))
    torch.testing.assert_close(normalized[0, :, 0], torch.tensor([[0.6, 0.0], [0.8, 0.0]]))


def test_features_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="correlation needs features of one shape"):
        correlation(torch.zeros(1, 2, 3, 4), torch.zeros(1, 2, 3, 5), (4, 4))
