"""Exact truth at what pixels see: float64 places, carried by their bodies to other views.

A place is hidden from a view where that view's ray to it, cast exactly, first meets another
solid. All solids are convex, so none hides its own side that faces the view; others are tried
where one of the four pixels around the place sees them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from offline.synthetic import shapes
from offline.synthetic.cameras import Views, of_pixels, on_pixels, project
from offline.synthetic.joined import GROUND, SKY, Joined
from offline.synthetic.surfaces import (
    gradients,
    row_major,
    transformed,
    turned,
)
from offline.synthetic.visibility import Seen

# Of the way to a place: what lies on it no farther before it than that does not hide it.
_TOUCHING = 1e-4
_SUNK_M = 1e-3


@dataclass(frozen=True, eq=False)
class Exact:
    """What pixels see, exactly; P = V * H * W, view after view, float64.

    Attributes:
        row: of the joined solids, ``GROUND`` or ``SKY``, int64. # (P,)
        depth: along Z, m; +inf in the sky. # (P,)
        point: in the world, m; of the sky the direction. # (3, P)
        local: on the unit shape; 0 where there is no solid. # (3, P)
        normal: local too, of any length, towards the camera. # (3, P)
    """

    row: Tensor
    depth: Tensor
    point: Tensor
    local: Tensor
    normal: Tensor


@dataclass(frozen=True, eq=False)
class Carried:
    """Where other views have what pixels see, whether or not they show it. # (V, H, W) each.

    Attributes:
        x: column, px, float64; 0 where not known.
        y: row.
        depth: along Z, m; +inf for the sky.
        known: not behind the other camera.
        hidden: outside the other view, behind its camera, or behind something.
    """

    x: Tensor
    y: Tensor
    depth: Tensor
    known: Tensor
    hidden: Tensor


def exact(joined: Joined, views: Views, seen: Seen) -> Exact:
    """Return the exact places that ``views`` of cameras see."""
    row, times = seen.row.flatten(), of_pixels(views, views.time)
    origin = of_pixels(views, views.origin[:, :, 2].T)
    direction = on_pixels(views, views.direction)
    depth = torch.where(row == GROUND, -origin[1] / direction[1], torch.inf)
    local, normal = torch.zeros_like(direction), torch.zeros_like(direction)
    chosen = (row < GROUND).nonzero()[:, 0]
    rows, time = row.index_select(0, chosen), times.index_select(0, chosen)
    maps = row_major(joined.local_from_world, time, rows)
    start = transformed(maps, origin.index_select(1, chosen))
    step = turned(maps, direction.index_select(1, chosen))
    kind = joined.shape[rows]
    met = _entries(kind, start, step)[0]
    depth.index_copy_(0, chosen, met)
    found = start + met * step
    local.index_copy_(1, chosen, found)
    outward = gradients(kind, found)
    normal.index_copy_(1, chosen, outward * -torch.sign((outward * step).sum(0)))
    sky = row == SKY
    point = torch.where(sky, direction, origin + torch.where(sky, 0, depth) * direction)
    return Exact(row, depth, point, local, normal)


def carry(joined: Joined, places: Exact, views: Views, other: Views, seen: Seen) -> Carried:
    """Return where each of ``other`` has what the view before it in ``views`` sees.

    Args:
        joined: the worlds.
        places: what ``views`` see.
        views: V of cameras.
        other: V of cameras, each of the same world at any time; of another size if need be.
        seen: by ``other``.
    """
    numbers = torch.arange(len(views), device=joined.device)
    view, sky = of_pixels(views, numbers), places.row == SKY
    point = _moved(joined, places, other.time.index_select(0, view))
    x, y, depth = project(other, torch.cat([point, (~sky).to(point.dtype)[None]]))
    known = depth > other.near_m
    x, y = torch.where(known, x, 0), torch.where(known, y, 0)
    inside = (x >= -0.5) & (x <= other.width - 0.5) & (y >= -0.5) & (y <= other.height - 0.5)
    hidden = ~(inside & known)
    way = torch.where(sky, point, point - of_pixels(views, other.origin[:, :, 2].T))
    hidden |= _turned_away(joined, places, view, other)
    hidden |= joined.has_ground[views.world][view] & ~sky & (point[1] > _SUNK_M)
    sight = _Sight(view, x, y, way, sky, depth)
    hidden[_before_others(joined, places.row, hidden, sight, other, seen)] = True
    shape = (len(views), views.height, views.width)
    depth = torch.where(sky, torch.inf, depth)
    return Carried(*(part.reshape(shape) for part in (x, y, depth, known, hidden)))


def _moved(joined: Joined, places: Exact, time: Tensor) -> Tensor:
    """Return the places where their bodies are at other times. # (3, P)."""
    chosen = (places.row < GROUND).nonzero()[:, 0]
    chosen = chosen[~joined.fixed.index_select(0, places.row.index_select(0, chosen))]
    rows = places.row.index_select(0, chosen)
    maps = row_major(joined.world_from_local, time.index_select(0, chosen), rows)
    there = transformed(maps, places.local.index_select(1, chosen))
    return places.point.index_copy(1, chosen, there)


