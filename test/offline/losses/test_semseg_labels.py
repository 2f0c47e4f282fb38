import math

import pytest
import torch

from offline.losses.semseg_labels import bootstrapped_cross_entropy, cross_entropy


def _logits(*probabilities):
    """Return logits of two classes for a row of pixels, by the first class's probability."""
    p = torch.tensor(probabilities, dtype=torch.float64)
    return torch.stack([p.log(), (1 - p).log()])[None, :, None]


def _labels(*row):
    return torch.tensor(row)[None, None]


def test_the_mean_and_the_sum_leave_ignored_pixels_out():
    logits, labels = _logits(0.5, 0.25, 0.9), _labels(0, 0, 250)
    total = math.log(2) + math.log(4)
    assert cross_entropy(logits, labels).item() == pytest.approx(total / 2)
    assert cross_entropy(logits, labels, average=False).item() == pytest.approx(total)


def test_the_weighted_mean_is_divided_by_the_weights():
    weights = torch.tensor([1.0, 3.0], dtype=torch.float64)
    loss = cross_entropy(_logits(0.5, 0.75), _labels(0, 1), weights=weights)
    assert loss.item() == pytest.approx((math.log(2) + 3 * math.log(4)) / 4)


def test_smaller_logits_are_enlarged():
    small = torch.tensor([0.0, 4.0]).view(1, 1, 1, 2).expand(1, 1, 2, 2)
    large = torch.tensor([0.0, 1, 3, 4]).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    small, large = (torch.cat([x, torch.zeros_like(x)], 1) for x in (small, large))
    labels = torch.zeros(1, 4, 4, dtype=torch.uint8)
    torch.testing.assert_close(cross_entropy(small, labels), cross_entropy(large, labels))


def test_only_the_hardest_pixels_of_each_image_count():
    logits = torch.cat([_logits(0.5, 0.25, 0.125), _logits(0.5, 0.5, 0.5)])
    labels = _labels(0, 0, 0).expand(2, 1, 3)
    loss = bootstrapped_cross_entropy(logits, labels, 2)
    first, second = (math.log(8) + math.log(4)) / 2, math.log(2)
    assert loss.item() == pytest.approx((first + second) / 2)


def test_ignored_pixels_enter_with_zero_where_the_rest_is_not_enough():
    loss = bootstrapped_cross_entropy(_logits(0.5, 0.1, 0.1), _labels(0, 250, 250), 2)
    assert loss.item() == pytest.approx(math.log(2) / 2)


def test_logits_larger_than_the_labels_are_refused():
    with pytest.raises(
        ValueError, match=r"at most as large as the labels, got \(4, 2\) and \(3, 3"
    ):
        cross_entropy(torch.zeros(1, 2, 4, 2), torch.zeros(1, 3, 3))


@pytest.mark.parametrize("hardest", [0, 5])
def test_more_pixels_than_there_are_or_none_are_refused(hardest):
    with pytest.raises(ValueError, match=rf"hardest must be in 1..4 pixels .* got {hardest}"):
        bootstrapped_cross_entropy(torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2), hardest)
