"""Which places the sun reaches: what it sees of each world, drawn like any other view.

A map's pixels are squares of the ground around the camera's way, each with the ray of sunlight
that falls there; a place higher up has the pixel its own ray goes on to. What stands still is
drawn once for all times of a world. A convex solid throws no shadow on its own lit side, so that
only other solids are compared by depth and the bias can be small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from offline.synthetic.cameras import Views, of_pixels, on_pixels
from offline.synthetic.joined import Joined
from offline.synthetic.visibility import Seen, look, nearer
from offline.synthetic.world import Hits, World

# Ground that is covered: behind the first camera, ahead of the last, to each side, m.
_BEHIND_M, _AHEAD_M, _ASIDE_M = 8.0, 62.0, 26.0
_SQUARE_M = 0.125
_ABOVE_M = 300.0  # along its rays from where the sun is put to the ground
_SKY = -2
_LOWEST_SUN = 0.05  # sine of its elevation; below, nothing is in shadow
_BIAS_M = 0.04
_STEEPEST = 6.0  # tangent up to which the bias grows with the angle to the light


@dataclass(frozen=True, eq=False)
class SunMaps:
    """What the sun sees, for some moments of joined worlds.

    Attributes:
        views: one a moment.
        seen: by them.
        to_sun: float32; 0 where nothing casts shadows. # (V, 3)
    """

    views: Views
    seen: Seen
    to_sun: Tensor


def sun_maps(joined: Joined, moments: Sequence[tuple[int, int]]) -> SunMaps:
    """Return maps for moments: world and time of each."""
    worlds = sorted({world for world, _ in moments})
    grounds = {w: _ground(joined.worlds[w], [t for v, t in moments if v == w]) for w in worlds}
    across = round(2 * _ASIDE_M / _SQUARE_M)
    down = max(math.ceil(length / _SQUARE_M) for _, length in grounds.values())
    suns = {w: _to_sun(joined.worlds[w]) for w in worlds}
    linear = [_rays(grounds[w][0], suns[w], across, down) for w in worlds]
    origin, direction, projection = (torch.stack(part) for part in zip(*linear, strict=True))
    device = joined.device
    still = Views(
        world=torch.tensor(worlds, device=device),
        time=torch.zeros(len(worlds), dtype=torch.int64, device=device),
        origin=origin.to(device),
        direction=direction.to(device),
        projection=projection.to(device),
        height=down,
        width=across,
        near_m=0.0,
        parallel=True,
    )
    index = [worlds.index(world) for world, _ in moments]
    times = torch.tensor([time for _, time in moments], device=device)
    views = replace(still.of(index), time=times)
    standing = look(joined, still, joined.fixed, ground=False)
    seen = nearer(look(joined, views, ~joined.fixed, ground=False), standing.of(index))
    directions = [suns[w] * casts(joined.worlds[w]) for w, _ in moments]
    return SunMaps(views, seen, torch.stack(directions).to(device, torch.float32))


def casts(world: World) -> bool:
    """Return whether there are shadows in a world."""
    return world.to_sun is not None and float(world.to_sun[1]) < -_LOWEST_SUN


def lit(maps: SunMaps, views: Views, seen: Seen, hits: Hits) -> Tensor:
    """Return how much of the sun's light arrives: 1 all of it, 0 none. # (P,) float32.

    Surfaces that face away from the sun get none; beyond the maps nothing is in shadow.

    Args:
        maps: of the moments of the views.
        views: of cameras.
        seen: by them.
        hits: of the same pixels.
    """
    same = (views.world[:, None] == maps.views.world) & (views.time[:, None] == maps.views.time)
    moment = same.int().argmax(1)
    to_sun = of_pixels(views, maps.to_sun[moment].T)
    cosine = (hits.normal.T * to_sun).sum(0)
    result = ((cosine > 0) | (hits.solid == _SKY) | ~to_sun.any(0)).float()
    chosen = (cosine > 0).nonzero()[:, 0]
    cosine = cosine.index_select(0, chosen)
    place = _placed(maps.views.projection[moment], views, seen.depth)
    x, y, depth = place.index_select(1, chosen)
    slope = ((1 - cosine**2).clamp(min=0).sqrt() / cosine).clamp(max=_STEEPEST)
    depth = depth - _BIAS_M - _SQUARE_M * slope
    of = of_pixels(views, moment).index_select(0, chosen)
    row = seen.row.flatten().index_select(0, chosen)
    return result.index_copy_(0, chosen, 1 - _share(maps, of, x, y, depth, row))


def _placed(projection: Tensor, views: Views, depth: Tensor) -> Tensor:
    """Return column, row and depth in the sun's maps of what pixels see. # (3, P) float32.

    Args:
        projection: into the map of each view's moment. # (V, 4, 4)
        views: of cameras.
        depth: of what they see. # (V, H, W)
    """
    linear = projection[:, [0, 1, 3]]
    base = (linear[:, :, :3] @ views.origin[:, :, 2:])[..., 0] + linear[:, :, 3]
    step = on_pixels(views, (linear[:, :, :3] @ views.direction).float())
    return of_pixels(views, base.T.float()) + depth.flatten() * step


def _share(
    maps: SunMaps, moment: Tensor, x: Tensor, y: Tensor, depth: Tensor, row: Tensor
) -> Tensor:
    """Return how much of the four squares around each place is shadowed before it. # (K,)."""
    height, width = maps.views.height, maps.views.width
    left, top = x.floor(), y.floor()
    total = torch.zeros_like(x)
    for right in (0, 1):
        for down in (0, 1):
            weight = (1 - (x - left - right).abs()) * (1 - (y - top - down).abs())
            column, line = left.long() + right, top.long() + down
            inside = (column >= 0) & (column < width) & (line >= 0) & (line < height)
            index = (moment * height + line) * width + column
            index = torch.where(inside, index, 0)
            shadowed = maps.seen.depth.flatten().index_select(0, index) < depth
            shadowed &= (maps.seen.row.flatten().index_select(0, index) != row) & inside
            total += weight * shadowed
    return total


