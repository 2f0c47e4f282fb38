"""Means over what is known, worked by hand."""

import torch

from offline.losses.reductions import mean_over


def test_the_mean_is_over_what_the_mask_knows():
    values = torch.tensor([[1.0, 2.0], [4.0, float("nan")]])
    assert mean_over(values, torch.tensor([[True, False], [True, False]])) == 2.5


def test_a_mask_broadcasts_and_counts_every_channel():
    values = torch.arange(8.0).view(1, 2, 2, 2)
    mask = torch.tensor([[[[True, False], [False, True]]]])
    assert mean_over(values, mask) == (0 + 3 + 4 + 7) / 4


def test_weights_give_the_weighted_mean_and_none_is_the_mean():
    values = torch.tensor([1.0, 5.0])
    assert mean_over(values, torch.tensor([3.0, 1.0])) == 2.0
    assert mean_over(values) == 3.0


def test_nothing_known_gives_zero_with_a_gradient_of_zero():
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    mean = mean_over(values, torch.zeros(2, dtype=torch.bool))
    torch.autograd.backward(mean)
    assert mean == 0
    assert values.grad.eq(0).all()


def test_what_is_not_known_has_no_gradient():
    values = torch.tensor([1.0, float("inf")], requires_grad=True)
    torch.autograd.backward(mean_over(values, torch.tensor([True, False])))
    assert values.grad.tolist() == [1.0, 0.0]
