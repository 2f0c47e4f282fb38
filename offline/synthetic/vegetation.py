"""Trees, bushes and hedges: trunks with clouds of leaves."""

from __future__ import annotations

import math

from offline.synthetic import palette
from offline.synthetic.affine import block, standing
from offline.synthetic.assembly import Assembly, Part
from offline.synthetic.draws import Draws
from offline.synthetic.palette import Material
from offline.synthetic.world import BOX, CONE, CYLINDER, SPHERE

VEGETATION = 8


def _leaves(assembly: Assembly, draws: Draws, coarse: float) -> int:
    colour = draws.tint(draws.choice(palette.LEAVES, (4, 4, 3, 2, 0.7, 0.4)), 0.3, 0.12)
    red, green, blue = colour
    shade = draws.uniform(0.15, 0.4)
    dark = (red * shade, green * shade, blue * shade)
    contrast = draws.uniform(0.6, 1.3)
    return assembly.material(Material(palette.FOLIAGE, colour, dark, (coarse, 0.03), contrast))


def draw_tree(assembly: Assembly, draws: Draws) -> list[Part]:
    """Return a tree that stands at the origin."""
    bark = draws.tint((0.13, 0.1, 0.08), 0.4)
    trunk = assembly.material(Material(palette.PLAIN, bark, cells_m=(0.4, 0.01), contrast=0.45))
    leaves = _leaves(assembly, draws, draws.uniform(0.5, 1.2))
    if draws.chance(0.2):
        return _conifer(draws, trunk, leaves)
    height, thick = draws.uniform(4.5, 11), draws.uniform(0.1, 0.3)
    clear = draws.uniform(0.25, 0.45) * height
    parts = [Part(CYLINDER, standing(0, 0, (thick, 0.4 * height, thick)), trunk, VEGETATION)]
    spread = draws.uniform(0.22, 0.36) * height
    for turn in range(draws.integer(3, 5)):
        angle, away = turn * 2.4 + draws.uniform(0, 0.8), spread * draws.uniform(0.2, 0.6)
        rise = draws.uniform(clear + 0.5 * spread, height - 0.5 * spread)
        place = (away * math.cos(angle), -rise, away * math.sin(angle))
        size = spread * draws.uniform(0.6, 0.95)
        half = (size, size * draws.uniform(0.6, 0.95), size)
        parts.append(Part(SPHERE, block(place, half), leaves, VEGETATION))
    return parts


def _conifer(draws: Draws, trunk: int, leaves: int) -> list[Part]:
    height, wide = draws.uniform(5, 12), draws.uniform(1.1, 2.0)
    parts = [Part(CYLINDER, standing(0, 0, (0.16, 0.15 * height, 0.16)), trunk, VEGETATION)]
    for low, high, part in ((0.1, 0.6, 1.0), (0.35, 0.82, 0.75), (0.6, 1.0, 0.5)):
        middle, half = -height * (low + high) / 2, height * (high - low) / 2
        cone = block((0, middle, 0), (wide * part, half, wide * part))
        parts.append(Part(CONE, cone, leaves, VEGETATION))
    return parts


def draw_bush(assembly: Assembly, draws: Draws) -> list[Part]:
    """Return a bush at the origin, up to 2 m wide."""
    leaves = _leaves(assembly, draws, 0.3)
    parts = []
    for _ in range(draws.integer(1, 3)):
        wide, tall = draws.uniform(0.4, 0.9), draws.uniform(0.4, 1.1)
        place = (draws.uniform(-0.5, 0.5), -0.7 * tall, draws.uniform(-0.7, 0.7))
        parts.append(Part(SPHERE, block(place, (wide, tall, wide)), leaves, VEGETATION))
    return parts


def draw_hedge(assembly: Assembly, draws: Draws, length: float) -> list[Part]:
    """Return a clipped hedge along z through the origin."""
    half = (draws.uniform(0.25, 0.5), draws.uniform(0.4, 1.1), length / 2)
    return [Part(BOX, standing(0, 0, half), _leaves(assembly, draws, 0.3), VEGETATION)]


def draw_wood(assembly: Assembly, draws: Draws, length: float) -> list[Part]:
    """Return the edge of a wood along z, seen from afar: crowns down to the ground."""
    leaves = [_leaves(assembly, draws, 2.0) for _ in range(2)]
    parts = []
    count = draws.integer(2, 4)
    for number in range(count):
        z = length * ((number + 0.5) / count - 0.5) + draws.uniform(-2, 2)
        tall = draws.uniform(3.0, 8.0)
        half = (draws.uniform(4, 7), tall, length / count * draws.uniform(0.7, 0.9))
        place = (draws.uniform(-2, 2), -0.6 * tall, z)
        parts.append(Part(SPHERE, block(place, half), draws.choice(leaves), VEGETATION))
    return parts
