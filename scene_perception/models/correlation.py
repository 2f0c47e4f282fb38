"""Cost volumes: how well a pixel's features match those around the same pixel elsewhere."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

# Columns that one matrix product matches at once: 8 to 40 measured within 20 % of each other.
_BLOCK = 16


def l2_normalize(features: Tensor) -> Tensor:
    """Scale the channels of ``(B, C, H, W)`` to unit length: ``x / sqrt(max(sum x^2, 1e-12))``.

    ``tf.nn.l2_normalize``'s floor: a zero vector stays zero.
    """
    squared = features.square().sum(1, keepdim=True)
    return features * squared.clamp(min=1e-12).rsqrt()


def correlation(target: Tensor, source: Tensor, search_range: tuple[int, int]) -> Tensor:
    """Return the scalar products of ``target`` with ``source`` at every shift in range.

    Blocks of columns are matched by matrix products, of which the band that lies within the
    search range is kept. That is a tenth of the graph of one product per shift (which the
    ONNX exporter cannot digest) and half of its time on a CPU.

    Args:
        target: features. # (B, C, H, W)
        source: features of the same shape, zero outside the image.
        search_range: largest vertical and horizontal shift ``(ry, rx)``, px; ``(0, rx)``
            searches along rows only.

    Returns:
        Costs, channel ``(2 rx + 1) * (dy + ry) + (dx + rx)`` matching target ``(y, x)`` with
        source ``(y + dy, x + dx)``. # (B, (2 ry + 1) * (2 rx + 1), H, W)

    Raises:
        ValueError: for features of different shapes or a negative range.
    """
    ry, rx = search_range
    if target.shape != source.shape or min(ry, rx) < 0:
        raise ValueError(
            f"correlation needs features of one shape and ranges >= 0, "
            f"got {tuple(target.shape)}, {tuple(source.shape)} and {search_range}"
        )
    batch, channels, height, width = target.shape
    blocks = -(-width // _BLOCK)
    spare = blocks * _BLOCK - width
    queries = F.pad(target, (0, spare)).permute(2, 0, 3, 1).reshape(-1, _BLOCK, channels)
    # Rows go first so that each vertical shift is a view. # (H + 2 ry, B, blocks, C, window)
    padded = F.pad(source, (rx, rx + spare, ry, ry)).permute(2, 0, 3, 1)
    windows = padded.unfold(2, _BLOCK + 2 * rx, _BLOCK).transpose(3, 4).contiguous()
    rows = [windows[dy : dy + height].flatten(0, 2) for dy in range(2 * ry + 1)]
    products = torch.stack([queries @ row.transpose(1, 2) for row in rows])
    costs = _band(products, 2 * rx + 1).view(2 * ry + 1, height, batch, -1, 2 * rx + 1)
    return costs.permute(2, 0, 4, 1, 3).flatten(1, 2)[..., :width]


def _band(products: Tensor, diagonals: int) -> Tensor:
    """Return elements ``(i, i + d)`` of each matrix for ``d < diagonals``. # (..., n, diagonals).

    Reading an ``(n, m)`` matrix with rows of ``m + 1`` moves row ``i`` left by ``i``.
    """
    rows, columns = products.shape[-2:]
    flat = F.pad(products.flatten(-2), (0, rows))
    skewed = flat.view(*products.shape[:-2], rows, columns + 1)
    return skewed[..., :diagonals]
