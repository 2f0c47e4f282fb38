import math

import pytest
import torch

from offline.losses.semseg_depth import (
    berhu_loss,
    huber_loss,
    l1_loss,
    scale_invariant_loss,
    second_differences,
    valid_pixels,
)

LOSSES = [l1_loss, berhu_loss, huber_loss, scale_invariant_loss]


def _row(*values):
    return torch.tensor(values, dtype=torch.float64).view(1, 1, 1, -1)


DEPTH, TRUTH = _row(2.0, 8.0, 10.0, -1.0, 9.0), _row(3.0, 5.0, 0.0, 4.0, 9.5)  # 3 valid, 2 not


def test_pixels_are_valid_where_prediction_and_truth_are_known():
    mask, divisor = valid_pixels(DEPTH, TRUTH)
    assert mask.flatten().tolist() == [True, True, False, False, True]
    assert divisor == 2


def test_l1_is_divided_by_the_number_of_invalid_pixels():
    assert l1_loss(DEPTH, TRUTH, smooth=False).item() == (1 + 3 + 0.5) / 2


def test_berhu_squares_beyond_a_fifth_of_the_largest_error_of_all_pixels():
    limit = 10 / 5  # of an invalid pixel
    expected = (1 + (3**2 + limit**2) / (2 * limit) + 0.5) / 2
    assert berhu_loss(DEPTH, TRUTH, smooth=False).item() == pytest.approx(expected)


def test_berhu_of_a_perfect_prediction_is_zero_with_a_gradient_that_is_a_number():
    depth = TRUTH.clone().requires_grad_()
    loss = berhu_loss(depth, TRUTH, smooth=False)
    loss.backward()
    assert loss.item() == 0
    assert depth.grad.isfinite().all()


def test_huber_squares_too_large_depths_however_large():
    expected = ((1 - 0.5) + 3**2 / 2 + 0.5**2 / 2) / 2
    assert huber_loss(DEPTH, TRUTH, smooth=False).item() == pytest.approx(expected)


def test_scale_invariance_is_the_variance_with_the_published_divisor():
    errors = [math.log(2 / 3), math.log(8 / 5), math.log(9 / 9.5)]
    expected = sum(e * e for e in errors) / 2 - sum(errors) ** 2 / 4
    assert scale_invariant_loss(DEPTH, TRUTH, smooth=False).item() == pytest.approx(expected)


def test_without_an_invalid_pixel_the_loss_is_infinite():
    assert l1_loss(_row(1.0, 2.0), _row(2.0, 2.0), smooth=False).isinf()


def test_second_differences_are_averaged_each_over_their_own_number():
    depth = torch.zeros(1, 1, 3, 3)
    depth[0, 0, 1, 1] = 1
    # xx: one of three rows changes by -2; xy and yx: four corners change by 1; yy as xx.
    assert second_differences(depth).item() == pytest.approx(2 / 3 + 1 + 1 + 2 / 3)


@pytest.mark.parametrize("loss", LOSSES)
def test_smoothness_adds_a_thousandth_of_the_second_differences(loss):
    generator = torch.Generator().manual_seed(0)
    depth, truth = torch.rand(2, 2, 1, 4, 5, dtype=torch.float64, generator=generator)
    truth[:, :, 0] = 0
    expected = loss(depth, truth, smooth=False) + second_differences(depth) / 1000
    torch.testing.assert_close(loss(depth, truth), expected)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_smaller_prediction_is_enlarged_first(loss):
    truth = torch.tensor([[1.0, 2, 0, 4]]).expand(1, 1, 3, 4)
    small, large = torch.tensor([2.0, 4]), torch.tensor([2.0, 2.5, 3.5, 4])
    small, large = small.expand(1, 1, 3, 2), large.expand(1, 1, 3, 4)
    torch.testing.assert_close(loss(small, truth), loss(large, truth))


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_are_those_of_finite_differences(loss):
    generator = torch.Generator().manual_seed(4)
    depth = 1 + 9 * torch.rand(1, 1, 3, 4, dtype=torch.float64, generator=generator)
    truth = 1 + 9 * torch.rand(1, 1, 3, 4, dtype=torch.float64, generator=generator)
    truth[..., 0] = 0
    constant = loss is berhu_loss  # its limit has no gradient: hold the largest error fixed
    if constant:
        truth[0, 0, 0, 3] = 100
        depth[0, 0, 0, 3] = 0
    free = torch.ones_like(depth, dtype=torch.bool)
    free[0, 0, 0, 3] = not constant

    def of_free(values: torch.Tensor) -> torch.Tensor:
        return loss(torch.where(free, values, depth.detach()), truth)

    assert torch.autograd.gradcheck(of_free, depth.clone().requires_grad_())


def test_maps_of_another_batch_are_refused():
    with pytest.raises(ValueError, match=r"of one batch, got \(2, 1, 3, 3\) and \(1, 1, 3, 3\)"):
        l1_loss(torch.ones(2, 1, 3, 3), torch.ones(1, 1, 3, 3))
