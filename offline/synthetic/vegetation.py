"""Trees, bushes and hedges: trunks with clouds of leaves."""

from __future__ import annotations

import math

from offline.synthetic import palette
from offline.synthetic.affine import Affine, Vector, block, compose, pitched, rolled, standing
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
    contrast = draws.uniform(0.9, 1.8)
    return assembly.material(Material(palette.FOLIAGE, colour, dark, (coarse, 0.03), contrast))


def draw_tree(assembly: Assembly, draws: Draws) -> list[Part]:
    """Return a tree that stands at the origin."""
    bark = draws.tint((0.13, 0.1, 0.08), 0.4)
    trunk = assembly.material(Material(palette.PLAIN, bark, cells_m=(0.4, 0.01), contrast=0.45))
    leaves = _leaves(assembly, draws, draws.uniform(0.35, 0.8))
    if draws.chance(0.2):
        return _conifer(draws, trunk, leaves)
    height, thick = draws.uniform(4.5, 11), draws.uniform(0.1, 0.3)
    clear = draws.uniform(0.25, 0.45) * height
    parts = [Part(CYLINDER, standing(0, 0, (thick, 0.4 * height, thick)), trunk, VEGETATION)]
    spread = draws.uniform(0.22, 0.36) * height
    for turn in range(draws.integer(5, 8)):
        angle, away = turn * 2.4 + draws.uniform(0, 0.8), spread * draws.uniform(0.3, 0.9)
        rise = draws.uniform(clear + 0.4 * spread, height - 0.4 * spread)
        away *= 1 - 0.6 * (rise - clear) / (height - clear)
        place = (away * math.cos(angle), -rise, away * math.sin(angle))
        parts.append(Part(SPHERE, _clump(draws, place, spread), leaves, VEGETATION))
    return parts


def _clump(draws: Draws, place: Vector, spread: float) -> Affine:
    """Return the map of a sphere to a flattened clump of leaves that leans any way."""
    long, short = spread * draws.uniform(0.5, 0.85), spread * draws.uniform(0.3, 0.5)
    turn = compose(rolled(draws.uniform(-0.7, 0.7), place), pitched(draws.uniform(-0.7, 0.7)))
    return compose(turn, block((0, 0, 0), (long, short, long * draws.uniform(0.7, 1.0))))


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
    for _ in range(draws.integer(2, 4)):
        wide, tall = draws.uniform(0.3, 0.8), draws.uniform(0.3, 0.9)
        place = (draws.uniform(-0.5, 0.5), -0.7 * tall, draws.uniform(-0.8, 0.8))
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
    count = draws.integer(4, 6)
    for number in range(count):
        z = length * ((number + 0.5) / count - 0.5) + draws.uniform(-2, 2)
        tall = draws.uniform(2.5, 7.0)
        half = (draws.uniform(3, 6), tall, length / count * draws.uniform(0.6, 1.1))
        place = (draws.uniform(-3, 3), -0.6 * tall, z)
        parts.append(Part(SPHERE, block(place, half), draws.choice(leaves), VEGETATION))
    return parts


def draw_hill(assembly: Assembly, draws: Draws) -> list[Part]:
    """Return a wooded hill on the horizon."""
    half = (draws.uniform(60, 160), draws.uniform(8, 28), draws.uniform(60, 160))
    place = block((0, 0.2 * half[1], 0), half)
    return [Part(SPHERE, place, _leaves(assembly, draws, 9.0), VEGETATION)]
