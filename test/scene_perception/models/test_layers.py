from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.models.layers import (
    BatchNorm,
    ReflectConv,
    SameConv,
    check_image_size,
    convolve_doubled,
    doubling_kernel,
    fold_batch_norm,
    resize_bilinear,
    resize_nearest,
)

RAMP = torch.tensor([[[[1.0, 2.0, 4.0, 8.0]] * 4]])


def _centre_tap(layer: ReflectConv | SameConv, tap: tuple[int, int]) -> None:
    """Make ``layer`` copy the sample under one of its kernel's taps."""
    nn.init.zeros_(layer.conv.weight)
    with torch.no_grad():
        layer.conv.weight[0, 0, tap[0], tap[1]] = 1
    if layer.conv.bias is not None:
        nn.init.zeros_(layer.conv.bias)


@torch.no_grad()
def _first_row(layer: nn.Module, image: Tensor = RAMP) -> list[float]:
    return layer.eval()(image)[0, 0, 0].tolist()


def test_batch_norm_divides_by_deviation_plus_epsilon_and_adds_bias() -> None:
    norm = BatchNorm(1).eval()
    norm.running_mean.fill_(2)
    norm.running_var.fill_(4 - 1e-3)
    nn.init.constant_(norm.bias, 0.5)
    assert norm(torch.full((1, 1, 1, 1), 6.0)).item() == pytest.approx(2.5)


def test_batch_norm_holds_the_three_published_variables() -> None:
    assert set(BatchNorm(1).state_dict()) == {"bias", "running_mean", "running_var"}


def test_reflect_padding_does_not_repeat_the_edge() -> None:
    layer = ReflectConv(1, 1, norm=False)
    _centre_tap(layer, (1, 0))
    assert _first_row(layer) == [2, 1, 2, 4]


def test_a_reflect_conv_of_stride_two_is_centred_on_even_samples() -> None:
    layer = ReflectConv(1, 1, stride=2, norm=False)
    _centre_tap(layer, (1, 1))
    assert _first_row(layer) == [1, 4]


def test_a_reflect_conv_of_one_by_one_grows_the_map() -> None:
    layer = ReflectConv(1, 1, kernel=1, norm=False)
    assert layer(RAMP).shape == (1, 1, 6, 6)


def test_a_same_conv_of_stride_two_is_centred_on_odd_samples() -> None:
    layer = SameConv(1, 1, stride=2)
    _centre_tap(layer, (1, 1))
    assert _first_row(layer) == [2, 8]


def test_a_dilated_same_conv_reads_zeros_outside() -> None:
    layer = SameConv(1, 1, dilation=2)
    _centre_tap(layer, (1, 0))
    assert _first_row(layer) == [0, 0, 1, 2]


def test_a_same_conv_leaks_a_fifth_unless_linear() -> None:
    for linear, expected in ((False, -0.2), (True, -1.0)):
        layer = SameConv(1, 1, linear=linear)
        _centre_tap(layer, (1, 1))
        assert _first_row(layer, -RAMP)[0] == pytest.approx(expected)


def test_a_same_conv_leaks_as_much_as_asked() -> None:
    layer = SameConv(1, 1, slope=0.1)
    _centre_tap(layer, (1, 1))
    assert _first_row(layer, -RAMP)[0] == pytest.approx(-0.1)


def test_folding_batch_norm_keeps_the_outputs() -> None:
    network = nn.Sequential(ReflectConv(3, 8), ReflectConv(8, 2, norm=False)).eval()
    first = network[0]
    assert isinstance(first, ReflectConv)
    assert first.norm is not None
    first.norm.running_mean.normal_()
    first.norm.running_var.uniform_(0.5, 1.5)
    nn.init.normal_(first.norm.bias)
    image = torch.rand(2, 3, 6, 8)
    expected = network(image)
    fold_batch_norm(network)
    assert not any(isinstance(module, BatchNorm) for module in network.modules())
    torch.testing.assert_close(network(image), expected)


def test_doubling_averages_neighbours_and_repeats_the_far_edge() -> None:
    assert resize_bilinear(RAMP, 4, 8)[0, 0, 0].tolist() == [1, 1.5, 2, 3, 4, 6, 8, 8]


def test_a_bilinear_resize_reads_source_i_times_in_over_out() -> None:
    # Sources 0, 4/3, 8/3 of 1 2 4 8.
    expected = torch.tensor([1, 2 + 2 / 3, 4 + 4 * 2 / 3])
    torch.testing.assert_close(resize_bilinear(RAMP, 4, 3)[0, 0, 0], expected)


def test_resizing_to_the_same_size_changes_nothing() -> None:
    assert resize_bilinear(RAMP, 4, 4) is RAMP


def test_the_bilinear_resize_equals_the_published_one(unit: Callable[[str], Tensor]) -> None:
    resized = resize_bilinear(unit("disp_out_48x160"), 75, 249)
    torch.testing.assert_close(resized, unit("disp_out_75x249"), atol=2e-5, rtol=0)


def test_strided_convolution_and_quadrupling_equal_dwarfs(
    dwarf_operation: Callable[[str], Tensor],
) -> None:
    layer = SameConv(5, 4, stride=2, linear=True)
    # dwarf_operation moves the last axis to the front: (kh, kw, in, out) -> (1, out, kh, kw, in).
    kernel = dwarf_operation("stride2_kernel")[0].permute(0, 3, 1, 2)
    layer.load_state_dict({"conv.weight": kernel, "conv.bias": torch.zeros(4)})
    halved = layer(dwarf_operation("stride2_input"))
    torch.testing.assert_close(halved, dwarf_operation("conv_stride2"), atol=1e-5, rtol=1e-6)
    quadrupled = resize_bilinear(dwarf_operation("small_map"), 12, 16)
    torch.testing.assert_close(quadrupled, dwarf_operation("resize_x4"), atol=1e-5, rtol=0)


def test_the_nearest_resize_equals_the_published_one(unit: Callable[[str], Tensor]) -> None:
    assert torch.equal(resize_nearest(unit("mask_in"), 75, 249), unit("mask_out_75x249"))


@pytest.mark.parametrize(("old", "new"), [(24, 75), (80, 249), (192, 375), (640, 1242), (7, 49)])
def test_the_nearest_source_is_the_float32_floor_of_i_times_in_over_out(old: int, new: int) -> None:
    position = np.arange(new, dtype=np.float32) * (np.float32(old) / np.float32(new))
    expected = np.minimum(np.floor(position), old - 1)
    image = torch.arange(old, dtype=torch.float32).expand(1, 1, old, old)
    assert resize_nearest(image, 1, new)[0, 0, 0].tolist() == expected.tolist()


@pytest.mark.parametrize("size", [(192, 600), (100, 640), (64, 640)])
def test_a_size_that_cannot_be_halved_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"at least 128 px, got {size[0]}x{size[1]}; resize"):
        check_image_size(*size, multiple=64, minimum=128)


def test_convolving_before_doubling_is_doubling_reflecting_and_convolving() -> None:
    features, weight, bias = torch.randn(2, 3, 4, 5), torch.randn(6, 3, 3, 3), torch.randn(6)
    doubled = F.pad(resize_nearest(features, 8, 10), (1, 1, 1, 1), mode="reflect")
    given = convolve_doubled(features, doubling_kernel(weight), bias)
    torch.testing.assert_close(given, F.conv2d(doubled, weight, bias), atol=1e-5, rtol=1e-5)
