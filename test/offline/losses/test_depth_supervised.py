"""Depth up to its scale, the sky and labels, worked by hand."""

import math

import pytest
import torch

from offline.losses.depth_supervised import (
    at_scale,
    depth_loss,
    edge_loss,
    label_loss,
    log_ratio,
    log_scale,
    sky_loss,
)
from scene_perception.cityscapes import ROAD, SKY


def _plane(*rows):
    return torch.tensor(rows, dtype=torch.float32)[None, None]


def test_the_scale_is_the_median_of_what_is_known():
    ratio = torch.stack([_plane([1, 9, 2, 7])[0], _plane([5, 6, 7, 8])[0]])
    known = torch.stack([_plane([1, 0, 1, 1])[0], _plane([0, 0, 0, 0])[0]]).bool()
    assert log_scale(ratio, known).flatten().tolist() == [2, 0]


def test_depth_that_differs_by_a_factor_alone_is_right():
    depth = 1 + torch.arange(256.0).view(1, 1, 16, 16)
    scales = [3 / at_scale(depth, n) for n in (1, 2, 3)]
    assert depth_loss(scales, depth).item() == pytest.approx(0, abs=1e-6)
    assert edge_loss(scales[0], at_scale(depth, 1)).item() == pytest.approx(0, abs=1e-6)


def test_a_scale_s_error_is_that_of_the_logarithm():
    # At 1/2: ratios 1, 1, 1 and e, whose median is 0: a mean of 1/4.
    depth = torch.zeros(1, 1, 4, 4)
    depth[..., ::2, ::2] = _plane([1, 1], [1, math.e])
    assert depth_loss([torch.ones(1, 1, 2, 2)], depth).item() == pytest.approx(0.25)


def test_coarser_scales_count_half_as_much():
    depth = torch.ones(1, 1, 4, 4)
    wrong = _plane([1, 1], [1, math.e])
    loss = depth_loss([wrong, torch.ones(1, 1, 1, 1)], depth)
    assert loss.item() == pytest.approx((0.5 * 0.25 + 0.25 * 0) / 0.75)


def test_an_edge_is_compared_at_every_step():
    # Ratios: two columns of 0 and two of 1. At step 1 the mean change along x is 1/3, at step 2
    # it is 1; along y and at larger steps there is none.
    inverse_depth = _plane(*[[1, 1, math.e, math.e]] * 4)
    loss = edge_loss(inverse_depth, torch.ones(1, 1, 4, 4))
    assert loss.item() == pytest.approx((1 / 3 + 1) / 4)


def test_unknown_depth_has_no_part_and_no_gradient():
    inverse_depth = torch.ones(1, 1, 2, 2, requires_grad=True)
    depth = torch.zeros(1, 1, 4, 4)
    loss = depth_loss([inverse_depth], depth) + edge_loss(inverse_depth, at_scale(depth, 1))
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(inverse_depth.grad, torch.zeros_like(inverse_depth))


def test_the_sky_is_wrong_only_where_it_is_near():
    # Units: inverse depth 1 is 8 m, so the sky at 1/5 is 40 m away, at 1/20 it is 160 m.
    inverse_depth = _plane([1.0, 1.0, 0.2, 0.05])
    depth, labels = _plane([8, 8, 0, 0]), torch.tensor([[[ROAD, ROAD, SKY, SKY]]])
    assert sky_loss(inverse_depth, depth, labels).item() == pytest.approx(math.log(2) / 2)


def test_a_sky_without_known_depth_has_no_metres_and_does_not_count():
    labels = torch.full((1, 1, 4), SKY)
    assert sky_loss(_plane([1, 1, 1, 1]), _plane([0, 0, 0, 0]), labels).item() == 0


def test_labels_count_by_the_weights_of_their_classes():
    logits = torch.zeros(1, 19, 1, 3)
    logits[0, 5, 0, 1] = math.log(18)  # of two halves, the pole has one
    labels = torch.tensor([[[0, 5, 255]]])
    road, pole = 2.8149201869965, 9.5110931396484
    expected = (road * math.log(19) + pole * math.log(2)) / (road + pole)
    assert label_loss(logits, labels).item() == pytest.approx(expected)


def test_labels_of_nothing_cost_nothing():
    assert label_loss(torch.zeros(1, 19, 2, 2), torch.full((1, 2, 2), 255)).item() == 0


def test_scales_are_every_second_pixel():
    assert at_scale(torch.arange(16).view(1, 1, 4, 4), 1).flatten().tolist() == [0, 2, 8, 10]


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        log_ratio(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 4, 4))
    with pytest.raises(ValueError, match=r"logits must be \(B, 19, H, W\)"):
        label_loss(torch.zeros(1, 20, 2, 2), torch.zeros(1, 2, 2))