def _to_sun(world: World) -> Tensor:
    if world.to_sun is None or not casts(world):
        return torch.tensor([0.0, -1.0, 0.0], dtype=torch.float64)
    return world.to_sun.double()


def _ground(world: World, times: Sequence[int]) -> tuple[Tensor, float]:
    """Return world from ground square, whose z is ahead of the camera, and its length, m."""
    poses = world.rig.world_from_camera[[min(times), max(times)]].double()
    ahead = poses[0, :3, 2] * poses.new_tensor([1, 0, 1])
    ahead = ahead / ahead.norm().clamp(min=1e-9)
    right = torch.linalg.cross(poses.new_tensor([0, 1, 0]), ahead)
    start = poses[0, :3, 3] - _BEHIND_M * ahead
    driven = float((poses[1, :3, 3] - poses[0, :3, 3]).norm())
    start[1] = 0
    return torch.stack([right, ahead, start], 1), _BEHIND_M + driven + _AHEAD_M


def _rays(ground: Tensor, to_sun: Tensor, across: int, down: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return origin, direction and projection of a map (see ``Views``)."""
    right, ahead, start = ground.unbind(1)
    first = start + right * _SQUARE_M * (0.5 - across / 2) + ahead * _SQUARE_M * 0.5
    origin = torch.stack([right * _SQUARE_M, ahead * _SQUARE_M, first + _ABOVE_M * to_sun], 1)
    direction = torch.zeros_like(origin)
    direction[:, 2] = -to_sun
    solve = torch.linalg.inv(torch.stack([origin[:, 0], origin[:, 1], -to_sun], 1))
    shift = -solve @ origin[:, 2]
    image = torch.cat([solve, shift[:, None]], 1)
    last = image.new_tensor([[0.0, 0.0, 0.0, 1.0]])
    return origin, direction, torch.cat([image[:2], last, image[2:]])
