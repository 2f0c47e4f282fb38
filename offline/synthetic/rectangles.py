"""The rectangle that each solid can cover in each view: casting elsewhere would be wasted."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from offline.synthetic.cameras import Views
from offline.synthetic.joined import Joined
from offline.synthetic.world import DISC

TILE = 8

# Corners of [-1, 1] on every axis, and those that an edge joins: they differ in one bit.
_CORNERS = [[1 - 2 * (i >> axis & 1) for i in range(8)] for axis in range(3)]
_EDGES = [(i, i | bit) for bit in (1, 2, 4) for i in range(8) if not i & bit]


@dataclass(frozen=True, eq=False)
class Rectangles:
    """Solids in views and the tiles, ``TILE`` px a side, that they can touch. # (K,) int64 each.

    Attributes:
        view: index of the view.
        row: of the joined solids.
        left: first column of tiles.
        top: first row of tiles.
        right: column after the last.
        bottom: row after the last.
    """

    view: Tensor
    row: Tensor
    left: Tensor
    top: Tensor
    right: Tensor
    bottom: Tensor

    def of(self, chosen: Tensor) -> Rectangles:
        """Return some of them. # (K,) bool."""
        return Rectangles(*(getattr(self, field.name)[chosen] for field in fields(self)))


def rectangles(joined: Joined, views: Views, chosen: Tensor | None = None) -> Rectangles:
    """Return the rectangles of every solid in each view of its world, those that are not empty.

    Args:
        joined: the worlds.
        views: of them.
        chosen: which solids are there; None for all. # (N,) bool
    """
    view, row = _pairs(joined, views)
    if chosen is not None:
        kept = chosen[row]
        view, row = view[kept], row[kept]
    x, y, inside = _outline(joined, views, view, row)
    left, right = _span(x, inside, views.width)
    top, bottom = _span(y, inside, views.height)
    every = Rectangles(view, row, left, top, right, bottom)
    return every.of((left < right) & (top < bottom))


def _pairs(joined: Joined, views: Views) -> tuple[Tensor, Tensor]:
    """Return every view with every solid of its world. # (K,) int64 each."""
    first = joined.first[views.world]
    count = joined.first[views.world + 1] - first
    view = torch.repeat_interleave(count)
    start = count.cumsum(0) - count
    return view, torch.arange(len(view), device=view.device) - (start - first)[view]


def _outline(
    joined: Joined, views: Views, view: Tensor, row: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return image points around each bounding box's part before the near plane.

    Returns:
        Columns, rows, and which of them count. # (K, 20) each: corners, then cut edges
    """
    corners = view.new_tensor([*_CORNERS, [1] * 8], dtype=torch.float64).repeat(len(view), 1, 1)
    corners[:, 2] *= (joined.shape[row] != DISC)[:, None]
    corners[:, :3] = joined.world_from_local[views.time[view], row] @ corners
    seen = views.projection[view, :3] @ corners
    in_front = seen[:, 2] >= views.near_m
    start, end = view.new_tensor(_EDGES).unbind(1)
    cut = in_front[:, start] != in_front[:, end]
    first, second = seen[:, :, start], seen[:, :, end]
    share = (views.near_m - first[:, 2]) / torch.where(cut, second[:, 2] - first[:, 2], 1.0)
    points = torch.cat([seen, first + share[:, None] * (second - first)], 2)
    inside = torch.cat([in_front, cut], 1)
    w = torch.where(inside, points[:, 2], 1.0)
    return points[:, 0] / w, points[:, 1] / w, inside


def _span(values: Tensor, inside: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return first tile and the one after the last, of those whose pixels' centres can be met."""
    low = torch.where(inside, values, torch.inf).amin(1).clamp(0, size).ceil().long()
    high = torch.where(inside, values, -torch.inf).amax(1).clamp(-1, size - 1).floor().long()
    return torch.where(low <= high, low // TILE, 1), torch.where(low <= high, high // TILE + 1, 0)
