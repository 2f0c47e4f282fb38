from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from scene_perception.geometry.warp import (
    resize_flow,
    rigid_flow,
    warp_along_rows,
    warp_by_flow,
    warp_repeating_border,
)

ROW = torch.tensor([[[[1.0, 2.0, 4.0, 8.0]] * 3]])


def _warp_row(u: float) -> list[float]:
    flow = torch.zeros(1, 2, 3, 4)
    flow[:, 0] = u
    return warp_by_flow(ROW, flow)[0, 0, 1].tolist()


def test_half_a_pixel_averages_two_neighbours_and_the_last_column_is_zero() -> None:
    assert _warp_row(0.5) == [1.5, 3.0, 6.0, 0.0]


def test_no_flow_keeps_all_but_the_last_column_and_row() -> None:
    warped = warp_by_flow(ROW, torch.zeros(1, 2, 3, 4))[0, 0]
    assert warped.tolist() == [[1, 2, 4, 0], [1, 2, 4, 0], [0, 0, 0, 0]]


def test_less_than_a_pixel_outside_extrapolates_and_more_is_zero() -> None:
    # At -0.5 the corner truncates to 0: 1.5 * 1 - 0.5 * 2.
    assert _warp_row(-0.5) == [0.5, 1.5, 3.0, 6.0]
    assert _warp_row(-1.0)[0] == 0.0


@pytest.mark.parametrize("u", [-1e30, 1e30, float("inf"), float("nan")])
def test_flow_beyond_every_integer_reads_within_the_image(u: float) -> None:
    assert len(_warp_row(u)) == 4


def test_warping_equals_the_published_one(unit: Callable[[str], Tensor]) -> None:
    warped = warp_by_flow(unit("warp_in_features"), unit("warp_in_flow"))
    torch.testing.assert_close(warped, unit("warp_out"), atol=1e-5, rtol=0)


def test_each_image_of_a_batch_is_warped_by_its_own_flow(unit: Callable[[str], Tensor]) -> None:
    features, flow = unit("warp_in_features"), unit("warp_in_flow")
    both = warp_by_flow(torch.cat([features, -features]), torch.cat([flow, -flow]))
    assert torch.equal(both[1:], warp_by_flow(-features, -flow))


def test_flow_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"flow must be \(1, 2, 3, 4\)"):
        warp_by_flow(ROW, torch.zeros(1, 2, 3, 5))


def _shift_row(shift: float) -> list[float]:
    return warp_along_rows(ROW, torch.full((1, 1, 3, 4), shift))[0, 0, 1].tolist()


def test_along_rows_half_a_pixel_averages_two_neighbours() -> None:
    assert _shift_row(0.5) == [1.5, 3.0, 6.0, 0.0]


def test_along_rows_everything_outside_is_zero_even_by_less_than_a_pixel() -> None:
    assert _shift_row(-0.5) == [0.0, 1.5, 3.0, 6.0]


def test_along_rows_the_last_row_is_zero_whatever_the_shift() -> None:
    warped = warp_along_rows(ROW, torch.zeros(1, 1, 3, 4))[0, 0]
    assert warped.tolist() == [[1, 2, 4, 0], [1, 2, 4, 0], [0, 0, 0, 0]]


def test_a_repeated_border_goes_on_for_ever() -> None:
    flow = torch.zeros(1, 2, 3, 4)
    flow[:, 0], flow[:, 1] = -1.5, 2.5
    assert warp_repeating_border(ROW, flow)[0, 0, 2].tolist() == [1, 1, 1.5, 3]
    assert warp_repeating_border(ROW, 4 * flow)[0, 0, 2].tolist() == [1, 1, 1, 1]
    assert warp_repeating_border(ROW, -4 * flow)[0, 0, 0].tolist() == [8, 8, 8, 8]


@pytest.mark.parametrize("shift", [-1e30, 1e30, float("inf"), float("nan")])
def test_shifts_beyond_every_integer_read_within_the_image(shift: float) -> None:
    assert len(_shift_row(shift)) == 4
    assert warp_repeating_border(ROW, torch.full((1, 2, 3, 4), shift)).shape == ROW.shape


def test_both_warps_of_dwarf_equal_the_published_ones(
    dwarf_operation: Callable[[str], Tensor],
) -> None:
    source = dwarf_operation("features_b")
    shifted = warp_along_rows(source, dwarf_operation("shift_x"))
    torch.testing.assert_close(shifted, dwarf_operation("warp_by_shift_x"), atol=1e-6, rtol=0)
    warped = warp_repeating_border(source, dwarf_operation("flow"))
    torch.testing.assert_close(warped, dwarf_operation("warp_by_flow"), atol=1e-6, rtol=0)


def test_a_shift_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"flow must be \(1, 1, 3, 4\)"):
        warp_along_rows(ROW, torch.zeros(1, 2, 3, 4))
    with pytest.raises(ValueError, match=r"flow must be \(1, 2, 3, 4\)"):
        warp_repeating_border(ROW, torch.zeros(1, 1, 3, 4))


def test_resized_flow_counts_in_the_new_pixels() -> None:
    flow = torch.tensor([[[[0.0, 1.0]], [[2.0, 2.0]]]])
    resized = resize_flow(flow, 3, 3)
    # Aligned corners: the middle column lies halfway; u scales by 3/2, v by 3.
    assert resized[0, :, 0].tolist() == [[0.0, 0.75, 1.5], [6.0, 6.0, 6.0]]


@pytest.mark.parametrize(("height", "width"), [(24, 80), (48, 160)])
def test_flow_resizing_equals_the_published_one(
    unit: Callable[[str], Tensor], height: int, width: int
) -> None:
    resized = resize_flow(unit("flowresize_in"), height, width)
    expected = unit(f"flowresize_out_{height}x{width}")
    torch.testing.assert_close(resized, expected, atol=1e-4, rtol=0)


def test_a_step_to_the_right_moves_points_by_focal_length_over_depth() -> None:
    transform = torch.eye(4)[None].clone()
    transform[0, 0, 3] = -0.5
    intrinsics = torch.tensor([[[100.0, 0, 2], [0, 100, 1], [0, 0, 1]]])
    flow = rigid_flow(torch.full((1, 1, 3, 5), 10.0), transform, intrinsics)
    torch.testing.assert_close(flow[:, 0], torch.full((1, 3, 5), -5.0))
    torch.testing.assert_close(flow[:, 1], torch.zeros(1, 3, 5), atol=1e-5, rtol=0)


def test_rigid_flow_equals_the_published_one(unit: Callable[[str], Tensor]) -> None:
    depth = unit("rigid_in_depth").expand(2, -1, -1, -1)
    intrinsics = unit("rigid_in_intrinsics").expand(2, -1, -1)
    flow = rigid_flow(depth, unit("rigid_out_matrix"), intrinsics)
    expected = unit("rigid_out_flow").movedim(-1, 1)
    torch.testing.assert_close(flow, expected, atol=1e-3, rtol=0)
