from __future__ import annotations

import math

import pytest
import torch

from scene_perception.geometry.camera import Intrinsics, pixel_grid, project, unproject

K = torch.tensor([[[10.0, 0.0, 2.0], [0.0, 20.0, 1.0], [0.0, 0.0, 1.0]]])


def test_halving_an_image_keeps_its_borders_in_place() -> None:
    half = Intrinsics(100, 120, 49.5, 29.5, 100, 60).scaled(50, 30)
    assert (half.fx, half.fy, half.cx, half.cy) == (50, 60, 24.5, 14.5)
    assert (half.width, half.height) == (50, 30)


def test_a_crop_moves_the_principal_point() -> None:
    crop = Intrinsics(100, 120, 50, 30, 100, 60).cropped(8, 3, 20, 10)
    assert (crop.cx, crop.cy, crop.width, crop.height) == (42, 27, 20, 10)


def test_the_matrix_has_focal_lengths_and_principal_point() -> None:
    assert Intrinsics(1, 2, 3, 4, 10, 10).matrix().tolist() == [[1, 0, 3], [0, 2, 4], [0, 0, 1]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((0.0, 1.0, 0.0, 0.0, 4, 4), "fx must be > 0 px, got 0.0"),
        ((1.0, 1.0, math.nan, 0.0, 4, 4), "cx must be finite, got nan"),
        ((1.0, 1.0, 0.0, 0.0, 0, 4), "at least 1x1 px, got 0x4"),
    ],
)
def test_impossible_intrinsics_are_refused(values: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Intrinsics(*values)  # type: ignore[arg-type]


def test_the_pixel_grid_starts_at_zero_with_x_first() -> None:
    grid = pixel_grid(2, 3, torch.device("cpu"))
    assert grid.tolist() == [[[0, 1, 2], [0, 1, 2]], [[0, 0, 0], [1, 1, 1]]]


def test_a_pixel_unprojects_to_a_point_by_hand() -> None:
    points = unproject(torch.full((1, 1, 2, 5), 2.0), K)
    # Pixel (4, 0): x = (4 - 2) / 10 * 2, y = (0 - 1) / 20 * 2.
    torch.testing.assert_close(points[0, :, 0, 4], torch.tensor([0.4, -0.1, 2.0]))


def test_projecting_what_was_unprojected_gives_the_pixels_back() -> None:
    depth = torch.rand(1, 1, 4, 5) + 1
    grid = pixel_grid(4, 5, torch.device("cpu"))
    torch.testing.assert_close(project(unproject(depth, K), K)[0], grid, atol=1e-5, rtol=0)
