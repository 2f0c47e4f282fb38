"""The colour of every pixel: what is drawn on the surface it shows, in the light that falls there.

Everything is done for all pixels at once; what only some pixels need is done for those alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from offline.synthetic import lighting, palette
from offline.synthetic.ground import ground_colour
from offline.synthetic.noise import fractal
from offline.synthetic.patterns import PATTERNS, Patch
from offline.synthetic.world import Hits, World

_GROUND, _SKY = -1, -2


def shade(hits: Hits, worlds: Sequence[World]) -> Tensor:
    """Return what a camera shows, RGB 0..1, float32. # (P, 3).

    Args:
        hits: what the pixels see.
        worlds: that ``hits.world`` counts, with materials joined in their order.
    """
    tables = _tables(worlds, hits.ray.device)
    radiance = torch.empty_like(hits.ray)
    for number, look in ((_SKY, _sky), (_GROUND, _ground)):
        chosen = (hits.solid == number).nonzero()[:, 0]
        if len(chosen):
            radiance.index_copy_(0, chosen, look(hits, tables, chosen))
    chosen = (hits.solid >= 0).nonzero()[:, 0]
    if len(chosen):
        radiance.index_copy_(0, chosen, _solids(hits, tables, chosen))
    return lighting.developed(_rows_of(tables.light, hits.world), radiance)


@dataclass(frozen=True, eq=False)
class _Tables:
    """What worlds look like, row by row: (B, L), (B, G), (K, C)."""

    light: Tensor
    ground: Tensor
    materials: Tensor


def _tables(worlds: Sequence[World], device: torch.device) -> _Tables:
    width = max(0 if world.ground is None else len(world.ground) for world in worlds)
    blank = torch.zeros(width)
    ground = [blank if world.ground is None else world.ground for world in worlds]
    return _Tables(
        torch.stack([world.light for world in worlds]).to(device),
        torch.stack(ground).to(device),
        torch.cat([world.materials for world in worlds]).to(device),
    )


def _rows_of(table: Tensor, index: Tensor) -> Tensor:
    """Return each pixel's row of a table by world; one world needs no copies. # (P or 1, C)."""
    return table if len(table) == 1 else table.index_select(0, index)


def _sky(hits: Hits, tables: _Tables, chosen: Tensor) -> Tensor:
    light = _rows_of(tables.light, hits.world.index_select(0, chosen))
    return lighting.sky(light, hits.ray.index_select(0, chosen))


def _ground(hits: Hits, tables: _Tables, chosen: Tensor) -> Tensor:
    world, ray = (part.index_select(0, chosen) for part in (hits.world, hits.ray))
    local, footprint = (part.index_select(0, chosen) for part in (hits.local, hits.footprint_m))
    rows = _rows_of(tables.ground, world)
    albedo = ground_colour(local, rows, footprint, ray[:, 1].abs())
    light = _rows_of(tables.light, world)
    normal, lit = hits.normal.index_select(0, chosen), hits.lit.index_select(0, chosen)
    radiance = lighting.lit_radiance(light, albedo, normal, lit)
    return lighting.seen_through_haze(light, radiance, hits.distance_m.index_select(0, chosen))


def _solids(hits: Hits, tables: _Tables, chosen: Tensor) -> Tensor:
    albedo, gloss = _drawn(hits, tables.materials, chosen)
    light = _rows_of(tables.light, hits.world.index_select(0, chosen))
    normal, lit = hits.normal.index_select(0, chosen), hits.lit.index_select(0, chosen)
    radiance = lighting.lit_radiance(light, albedo, normal, lit)
    shiny = (gloss > 0.01).nonzero()[:, 0]
    ray = hits.ray.index_select(0, chosen.index_select(0, shiny))
    mirrored = lighting.mirrored(
        _rows_of(light, shiny), ray, normal.index_select(0, shiny), lit.index_select(0, shiny)
    )
    radiance.index_add_(0, shiny, mirrored.mul_(gloss.index_select(0, shiny)[:, None]))
    return lighting.seen_through_haze(light, radiance, hits.distance_m.index_select(0, chosen))


def _drawn(hits: Hits, table: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Return reflectance and gloss of the solids that pixels show. # (P, 3), (P,)."""
    material = hits.material.index_select(0, chosen)
    columns = table.t().contiguous()
    kinds = columns[palette.KIND].index_select(0, material)
    albedo, gloss = hits.ray.new_empty(len(chosen), 3), hits.ray.new_empty(len(chosen))
    for kind, pattern in PATTERNS.items():
        index = (kinds == kind).nonzero()[:, 0]
        if len(index):
            rows = table.index_select(0, material.index_select(0, index))
            colour, shine = pattern(_patch(hits, rows, chosen.index_select(0, index)))
            albedo.index_copy_(0, index, colour)
            gloss.index_copy_(0, index, shine)
    return albedo, gloss


def _patch(hits: Hits, rows: Tensor, chosen: Tensor) -> Patch:
    local, normal = (part.index_select(0, chosen) for part in (hits.local, hits.body_normal))
    footprint = hits.footprint_m.index_select(0, chosen)
    size = normal.abs()
    front = size[:, 2] > torch.maximum(size[:, 0], size[:, 1])
    axis = torch.where(front, 2, (size[:, 1] > size[:, 0]).long())
    across = torch.where(axis == 0, local[:, 2], local[:, 0])
    down = torch.where(axis == 1, local[:, 2], local[:, 1])
    place = torch.stack([across, down], 1)
    # Faces of one thing must not show the same noise, nor things of one kind.
    facing = torch.where(normal.sum(1) > 0, 1.7, 0.0) + 3.1 * axis
    shifted = place + (rows[:, palette.SEED] * 0.37 + facing)[:, None]
    coarsest, finest = rows[:, palette.COARSEST], rows[:, palette.FINEST]
    grain = fractal(shifted, footprint, coarsest, finest)
    return Patch(rows, local, place, normal, axis, footprint, grain)