def _turned_away(joined: Joined, places: Exact, view: Tensor, other: Views) -> Tensor:
    """Return whether places are on sides of their solids that the views do not see. # (P,)."""
    away = torch.zeros_like(places.row, dtype=torch.bool)
    chosen = (places.row < GROUND).nonzero()[:, 0]
    camera = _local_cameras(joined, other)
    index = view.index_select(0, chosen) * camera.shape[2] + places.row.index_select(0, chosen)
    way = places.local.index_select(1, chosen) - camera.flatten(1).index_select(1, index)
    normal = places.normal.index_select(1, chosen)
    return away.index_copy_(0, chosen, (normal * way).sum(0) >= 0)


def _local_cameras(joined: Joined, views: Views) -> Tensor:
    """Return where cameras are in the frame of each solid. # (3, V, N)."""
    maps = joined.local_from_world[views.time]
    place = (maps[..., :3] @ views.origin[:, None, :, 2:])[..., 0] + maps[..., 3]
    return place.movedim(2, 0).contiguous()


@dataclass(frozen=True, eq=False)
class _Sight:
    """The ways from cameras to places and where those lie in the views. # (P,), (3, P)."""

    view: Tensor
    x: Tensor
    y: Tensor
    way: Tensor
    endless: Tensor
    depth: Tensor


def _before_others(
    joined: Joined, row: Tensor, hidden: Tensor, sight: _Sight, other: Views, seen: Seen
) -> Tensor:
    """Return which places not yet hidden are behind what pixels around them see. # (K,)."""
    first = sight.view * (other.height * other.width)
    left, top = sight.x.floor().long(), sight.y.floor().long()
    shown, where, what = seen.row.flatten(), [], []
    for down in (0, 1):
        for right in (0, 1):
            x, y = (left + right).clamp(0, other.width - 1), (top + down).clamp(0, other.height - 1)
            found = shown.index_select(0, first + y * other.width + x)
            chosen = (~hidden & (found != row) & (found < GROUND)).nonzero()[:, 0]
            where.append(chosen)
            what.append(found.index_select(0, chosen))
    chosen = torch.cat(where)
    return chosen[_before(joined, torch.cat(what), sight, chosen, other)]


def _before(joined: Joined, row: Tensor, sight: _Sight, chosen: Tensor, other: Views) -> Tensor:
    """Return whether solids are met before the places. # (K,) bool."""
    view = sight.view[chosen]
    maps = row_major(joined.local_from_world, other.time[view], row)
    start = transformed(maps, other.origin[view, :, 2].T)
    share, met = _entries(joined.shape[row], start, turned(maps, sight.way[:, chosen]))
    near = share * sight.depth[chosen] > other.near_m
    return met & near & (sight.endless[chosen] | (share < 1 - _TOUCHING))


def _entries(kind: Tensor, origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``shapes.entry`` of rays, each with its own kind of shape. # (P,) each."""
    depth, met = torch.empty_like(origin[0]), torch.empty_like(kind, dtype=torch.bool)
    for one in shapes.KINDS:
        chosen = (kind == one).nonzero()[:, 0]
        start, step = (part.index_select(1, chosen).unbind(0) for part in (origin, direction))
        found = shapes.entry(one, (start[0], start[1], start[2]), (step[0], step[1], step[2]))
        depth.index_copy_(0, chosen, found[0])
        met.index_copy_(0, chosen, found[1])
    return depth, met
