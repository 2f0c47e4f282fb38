import pytest
import torch

from offline.losses.occlusion import ends_inside, occluded


def _flow(u, v=0.0, size=(4, 6)):
    return torch.stack([torch.full(size, float(u)), torch.full(size, float(v))])[None]


def test_flow_that_leads_back_is_not_occluded_but_where_it_leaves_the_image():
    hidden = occluded(_flow(2), _flow(-2))
    assert hidden[0, 0].tolist() == [[False] * 4 + [True] * 2] * 4


def test_the_reverse_flow_is_read_where_the_flow_ends():
    reverse = _flow(-1)
    reverse[0, 0, :, 3] = 4.0  # something else came to lie on column 3
    hidden = occluded(_flow(1), reverse)
    assert hidden[0, 0, 0].tolist() == [False, False, True, False, False, True]


def test_the_limit_is_a_hundredth_of_both_squared_lengths_and_a_half():
    forward = _flow(1)
    apart = (0.5 + 0.01 * (1 + 0.25**2)) ** 0.5  # of flows 1 and apart - 1, to first order
    below, above = _flow(apart - 1 - 0.005), _flow(apart - 1 + 0.005)
    assert not occluded(forward, below)[..., :4].any()
    assert occluded(forward, above)[..., :4].all()


def test_the_border_s_pixel_centres_are_inside():
    flow = _flow(0)
    flow[0, 0, 0, 0], flow[0, 0, 1, 5], flow[0, 1, 3, 2] = -0.1, 0.1, 0.1
    outside = ~ends_inside(flow)[0, 0]
    assert outside.nonzero().tolist() == [[0, 0], [1, 5], [3, 2]]


def test_occlusion_is_a_decision_without_a_gradient():
    assert not occluded(_flow(1).requires_grad_(), _flow(-1)).requires_grad


def test_flows_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match=r"one shape, got \(1, 2, 4, 6\) and \(1, 2, 4, 5\)"):
        occluded(_flow(0), _flow(0, size=(4, 5)))
