"""Bicycles and motorcycles, parked or ridden."""

from __future__ import annotations

import math
from collections.abc import Sequence

from offline.synthetic import palette
from offline.synthetic.affine import Affine, block
from offline.synthetic.assembly import Assembly, Part
from offline.synthetic.draws import Draws
from offline.synthetic.palette import Material
from offline.synthetic.people import Limb, draw_rider
from offline.synthetic.world import BOX, CYLINDER, SPHERE

MOTORCYCLE, BICYCLE = 17, 18
LENGTH_M, WIDTH_M = 1.9, 0.7


def draw_cycle(
    assembly: Assembly, draws: Draws, poses: Sequence[Affine], *, motor: bool, ridden: bool
) -> list[list[Limb]]:
    """Return the things that a bicycle or motorcycle is made of: itself, and its rider if any."""
    parts = _motorcycle(assembly, draws) if motor else _bicycle(assembly, draws)
    things: list[list[Limb]] = [[(parts, poses)]]
    if ridden:
        seat, bars = _PLACES[motor]
        things.append(draw_rider(assembly, draws, poses, seat, bars))
    return things


_PLACES = {
    False: ((0.0, -0.97, -0.2), (0.26, -1.02, 0.42)),
    True: ((0.0, -0.85, -0.15), (0.34, -1.05, 0.45)),
}


def _bicycle(assembly: Assembly, draws: Draws) -> list[Part]:
    paint = draws.tint(draws.choice(palette.PAINTS), 0.3)
    frame = assembly.material(Material(palette.PLAIN, paint, gloss=0.15))
    dark = assembly.material(Material(palette.PLAIN, (0.03, 0.03, 0.03)))
    parts = _wheels(assembly, 0.34, (0.55, -0.52), 0.02, 0.2, BICYCLE)
    for start, end in (
        ((-0.52, 0.34), (-0.2, 0.88)),
        ((-0.12, 0.3), (-0.2, 0.95)),
        ((-0.12, 0.3), (0.4, 0.82)),
        ((-0.18, 0.8), (0.4, 0.85)),
        ((0.55, 0.34), (0.38, 1.0)),
    ):
        parts.append(_tube(start, end, 0.024, frame, BICYCLE))
    parts.append(Part(BOX, block((0, -0.96, -0.22), (0.07, 0.03, 0.13)), dark, BICYCLE))
    parts.append(Part(BOX, block((0, -1.02, 0.4), (0.28, 0.018, 0.03)), dark, BICYCLE))
    return parts


def _motorcycle(assembly: Assembly, draws: Draws) -> list[Part]:
    paint = draws.tint(draws.choice(palette.PAINTS), 0.3)
    tank = assembly.material(Material(palette.PLAIN, paint, contrast=0.06, gloss=0.4))
    dark = assembly.material(Material(palette.PLAIN, (0.03, 0.03, 0.03), contrast=0.3))
    metal = assembly.material(Material(palette.PLAIN, palette.METAL, contrast=0.5, gloss=0.2))
    return [
        *_wheels(assembly, 0.32, (0.68, -0.65), 0.07, 0.45, MOTORCYCLE),
        Part(BOX, block((0, -0.48, 0.02), (0.17, 0.2, 0.33)), metal, MOTORCYCLE),
        Part(SPHERE, block((0, -0.82, 0.17), (0.17, 0.15, 0.33)), tank, MOTORCYCLE),
        Part(BOX, block((0, -0.8, -0.38), (0.14, 0.06, 0.36)), dark, MOTORCYCLE),
        Part(SPHERE, block((0, -0.9, 0.55), (0.18, 0.2, 0.14)), tank, MOTORCYCLE),
        _tube((0.68, 0.32), (0.46, 1.02), 0.05, metal, MOTORCYCLE),
        Part(BOX, block((0, -1.05, 0.45), (0.37, 0.02, 0.03)), dark, MOTORCYCLE),
    ]


def _wheels(
    assembly: Assembly,
    radius: float,
    axles: tuple[float, float],
    half: float,
    hub: float,
    label: int,
) -> list[Part]:
    measures = (radius * 1.45, radius, *axles)
    spokes = (hub, hub, hub)
    look = Material(palette.WHEEL, palette.RUBBER, spokes, (0.3, 0.02), 0.2, 0.0, measures)
    material = assembly.material(look)
    return [
        Part(CYLINDER, (0, half, 0, 0, radius, 0, 0, -radius, 0, 0, radius, z), material, label)
        for z in axles
    ]


def _tube(
    start: tuple[float, float], end: tuple[float, float], radius: float, material: int, label: int
) -> Part:
    """Return a cylinder in the middle plane between two places (z, height)."""
    z, y = (end[0] - start[0]) / 2, -(end[1] - start[1]) / 2
    length = math.hypot(y, z)
    frame = (
        *(radius, 0.0, 0.0, 0.0),
        *(0.0, y, -z / length * radius, -(start[1] + end[1]) / 2),
        *(0.0, z, y / length * radius, (start[0] + end[0]) / 2),
    )
    return Part(CYLINDER, frame, material, label)
