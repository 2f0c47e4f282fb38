"""What is at the surface that pixels see: places, normals, how much of it a pixel covers."""

from __future__ import annotations

import torch
from torch import Tensor

from offline.synthetic import shapes
from offline.synthetic.cameras import Views, of_pixels, on_pixels
from offline.synthetic.joined import GROUND, SKY, Joined
from offline.synthetic.visibility import Seen
from offline.synthetic.world import Hits


def hits_of(joined: Joined, views: Views, seen: Seen) -> Hits:
    """Return what every pixel of cameras' views shows, row by row, view after view; all lit.

    Args:
        joined: the worlds.
        views: of cameras.
        seen: by them.
    """
    row, depth = seen.row.flatten(), seen.depth.flatten()
    time, world = of_pixels(views, views.time), of_pixels(views, views.world)
    origin = of_pixels(views, views.origin[:, :, 2].T.float())
    direction = on_pixels(views, views.direction.float())
    length = direction.square().sum(0).sqrt()
    ray = direction / length
    sky, solid = row == SKY, (row < GROUND).nonzero()[:, 0]
    distance = depth * length
    local = torch.where(sky, ray, origin + torch.where(sky, 0, depth) * direction)
    body_normal = torch.where(row == GROUND, 1.0, 0.0) * local.new_tensor([[0], [-1], [0]])
    normal = body_normal.clone()
    rows = row.index_select(0, solid)
    # index_select and index_copy_ are several times faster than indexing with brackets.
    points, towards = local.index_select(1, solid), ray.index_select(1, solid)
    there = _solids(joined, rows, time.index_select(0, solid), points, towards)
    for values, found in zip((local, body_normal, normal), there, strict=True):
        values.index_copy_(1, solid, found)
    material = torch.zeros_like(row).index_copy_(0, solid, joined.material.index_select(0, rows))
    first = joined.first.index_select(0, world.index_select(0, solid))
    number = torch.where(sky, -2, -1).index_copy_(0, solid, rows - first)
    return Hits(
        world=world,
        solid=number,
        material=material,
        local=local.T.contiguous(),
        normal=normal.T.contiguous(),
        body_normal=body_normal.T.contiguous(),
        ray=ray.T.contiguous(),
        distance_m=distance,
        footprint_m=_footprint(views, torch.where(sky, 1.0, distance), length, ray, normal),
        lit=torch.ones_like(depth),
    )


def row_major(table: Tensor, time: Tensor, row: Tensor) -> Tensor:
    """Return the maps of solids at times. # (T, N, 3, 4) -> (3, 4, P)."""
    flat = table.flatten(0, 1).movedim(0, -1).contiguous()
    return flat.index_select(2, time * table.shape[1] + row)


def transformed(affine: Tensor, points: Tensor) -> Tensor:
    """Return moved points. # (3, 4, P), (3, P) -> (3, P)."""
    return turned(affine, points) + affine[:, 3]


def turned(affine: Tensor, vectors: Tensor) -> Tensor:
    """Return vectors that have no place. # (3, 4, P), (3, P) -> (3, P)."""
    result = affine[:, 0] * vectors[0]
    result += affine[:, 1] * vectors[1]
    result += affine[:, 2] * vectors[2]
    return result


def turned_back(affine: Tensor, vectors: Tensor) -> Tensor:
    """Return what the transposed maps make of vectors: of normals, seen from before the map."""
    result = affine[0, :3] * vectors[0]
    result += affine[1, :3] * vectors[1]
    result += affine[2, :3] * vectors[2]
    return result


def gradients(kind: Tensor, local: Tensor) -> Tensor:
    """Return outward normals of unit shapes in their local frames, of any length.

    Args:
        kind: of shape. # (P,)
        local: points on their surfaces. # (3, P)

    Returns:
        (3, P)
    """
    result = torch.empty_like(local)
    for one in shapes.KINDS:
        chosen = (kind == one).nonzero()[:, 0]
        x, y, z = local.index_select(1, chosen).unbind(0)
        result.index_copy_(1, chosen, shapes.gradient(one, (x, y, z)))
    return result


def _solids(
    joined: Joined, row: Tensor, time: Tensor, points: Tensor, ray: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return where solids are hit in their bodies' frames, and normals there and in the world.

    Args:
        joined: the worlds.
        row: of the solids. # (P,)
        time: at which. # (P,)
        points: in the world. # (3, P)
        ray: towards them. # (3, P)
    """
    local_from_world = row_major(joined.local_from_world.to(points.dtype), time, row)
    local = transformed(local_from_world, points)
    normal = turned_back(local_from_world, gradients(joined.shape[row], local))
    away = torch.sign((normal * ray).sum(0))
    normal = normal * (-away / normal.square().sum(0).sqrt())
    start = torch.zeros_like(row)
    body_from_local = row_major(joined.body_from_local[None].to(points.dtype), start, row)
    world_from_body = row_major(joined.world_from_body.to(points.dtype), time, row)
    return transformed(body_from_local, local), turned_back(world_from_body, normal), normal


def _footprint(
    views: Views, distance: Tensor, length: Tensor, ray: Tensor, normal: Tensor
) -> Tensor:
    """Return the side of the square with the area that a pixel covers, m; of the sky, rad."""
    area: Tensor = torch.linalg.det(views.direction).abs().float()
    facing = (ray * normal).sum(0).abs()
    facing = torch.where(facing > 0, facing, 1.0)
    return (of_pixels(views, area) / (length**3 * facing)).sqrt() * distance
