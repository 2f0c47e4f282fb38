"""The colour of every pixel: what is drawn on the surface it shows, in the light that falls there.

Everything is done for all pixels at once; what only some pixels need is done for those alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from offline.synthetic import lighting, palette
from offline.synthetic.ground import ground_colour
from offline.synthetic.lighting import joined_light, rows_of
from offline.synthetic.noise import fractal
from offline.synthetic.patterns import PATTERNS, Patch
from offline.synthetic.world import Hits, World

_SKY = -2


def shade(hits: Hits, worlds: Sequence[World]) -> Tensor:
    """Return what a camera shows, RGB 0..1, float32. # (P, 3).

    Args:
        hits: what the pixels see.
        worlds: that ``hits.world`` counts, with materials joined in their order.
    """
    light = joined_light(worlds, hits.ray.device)
    radiance = torch.empty_like(hits.ray)
    sky = (hits.solid == _SKY).nonzero()[:, 0]
    radiance[sky] = lighting.sky(rows_of(light, hits.world[sky]), hits.ray[sky])
    ground = (hits.solid == -1).nonzero()[:, 0]
    if len(ground):
        radiance[ground] = _ground(hits, worlds, light, ground)
    solid = (hits.solid >= 0).nonzero()[:, 0]
    if len(solid):
        radiance[solid] = _solids(hits, worlds, light, solid)
    return lighting.developed(rows_of(light, hits.world), radiance)


def _ground(hits: Hits, worlds: Sequence[World], light: Tensor, chosen: Tensor) -> Tensor:
    blank = torch.zeros(1)
    table = [blank if world.ground is None else world.ground for world in worlds]
    width = max(len(row) for row in table)
    table = [torch.cat([row, row.new_zeros(width - len(row))]) for row in table]
    world, steep = hits.world[chosen], hits.ray[chosen, 1].abs()
    rows = rows_of(torch.stack(table).to(light.device), world)
    footprint = hits.footprint_m[chosen]
    albedo = ground_colour(hits.local[chosen], rows, footprint, steep)
    return _lit(hits, rows_of(light, world), chosen, albedo)


def _solids(hits: Hits, worlds: Sequence[World], light: Tensor, chosen: Tensor) -> Tensor:
    table = torch.cat([world.materials for world in worlds]).to(light.device)
    patch = _patch(hits, table, chosen)
    albedo, gloss = patch.colour, patch.gloss.clone()
    kinds = patch.rows[:, palette.KIND]
    for kind, pattern in PATTERNS.items():
        index = (kinds == kind).nonzero()[:, 0]
        if len(index):
            albedo[index], gloss[index] = pattern(_part(patch, index))
    rows = rows_of(light, hits.world[chosen])
    return _lit(hits, rows, chosen, albedo, gloss)


def _patch(hits: Hits, table: Tensor, chosen: Tensor) -> Patch:
    rows = table.index_select(0, hits.material[chosen])
    local, normal = hits.local[chosen], hits.body_normal[chosen]
    footprint = hits.footprint_m[chosen]
    axis = normal.abs().argmax(1)
    across = torch.where(axis == 0, local[:, 2], local[:, 0])
    down = torch.where(axis == 1, local[:, 2], local[:, 1])
    place = torch.stack([across, down], 1)
    # Faces of one thing must not show the same noise, nor things of one kind.
    facing = torch.where(normal.gather(1, axis[:, None])[:, 0] > 0, 1.7, 0.0) + 3.1 * axis
    shifted = place + (rows[:, palette.SEED] * 0.37 + facing)[:, None]
    coarsest, finest = rows[:, palette.COARSEST], rows[:, palette.FINEST]
    grain = fractal(shifted, footprint, coarsest, finest)
    return Patch(rows, local, place, normal, axis, footprint, grain)


def _part(patch: Patch, index: Tensor) -> Patch:
    return Patch(
        patch.rows[index],
        patch.local[index],
        patch.place[index],
        patch.normal[index],
        patch.axis[index],
        patch.footprint[index],
        patch.grain[index],
    )


def _lit(
    hits: Hits, light: Tensor, chosen: Tensor, albedo: Tensor, gloss: Tensor | None = None
) -> Tensor:
    """Return the radiance of surfaces that reach the camera. # (P, 3)."""
    normal, lit, ray = hits.normal[chosen], hits.lit[chosen], hits.ray[chosen]
    radiance = lighting.lit_radiance(light, albedo, normal, lit)
    if gloss is not None:
        shiny = (gloss > 0).nonzero()[:, 0]
        rows = light if len(light) == 1 else light[shiny]
        mirrored = lighting.mirrored(rows, ray[shiny], normal[shiny], lit[shiny])
        radiance[shiny] += gloss[shiny, None] * mirrored
    return lighting.seen_through_haze(light, radiance, hits.distance_m[chosen])
