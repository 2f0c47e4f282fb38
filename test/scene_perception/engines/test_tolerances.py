"""How far numbers may be from what they should be."""

from __future__ import annotations

import math

import pytest
import torch

from scene_perception.engines.backends import PRECISIONS
from scene_perception.engines.tolerances import TOLERANCES, Tolerance, compare

LIMIT = Tolerance(worst=0.1, typical=0.05, different=0.25)
EXPECTED = torch.tensor([0.0, 10.0, 20.0, 5.0])  # a range of 20


def test_every_precision_has_a_tolerance_and_coarser_ones_are_wider() -> None:
    assert tuple(TOLERANCES) == PRECISIONS
    worst = [TOLERANCES[precision].worst for precision in PRECISIONS]
    assert worst == sorted(worst)


def test_the_worst_error_counts_relative_to_the_range() -> None:
    found = compare("flow", EXPECTED + torch.tensor([0.0, 1.0, 0, 0]), EXPECTED, LIMIT)
    assert found.worst == pytest.approx(1 / 20)
    assert found.excess == pytest.approx(0.5)  # sqrt(1 / 4) / 20 is half of 0.05, too


def test_many_small_errors_count_as_well_as_a_large_one() -> None:
    found = compare("flow", EXPECTED + 1.5, EXPECTED, LIMIT)
    assert found.worst == pytest.approx(0.075)
    assert found.excess == pytest.approx(0.075 / 0.05)
    assert "flow is off by 7.5e-02 of its range at worst (1e-01 allowed)" in found.text


def test_a_constant_is_compared_with_its_own_size() -> None:
    found = compare("depth", torch.full((4,), 4.2), torch.full((4,), 4.0), LIMIT)
    assert found.worst == pytest.approx(0.05)


def test_labels_are_compared_by_agreement() -> None:
    labels = torch.tensor([1, 2, 3, 4], dtype=torch.uint8)
    given = torch.tensor([1, 2, 3, 200], dtype=torch.uint8)
    found = compare("labels", given, labels, LIMIT)
    assert found.excess == pytest.approx(1.0)
    assert found.text == "labels: 25.00% differ, 25.00% may"


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_number_that_is_none_is_never_near_enough(wrong: float) -> None:
    found = compare("flow", torch.tensor([0.0, wrong, 20.0, 5.0]), EXPECTED, LIMIT)
    assert found.excess == math.inf


def test_infinity_may_be_where_it_should_be() -> None:
    infinite = torch.tensor([0.0, math.inf, 20.0])
    assert compare("depth", infinite, infinite, LIMIT).excess == 0


@pytest.mark.parametrize("given", [EXPECTED[None], EXPECTED.double()])
def test_another_shape_or_type_is_never_near_enough(given: torch.Tensor) -> None:
    found = compare("flow", given, EXPECTED, LIMIT)
    assert found.excess == math.inf
    assert "where (4,) torch.float32 was expected" in found.text
