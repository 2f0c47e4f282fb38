"""Which solid every pixel of many views sees, and how far away: tiles against solids.

Each solid's outline in each view is bounded by a rectangle, each rectangle is cut into tiles, and
all tiles are cast against their solid at once. The nearest of what a pixel meets is kept by the
minimum of a number that has the depth in front and the solid's row behind it, so that ties, and
the order in which a GPU gets there, do not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from offline.synthetic import shapes
from offline.synthetic.cameras import Views
from offline.synthetic.joined import GROUND, SKY, Joined
from offline.synthetic.rectangles import TILE, Rectangles, rectangles

# Rays cast at once: what a core's cache holds, and what a GPU needs to be busy.
_CHUNK = {"cpu": 2**16, "cuda": 2**23}
_ROW_BITS = 32
_NOTHING = 2**63 - 1


@dataclass(frozen=True, eq=False)
class Seen:
    """What views see.

    Attributes:
        depth: of ``Views``' rays; +inf in the sky, float32. # (V, H, W)
        row: of the joined solids, ``GROUND`` or ``SKY``, int64. # (V, H, W)
    """

    depth: Tensor
    row: Tensor

    def of(self, chosen: Sequence[int] | slice) -> Seen:
        """Return what some of the views see."""
        return Seen(self.depth[chosen], self.row[chosen])

    def band(self, top: int, bottom: int) -> Seen:
        """Return what some rows of pixels see."""
        return Seen(self.depth[:, top:bottom], self.row[:, top:bottom])


def nearer(one: Seen, other: Seen) -> Seen:
    """Return what views see where the solids of both are."""
    behind = (other.depth < one.depth) | ((other.depth == one.depth) & (other.row < one.row))
    return Seen(
        torch.where(behind, other.depth, one.depth), torch.where(behind, other.row, one.row)
    )


def look(
    joined: Joined, views: Views, chosen: Tensor | None = None, *, ground: bool = True
) -> Seen:
    """Return what ``views`` see.

    Args:
        joined: the worlds.
        views: of them.
        chosen: which solids are there; None for all. # (N,) bool
        ground: whether the ground of worlds that have it is there.
    """
    buffer = _tiled(_background(joined, views, ground), views)
    boxes = rectangles(joined, views, chosen)
    for kind in shapes.KINDS:
        part = boxes.of(joined.shape[boxes.row] == kind)
        rays = _local_rays(joined, views, part)
        for tiles in _tiles(part):
            _cast(views, kind, rays, tiles, buffer)
    keys = _untiled(buffer, views)
    depth = (keys >> _ROW_BITS).to(torch.int32).view(torch.float32)
    return Seen(depth, keys & (2**_ROW_BITS - 1))


def _key(depth: Tensor, row: Tensor) -> Tensor:
    """Return a number that is in the order of depths (float32, positive), then of rows."""
    return (depth.view(torch.int32).long() << _ROW_BITS) | row


def _background(joined: Joined, views: Views, ground: bool) -> Tensor:
    """Return the keys of pixels that see no solid. # (V, H', W'), whole tiles."""
    down, across = _grid(views)
    y = torch.arange(down * TILE, device=views.world.device).float()[:, None]
    x = torch.arange(across * TILE, device=views.world.device).float()
    start, step = (_heights(linear, x, y) for linear in (views.origin, views.direction))
    depth = -start / step
    is_ground = (depth > views.near_m) & (depth < torch.inf)
    is_ground &= joined.has_ground[views.world][:, None, None] & ground
    row = torch.where(is_ground, GROUND, SKY)
    return _key(torch.where(is_ground, depth, torch.inf), row)


