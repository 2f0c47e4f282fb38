import torch

from offline.training.gradient_scaling import scale_gradient


def test_values_stay_and_gradients_are_scaled():
    values = [torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor(3.0, requires_grad=True)]
    scaled = scale_gradient(values, 0.25)
    assert [value.tolist() for value in scaled] == [[1.0, 2.0], 3.0]
    (4 * scaled[0].sum() + 8 * scaled[1]).backward()
    assert values[0].grad.tolist() == [1.0, 1.0]
    assert values[1].grad.item() == 2.0


def test_what_comes_after_sees_the_full_gradient():
    value, weight = torch.tensor(2.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
    (scaled,) = scale_gradient([value], 0.1)
    (weight * scaled).backward()
    assert weight.grad.item() == 2.0
    assert value.grad.item() == 0.5


def test_nothing_is_needed_without_gradients():
    (scaled,) = scale_gradient([torch.tensor(2.0)], 0.1)
    assert not scaled.requires_grad
