"""DWARF's published losses, worked by hand."""

import pytest
import torch
from torch import nn

from offline.losses.dwarf import fine_tuning_loss, pyramid_loss, weight_decay

_KNOWN = torch.ones(1, 1, 8, 8, dtype=torch.bool)


def _truth(known=_KNOWN):
    """Disparity 20 px, next disparity 40 px, flow (10, -10) px."""
    flow = torch.tensor([10.0, -10.0]).view(1, 2, 1, 1).expand(1, 2, 8, 8)
    return {
        "disparity": (torch.full((1, 1, 8, 8), 20.0), known),
        "next_disparity": (torch.full((1, 1, 8, 8), 40.0), known),
        "flow": (flow, known),
    }


def _motion(d, c, u, v, size):
    return torch.tensor([d, c, u, v]).view(1, 4, 1, 1).expand(1, 4, size, size)


def test_the_network_s_signs_and_units_have_no_error():
    levels = {2: _motion(-1.0, -2.0, 0.5, -0.5, 2), 3: _motion(-1.0, -2.0, 0.5, -0.5, 1)}
    assert all(term.item() == 0 for term in pyramid_loss(levels, _truth()).values())


def test_levels_are_summed_over_pixels_by_their_weights():
    # Level 2 has four pixels at 0.005, level 3 one at 0.01; flow counts half.
    levels = {2: _motion(0.0, 0.0, 0.0, 0.0, 2), 3: _motion(0.0, 0.0, 0.0, 0.0, 1)}
    terms = pyramid_loss(levels, _truth())
    share = 4 * 0.005 + 0.01
    assert terms["disparity"].item() == pytest.approx(share * 1)
    assert terms["next_disparity"].item() == pytest.approx(share * 2)
    assert terms["flow"].item() == pytest.approx(share * 0.5 * (0.5 + 0.5))


def test_fine_tuning_counts_known_pixels_at_full_size():
    known = _KNOWN.clone()
    known[..., 4:] = False
    terms = fine_tuning_loss(_motion(0.0, 0.0, 0.0, 0.0, 2), _truth(known))
    assert terms["disparity"].item() == pytest.approx(0.001 * 32 * 1)
    assert terms["flow"].item() == pytest.approx(0.001 * 32 * 0.5 * 1)


def test_a_batch_is_averaged():
    double = {name: (t.repeat(2, 1, 1, 1), k.repeat(2, 1, 1, 1))
              for name, (t, k) in _truth().items()}  # fmt: skip
    one = fine_tuning_loss(_motion(0.0, 0.0, 0.0, 0.0, 2), _truth())
    two = fine_tuning_loss(_motion(0.0, 0.0, 0.0, 0.0, 2).repeat(2, 1, 1, 1), double)
    assert two["next_disparity"].item() == pytest.approx(one["next_disparity"].item())


def test_weights_decay_by_the_sum_of_their_squares():
    assert weight_decay([nn.Parameter(torch.tensor([3.0, 4.0]))]).item() == pytest.approx(0.01)


def test_another_level_is_refused():
    with pytest.raises(ValueError, match=r"levels must be of 6, 5, 4, 3, 2, got \[7\]"):
        pyramid_loss({7: _motion(0.0, 0.0, 0.0, 0.0, 1)}, _truth())