def _heights(linear: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the y that maps of [x, y, 1] give. # (V, 3, 3) -> (V, H', W')."""
    by_x, by_y, base = linear[:, 1].float()[..., None, None].unbind(1)
    return by_x * x + by_y * y + base


def _grid(views: Views) -> tuple[int, int]:
    """Return how many tiles cover a view, down and across."""
    return -(-views.height // TILE), -(-views.width // TILE)


def _tiled(image: Tensor, views: Views) -> Tensor:
    """Return an image's pixels tile by tile. # (V, H', W') -> (V * tiles * TILE ** 2,)."""
    down, across = _grid(views)
    parts = image.reshape(-1, down, TILE, across, TILE)
    return parts.transpose(2, 3).reshape(-1)


def _untiled(buffer: Tensor, views: Views) -> Tensor:
    """Return the image whose tiles these are, without what hangs over. # (V, H, W)."""
    down, across = _grid(views)
    parts = buffer.reshape(-1, down, across, TILE, TILE).transpose(2, 3)
    image = parts.reshape(-1, down * TILE, across * TILE)
    return image[:, : views.height, : views.width].contiguous()


@dataclass(frozen=True, eq=False)
class _Rays:
    """Rays of a view's pixels [x, y, 1] in a solid's frame, float64. # (K, 3, 3) each."""

    origin: Tensor
    direction: Tensor


def _local_rays(joined: Joined, views: Views, boxes: Rectangles) -> _Rays:
    local = joined.local_from_world[views.time[boxes.view], boxes.row]
    origin = local[:, :, :3] @ views.origin[boxes.view]
    origin[:, :, 2] += local[:, :, 3]
    return _Rays(origin, local[:, :, :3] @ views.direction[boxes.view])


@dataclass(frozen=True, eq=False)
class _Tiles:
    """Tiles of views, each with a solid to cast there. # (K,) int64 each.

    Attributes:
        pair: of a view and a solid.
        view: index.
        row: of the solid.
        x: column of tiles.
        y: row of tiles.
    """

    pair: Tensor
    view: Tensor
    row: Tensor
    x: Tensor
    y: Tensor


def _tiles(boxes: Rectangles) -> Iterator[_Tiles]:
    """Yield the tiles of all rectangles, as many at once as may be cast."""
    columns = boxes.right - boxes.left
    counts = columns * (boxes.bottom - boxes.top)
    pairs = torch.repeat_interleave(counts)
    numbers = torch.arange(len(pairs), device=pairs.device) - (counts.cumsum(0) - counts)[pairs]
    size = _CHUNK[pairs.device.type] // TILE**2
    for start in range(0, len(pairs), size):
        pair, number = pairs[start : start + size], numbers[start : start + size]
        down = number // columns[pair]
        yield _Tiles(
            pair,
            boxes.view[pair],
            boxes.row[pair],
            boxes.left[pair] + number - down * columns[pair],
            boxes.top[pair] + down,
        )


def _cast(views: Views, kind: int, rays: _Rays, tiles: _Tiles, buffer: Tensor) -> None:
    """Cast the rays of tiles against their solids of one kind, keep what is nearest."""
    origin = _spread(rays.origin[tiles.pair], tiles, constant=not views.parallel)
    direction = _spread(rays.direction[tiles.pair], tiles, constant=views.parallel)
    depth, met = shapes.entry(kind, origin, direction)
    met &= depth > views.near_m
    key = torch.where(met, _key(depth, tiles.row[:, None]), _NOTHING)
    down, across = _grid(views)
    tile = (tiles.view * down + tiles.y) * across + tiles.x
    target = tile[:, None] * TILE**2 + torch.arange(TILE**2, device=tile.device)
    buffer.scatter_reduce_(0, target.flatten(), key.flatten(), "amin")


def _spread(linear: Tensor, tiles: _Tiles, *, constant: bool) -> shapes.Axes:
    """Return what maps of [x, y, 1] give at each pixel of their tile, x, y and z apart.

    Args:
        linear: float64. # (K, 3, 3)
        tiles: of which the maps are. # (K,)
        constant: whether the maps look at the last number alone.

    Returns:
        Float32. # (K, TILE ** 2) each, or (K, 1) where constant
    """
    by_x, by_y, base = linear.unbind(2)
    if constant:
        x, y, z = base.float()[..., None].unbind(1)
        return x, y, z
    base = base + TILE * (tiles.x[:, None] * by_x + tiles.y[:, None] * by_y)
    lanes = torch.arange(TILE**2, device=linear.device)
    columns, rows = (lanes % TILE).float(), (lanes // TILE).float()
    # Products of floats by hand: a matrix product may be told to use half of their digits.
    values = by_x.float()[..., None] * columns
    values += by_y.float()[..., None] * rows
    values += base.float()[..., None]
    x, y, z = values.unbind(1)
    return x, y, z
