"""How badly synthesised views explain the target image (Monodepth2, as SGDepth uses it)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from offline.losses.ssim import dissimilarity

_STRUCTURE, _COLOUR = 0.85, 0.15


def photometric_error(image: Tensor, target: Tensor) -> Tensor:
    """Return each pixel's error: 0.85 of the dissimilarity, 0.15 of the absolute difference.

    Both are means over the colours (``losses/depth.py``).

    Args:
        image: 0..1. # (B, 3, H, W)
        target: of the same shape.

    Returns:
        0..1. # (B, 1, H, W)
    """
    structure = dissimilarity(image, target).mean(1, keepdim=True)
    colour = (image - target).abs().mean(1, keepdim=True)
    return _STRUCTURE * structure + _COLOUR * colour


def photometric_errors(images: Sequence[Tensor], target: Tensor) -> Tensor:
    """Return the errors of ``N`` images, in their order. # N x (B, 3, H, W) -> (B, N, H, W)."""
    return torch.cat([photometric_error(image, target) for image in images], 1)


def smallest_error(unwarped: Tensor, warped: Tensor) -> tuple[Tensor, Tensor]:
    """Return each pixel's smallest error and whether a warped image gave it.

    The minimum over warped images passes over occlusions; unwarped ones among them (the
    auto-mask) take out pixels that do not seem to move, which then have no gradient. As
    published no noise breaks ties: the first wins, an unwarped one.

    Args:
        unwarped: errors of the source images as they are. # (B, N, H, W)
        warped: errors of the synthesised views. # (B, M, H, W)

    Returns:
        The errors and a boolean map. # 2 x (B, 1, H, W)
    """
    error, index = torch.cat([unwarped, warped], 1).min(1, keepdim=True)
    return error, index >= unwarped.shape[1]
