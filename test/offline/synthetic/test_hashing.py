from __future__ import annotations

import pytest
import torch

from offline.synthetic.hashing import mixed, normal, uniform


def test_the_mixing_function_is_the_published_one():
    # By hand for 1: 1 * 0x7feb352d, ^ >> 15, * 0x846ca68b, ^ >> 16, all modulo 2^32.
    value = 0x7FEB352D
    value ^= value >> 15
    value = (value * 0x846CA68B) % 2**32
    assert mixed(torch.tensor([1])).item() == value ^ (value >> 16)
    assert mixed(torch.tensor([0])).item() == 0


def test_negative_numbers_count_as_their_32_bits():
    assert mixed(torch.tensor([-1])).item() == mixed(torch.tensor([2**32 - 1])).item()


def test_numbers_are_spread_evenly():
    values = uniform(torch.arange(100_000))
    assert values.min() >= 0
    assert values.max() < 1
    assert values.histc(10, 0, 1).tolist() == pytest.approx([10_000] * 10, rel=0.05)


def test_deviates_have_mean_zero_and_variance_one_and_neighbours_nothing_in_common():
    values = normal(torch.arange(100_000)).double()
    assert values.mean().item() == pytest.approx(0, abs=0.01)
    assert values.var().item() == pytest.approx(1, abs=0.01)
    assert (values[1:] * values[:-1]).mean().item() == pytest.approx(0, abs=0.01)
    assert values.abs().max() < 3.5
