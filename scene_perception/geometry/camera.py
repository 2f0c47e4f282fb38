"""The pinhole camera: axes, pixel centres, intrinsics, unprojection and projection.

Axes are those of an optical frame (REP 103): x right, y down, z forward. Pixel ``(0, 0)``
has its centre at the coordinate ``(0.0, 0.0)``, so an image of width ``W`` covers
``-0.5 .. W - 0.5``; ``Intrinsics.scaled`` follows from that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Intrinsics:
    """A pinhole camera's focal lengths and principal point, in pixels of ``width x height``.

    Raises:
        ValueError: for a size below one pixel, a focal length that is not positive, or any
            number that is not finite.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int

    def __post_init__(self) -> None:
        for name in ("fx", "fy", "cx", "cy"):
            value = getattr(self, name)
            if not math.isfinite(value):
                raise ValueError(f"intrinsics {name} must be finite, got {value}")
        for name in ("fx", "fy"):
            value = getattr(self, name)
            if value <= 0:
                raise ValueError(f"intrinsics {name} must be > 0 px, got {value}")
        if self.width < 1 or self.height < 1:
            raise ValueError(f"image size must be at least 1x1 px, got {self.width}x{self.height}")

    def scaled(self, width: int, height: int) -> Intrinsics:
        """Return the intrinsics of the same view resized to ``width x height`` pixels.

        The resize keeps the image's borders in place (OpenCV's and PyTorch's half-pixel
        convention), hence the half-pixel shift of the principal point.
        """
        sx, sy = width / self.width, height / self.height
        return Intrinsics(
            fx=self.fx * sx,
            fy=self.fy * sy,
            cx=(self.cx + 0.5) * sx - 0.5,
            cy=(self.cy + 0.5) * sy - 0.5,
            width=width,
            height=height,
        )

    def cropped(self, left: int, top: int, width: int, height: int) -> Intrinsics:
        """Return the intrinsics of the window ``width x height`` px at ``(left, top)``."""
        return Intrinsics(
            self.fx, self.fy, self.cx - left, self.cy - top, width=width, height=height
        )

    def matrix(self) -> Tensor:
        """Return ``K`` as a float32 tensor. # (3, 3)."""
        return torch.tensor(
            [[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]],
            dtype=torch.float32,
        )


def pixel_grid(height: int, width: int, device: torch.device) -> Tensor:
    """Return every pixel's coordinates, channel 0 = x, float32. # (2, H, W)."""
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float32, device=device),
        torch.arange(width, dtype=torch.float32, device=device),
        indexing="ij",
    )
    return torch.stack([x, y])


def unproject(depth: Tensor, intrinsics: Tensor) -> Tensor:
    """Return the points that pixels with ``depth`` show.

    Args:
        depth: along Z. # (B, 1, H, W)
        intrinsics: K without skew, in pixels of H x W. # (B, 3, 3)

    Returns:
        Points in the optical frame, in the unit of ``depth``. # (B, 3, H, W)
    """
    focal, centre = _split(intrinsics)
    grid = pixel_grid(depth.shape[2], depth.shape[3], depth.device)
    return torch.cat([(grid - centre) / focal * depth, depth], 1)


def project(points: Tensor, intrinsics: Tensor, *, guard: float = 1e-10) -> Tensor:
    """Return the pixel coordinates of points, which may lie outside the image.

    Args:
        points: in the optical frame. # (B, 3, H, W)
        intrinsics: K without skew, in pixels. # (B, 3, 3)
        guard: added to z before dividing by it, as published (by default OmegaNet's); it does
            not tell points behind the camera apart.

    Returns:
        Coordinates, channel 0 = x. # (B, 2, H, W)
    """
    focal, centre = _split(intrinsics)
    z = points[:, 2:]
    return (focal * points[:, :2] + centre * z) / (z + guard)


def _split(intrinsics: Tensor) -> tuple[Tensor, Tensor]:
    # Not ``diagonal``, which OpenVINO does not convert.
    focal = torch.stack([intrinsics[:, 0, 0], intrinsics[:, 1, 1]], 1)
    return focal[..., None, None], intrinsics[:, :2, 2, None, None]
