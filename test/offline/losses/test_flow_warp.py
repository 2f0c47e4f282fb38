import math

import pytest
import torch

from offline.losses.flow_warp import flow_warp, reverse_flow, splat


def constant_flow(x, y, height=4, width=8):
    return torch.tensor([float(x), float(y)]).view(1, 2, 1, 1).repeat(1, 1, height, width)


def columns(height=4, width=8):
    return torch.arange(float(width)).expand(1, 1, height, width).contiguous()


def test_zero_flow_shrinks_the_image_about_its_centre():
    warped, valid = flow_warp(columns(), constant_flow(0, 0))
    # Column x is read at (x - 4) / 4, that is at x * 7 / 8.
    torch.testing.assert_close(warped[0, 0, 0], torch.arange(8.0) * 7 / 8)
    assert valid.all()


def test_flow_out_of_the_image_gives_zero_and_invalid():
    warped, valid = flow_warp(columns(), constant_flow(3, 0))
    assert valid[0, 0, 0].tolist() == [True] * 6 + [False] * 2
    assert warped[0, 0, 0, 6:].tolist() == [0, 0]


def test_splatting_whole_pixels_puts_most_weight_on_the_end():
    values = torch.zeros(1, 1, 4, 8)
    values[0, 0, 1, 2] = 1.0
    summed, _ = splat(values, constant_flow(2, 1))
    near = math.exp(-1)
    expected = torch.tensor([[1.0, near], [near, math.exp(-2)]])
    torch.testing.assert_close(summed[0, 0, 2:, 4:6], expected)
    assert summed.sum().item() == pytest.approx(expected.sum().item())


def test_weights_of_what_falls_outside_are_lost():
    _, weight = splat(columns(), constant_flow(7, 3))
    # Only pixel (0, 0) stays inside; it ends in the last corner.
    assert weight[0, 0, 3, 7].item() == pytest.approx(1.0)
    assert weight.sum().item() == pytest.approx(1.0)


def test_reversed_flow_points_back_and_is_zero_where_unknown():
    back, known = reverse_flow(constant_flow(2, 0))
    assert known[0, 0, 0].tolist() == [False, False, *[True] * 6]
    torch.testing.assert_close(back[0, 0, 0], torch.tensor([0.0, 0, *[-2.0] * 6]))


def test_huge_flow_is_outside():
    summed, weight = splat(columns(), constant_flow(1e30, -1e30))
    assert summed.abs().sum() == 0
    assert weight.abs().sum() == 0


@pytest.mark.parametrize("function", [flow_warp, splat])
def test_flow_of_another_size_is_refused(function):
    with pytest.raises(ValueError, match=r"\(1, 2, 4, 8\), got \(1, 2, 4, 7\)"):
        function(columns(), constant_flow(0, 0)[..., 1:])
