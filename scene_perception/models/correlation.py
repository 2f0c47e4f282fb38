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
    search range is kept. That is a sixth of the graph of one product per shift (which the
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
    height, width = target.shape[2:]
    block = max(_BLOCK, 2 * rx)
    spare = -width % block
    queries = _blocks(F.pad(target, (0, spare)), block)
    # One block more than there are queries, as a window reaches 2 rx columns into the next.
    keys = _blocks(F.pad(source, (rx, spare + block - rx, ry, ry)), block)
    windows = torch.cat([keys[:, :, :-1], keys[:, :, 1:, : 2 * rx]], 3)
    flat = queries.flatten(0, 2)
    rows = [windows[dy : dy + height].flatten(0, 2) for dy in range(2 * ry + 1)]
    products = torch.stack([torch.bmm(flat, row.transpose(1, 2)) for row in rows])
    costs = _band(products, 2 * rx + 1).view(2 * ry + 1, *queries.shape[:4], 2 * rx + 1)
    # (dy, H, B, blocks, block, dx) -> (B, dy, dx, H, blocks, block)
    costs = costs.permute(2, 0, 5, 1, 3, 4).flatten(4).flatten(1, 2)
    return costs[..., :width]


def mean_correlation(target: Tensor, source: Tensor, search_range: tuple[int, int]) -> Tensor:
    """Return ``correlation`` divided by the number of channels.

    Raises:
        ValueError: as ``correlation``.
    """
    return correlation(target / target.shape[1], source, search_range)


def _blocks(features: Tensor, block: int) -> Tensor:
    """Cut rows into blocks, rows first so that a vertical shift is a view.

    ``(B, C, H, W)`` of a width divisible by ``block`` -> ``(H, B, W / block, block, C)``.
    """
    batch, channels, height, width = features.shape
    rows = features.permute(2, 0, 3, 1)
    return rows.reshape(height, batch, width // block, block, channels)


def _band(products: Tensor, diagonals: int) -> Tensor:
    """Return elements ``(i, i + d)`` of each matrix for ``d < diagonals``. # (..., n, diagonals).

    Reading an ``(n, m)`` matrix with rows of ``m + 1`` moves row ``i`` left by ``i``.
    """
    rows, columns = products.shape[-2:]
    flat = F.pad(products.flatten(-2), (0, rows))
    skewed = flat.view(*products.shape[:-2], rows, columns + 1)
    return skewed[..., :diagonals]
