"""Robust end-point errors over a pyramid, worked by hand."""

import pytest
import torch

from offline.losses.flow_supervised import endpoint_error, multi_level_loss, pooled

_ALL = torch.ones(1, 1, 8, 8, dtype=torch.bool)


def _flow(u, v, size=8):
    return torch.tensor([u, v]).view(1, 2, 1, 1).expand(1, 2, size, size).clone()


def test_the_error_is_the_length_of_the_difference():
    error = endpoint_error(_flow(3.0, 0.0), _flow(0.0, 4.0))
    assert error.shape == (1, 1, 8, 8)
    assert torch.allclose(error, torch.tensor(5.0 - 0.01), atol=1e-4)


def test_no_error_has_no_gradient():
    flow = _flow(1.0, 2.0).requires_grad_()
    endpoint_error(flow, _flow(1.0, 2.0)).sum().backward()
    assert torch.equal(flow.grad, torch.zeros_like(flow))


def test_truth_is_averaged_over_what_a_cell_knows():
    truth = torch.arange(4.0).view(1, 1, 2, 2)
    known = torch.tensor([[[[True, False], [True, False]]]])
    mean, there = pooled(truth, known, 2)
    assert mean.item() == 1.0  # of 0 and 2
    assert there.item()


def test_a_cell_that_is_known_to_less_than_a_half_does_not_count():
    known = torch.tensor([[[[True, False], [False, False]]]])
    mean, there = pooled(torch.full((1, 1, 2, 2), 7.0), known, 2)
    assert mean.item() == 0
    assert not there.item()


def test_levels_and_full_size_count_by_their_weights():
    # Level 2 is off by 3 px at weight 4, the full size by 1 px at weight 9.
    levels = [(2, _flow(3.0, 0.0, 2))]
    loss = multi_level_loss(levels, _flow(1.0, 0.0), _flow(0.0, 0.0), _ALL)
    assert loss.item() == pytest.approx((4 * 3 + 9 * 1) / 13, abs=0.01)


def test_an_exponent_makes_outliers_count_less():
    levels = [(2, _flow(0.0, 0.0, 2))]
    loss = multi_level_loss(levels, _flow(0.0, 99.99), _flow(0.0, 0.0), _ALL, exponent=0.5)
    assert loss.item() == pytest.approx((4 * 0.1 + 9 * 10) / 13, abs=0.01)


def test_what_is_not_known_has_no_part():
    flow, truth = _flow(2.0, 0.0).requires_grad_(), _flow(torch.nan, torch.nan)
    known = torch.zeros_like(_ALL)
    known[..., :4] = True
    truth[..., :4] = 0
    loss = multi_level_loss([], flow, truth, known)
    loss.backward()
    assert loss.item() == pytest.approx(2, abs=0.02)
    assert (flow.grad[..., 4:] == 0).all()
    assert (flow.grad[:, 0, :, :4] > 0).all()


def test_other_levels_and_shapes_are_refused():
    with pytest.raises(ValueError, match=r"levels must be of 6, 5, 4, 3, 2, got \[1\]"):
        multi_level_loss([(1, _flow(0.0, 0.0))], _flow(0.0, 0.0), _flow(0.0, 0.0), _ALL)
    with pytest.raises(ValueError, match="one shape"):
        endpoint_error(_flow(0.0, 0.0), _flow(0.0, 0.0, 4))
