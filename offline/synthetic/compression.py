"""What JPEG does to images: colours in YCbCr, 8x8 cosine blocks, rounded to a table's multiples.

Tables are those of annex K of ITU-T T.81, scaled by quality as libjpeg does. Entropy coding
loses nothing and is left out.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

_BLOCK = 8
_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8 for _ in range(4)),
)
_TO_YCBCR = (
    (0.299, 0.587, 0.114),
    (-0.168736, -0.331264, 0.5),
    (0.5, -0.418688, -0.081312),
)


def compressed(images: Tensor, quality: Tensor, *, subsample: bool = True) -> Tensor:
    """Return images as a JPEG file of ``quality`` would give them back.

    Args:
        images: RGB 0..1. # (B, 3, H, W)
        quality: 1 ... 100 of each image, as libjpeg counts it. # (B,)
        subsample: keep colour at half the resolution, 4:2:0.

    Returns:
        RGB 0..1, not rounded. # (B, 3, H, W)
    """
    height, width = images.shape[2:]
    ycbcr = _padded(_colours(images * 255, _TO_YCBCR), 2 * _BLOCK)
    tables = quantisation_tables(quality)  # (B, 2, 64)
    luminance = _rounded(ycbcr[:, :1] - 128, tables[:, :1]) + 128
    chrominance = ycbcr[:, 1:]
    if subsample:
        chrominance = functional.avg_pool2d(chrominance, 2)
    chrominance = _rounded(chrominance, tables[:, 1:])
    if subsample:
        chrominance = chrominance.repeat_interleave(2, -1).repeat_interleave(2, -2)
    whole = torch.cat([luminance, chrominance], dim=1)[..., :height, :width]
    return (_colours(whole, _inverse_colours()) / 255).clamp(0, 1)


def quantisation_tables(quality: Tensor) -> Tensor:
    """Return the tables of luminance and chrominance, 1 ... 255. # (B,) -> (B, 2, 64)."""
    base = torch.tensor([_LUMINANCE, _CHROMINANCE], device=quality.device).reshape(1, 2, 64)
    quality = quality.float().round().clamp(1, 100)
    scale = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)
    return ((base * scale[:, None, None] + 50) / 100).floor().clamp(1, 255)


def cosine_transform(device: torch.device) -> Tensor:
    """Return the orthonormal transform of an 8x8 block, row by row, from the left. # (64, 64)."""
    places = torch.arange(_BLOCK, dtype=torch.float64)
    waves = torch.cos((2 * places[None] + 1) * places[:, None] * math.pi / (2 * _BLOCK))
    waves *= math.sqrt(2 / _BLOCK)
    waves[0] /= math.sqrt(2)
    blocks: Tensor = torch.kron(waves, waves).float().to(device)
    return blocks


def _rounded(planes: Tensor, tables: Tensor) -> Tensor:
    """Return planes whose blocks' coefficients are multiples of their table's entries.

    Args:
        planes: height and width are multiples of 8. # (B, C, H, W)
        tables: # (B, 1, 64)
    """
    batch, channels, height, width = planes.shape
    rows, columns = height // _BLOCK, width // _BLOCK
    blocks = planes.reshape(batch, channels, rows, _BLOCK, columns, _BLOCK)
    blocks = blocks.transpose(3, 4).reshape(batch, -1, _BLOCK * _BLOCK)
    transform = cosine_transform(planes.device)
    blocks = ((blocks @ transform.T) / tables).round() * tables
    blocks = (blocks @ transform).reshape(batch, channels, rows, columns, _BLOCK, _BLOCK)
    return blocks.transpose(3, 4).reshape(planes.shape)


def _colours(images: Tensor, matrix: tuple[tuple[float, ...], ...] | Tensor) -> Tensor:
    """Return the matrix times every colour. # (B, 3, H, W)."""
    table = torch.as_tensor(matrix, dtype=torch.float32, device=images.device)
    return torch.einsum("ij,bjhw->bihw", table, images)


def _inverse_colours() -> Tensor:
    inverse: Tensor = torch.linalg.inv(torch.tensor(_TO_YCBCR, dtype=torch.float64))
    return inverse


def _padded(images: Tensor, multiple: int) -> Tensor:
    """Return images whose sides are multiples, the last row and column repeated."""
    height, width = images.shape[2:]
    padding = (0, -width % multiple, 0, -height % multiple)
    return functional.pad(images, padding, mode="replicate") if any(padding) else images
