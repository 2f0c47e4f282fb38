import math

import pytest
import torch

from offline.losses.flow_photometric import (
    census_distance,
    flow_photometric_loss,
    flow_smoothness,
    robust,
)


def _textured(height=16, width=24, seed=0):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def _shifted(image, columns):
    """Return what a camera sees whose image moves right, and the flow to it."""
    flow = torch.zeros(1, 2, *image.shape[2:])
    flow[:, 0] = columns
    return image.roll(columns, 3), flow


def test_the_robust_error_is_the_published_power():
    values = robust(torch.tensor([0.0, -0.99, 1.99]))
    torch.testing.assert_close(values, torch.tensor([0.01**0.4, 1.0, 2**0.4]))


def test_census_does_not_see_brightness():
    image = 0.5 * _textured()
    assert census_distance(image + 0.25, image)[..., 3:-3, 3:-3].max() < 1e-6


def test_one_bright_pixel_is_one_neighbour_of_others_and_all_of_its_own():
    dark = torch.full((1, 3, 9, 9), 0.5)
    bright = dark.clone()
    bright[..., 4, 4] += 1 / (255 * 0.9999)  # one grey level: the weights add up to 0.9999
    once = 1 / math.sqrt(1.81)
    one = once**2 / (0.1 + once**2)
    distance = census_distance(bright, dark)[0, 0]
    assert distance[4, 3].item() == pytest.approx(one, rel=1e-3)
    assert distance[4, 4].item() == pytest.approx(48 * one, rel=1e-3)
    assert distance[0, 0].item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("measure", "least"), [("census", 0.01**0.4), ("robust", 0.01**0.4),
                                                ("ssim", 0.0)])  # fmt: skip
def test_the_right_flow_explains_what_is_visible(measure, least):
    image = _textured()
    source, flow = _shifted(image, 3)
    visible = torch.zeros(1, 1, 16, 24, dtype=torch.bool)
    visible[..., :14] = True  # further right 7x7 px reach what wraps round
    right = flow_photometric_loss(image, source, flow, visible, measure)
    wrong = flow_photometric_loss(image, source, 0 * flow, visible, measure)
    assert right.item() == pytest.approx(least, rel=1e-3, abs=1e-5)
    assert wrong > right + 0.1


def test_hidden_pixels_have_no_part():
    image, flow = _textured(), torch.zeros(1, 2, 16, 24, requires_grad=True)
    visible = torch.zeros(1, 1, 16, 24, dtype=torch.bool)
    loss = flow_photometric_loss(image, _textured(seed=1), flow, visible)
    loss.backward()
    assert loss.item() == 0
    assert not flow.grad.any()


def test_smoothness_is_the_change_in_pixels_where_colours_are_the_same():
    flow = torch.arange(5.0).expand(1, 2, 4, 5) * torch.tensor([1.0, 3.0]).view(1, 2, 1, 1)
    assert flow_smoothness(flow, torch.zeros(1, 3, 4, 5)).item() == pytest.approx(2.0)


def test_smoothness_falls_with_the_edge_times_its_sharpness():
    flow = torch.tensor([0.0, 1.0]).expand(1, 2, 2, 2)
    image = torch.tensor([0.0, 0.2]).expand(1, 3, 2, 2)
    expected = math.exp(-10 * 0.2)
    assert flow_smoothness(flow, image).item() == pytest.approx(expected)


def test_another_measure_is_refused():
    ones = torch.ones(1, 1, 8, 8, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"measure must be one of census, robust, ssim, got 'l2'"):
        flow_photometric_loss(_textured(8, 8), _textured(8, 8), torch.zeros(1, 2, 8, 8), ones, "l2")
