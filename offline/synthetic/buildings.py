"""Buildings: blocks with rows of windows, gabled or flat, alone or in a row."""

from __future__ import annotations

from dataclasses import dataclass

from offline.synthetic import palette
from offline.synthetic.affine import block, ridged, standing
from offline.synthetic.assembly import Assembly, Part
from offline.synthetic.draws import Colour, Draws
from offline.synthetic.palette import Material
from offline.synthetic.world import BOX
from scene_perception.cityscapes import BUILDING


@dataclass(frozen=True)
class Plot:
    """What a building may cover: its street side faces along x, towards ``facing``.

    Attributes:
        length: along the street, m.
        depth: away from it, m.
        height: of the walls, m.
        facing: 1 where the street lies towards x, -1 where away.
        town: a town house with shops, else a house.
    """

    length: float
    depth: float
    height: float
    facing: int
    town: bool


def draw_building(assembly: Assembly, draws: Draws, plot: Plot) -> list[Part]:
    """Return a building whose plot's middle is the origin."""
    half = (plot.depth / 2, plot.height / 2, plot.length / 2)
    wall = draws.tint(draws.choice(palette.WALLS), 0.22, 0.08)
    walls = assembly.material(_facade(draws, plot, wall))
    parts = [Part(BOX, standing(0, 0, half), walls, BUILDING)]
    if draws.chance(0.35 if plot.town else 0.85):
        parts += _gable(assembly, draws, plot, wall)
    elif draws.chance(0.5):
        cornice = assembly.material(Material(palette.PLAIN, draws.tint(wall, 0.3)))
        slab = block((0, -plot.height + 0.1, 0), (half[0] + 0.25, 0.25, half[2] + 0.1))
        parts.append(Part(BOX, slab, cornice, BUILDING))
    if plot.town and draws.chance(0.45):
        parts += _balconies(assembly, draws, plot)
    elif not plot.town and draws.chance(0.4):
        parts.append(_annexe(draws, plot, walls))
    return parts


def _facade(draws: Draws, plot: Plot, wall: Colour) -> Material:
    floor = draws.uniform(2.7, 3.6)
    ground = draws.uniform(3.0, 4.2) if plot.town else floor
    stone = draws.uniform(0.25, 0.9) if draws.chance(0.45) else 0.0
    wide = draws.uniform(0.75, 0.95) if draws.chance(0.15) else draws.uniform(0.3, 0.6)
    measures = (
        *(draws.uniform(1.4, 3.4), floor, wide, draws.uniform(0.4, 0.58)),
        *(ground, plot.height, stone),
    )
    second = draws.tint(draws.choice((wall, (0.6, 0.58, 0.52), (0.15, 0.1, 0.08))), 0.2)
    cells, contrast = (draws.uniform(0.5, 2.5), 0.008), draws.uniform(0.07, 0.24)
    return Material(palette.FACADE, wall, second, cells, contrast, 0.0, measures)


def _gable(assembly: Assembly, draws: Draws, plot: Plot, wall: Colour) -> list[Part]:
    colour, tile = draws.tint(draws.choice(palette.ROOFS), 0.3), draws.uniform(0.25, 0.4)
    look = Material(palette.ROOF, colour, wall, (1.5, 0.01), 0.25, 0.0, (tile,))
    roof, rise = assembly.material(look), min(draws.uniform(0.3, 0.55) * plot.depth, 5.0)
    # A little shorter than the house: the prism's lower half must stay inside it.
    half = (plot.depth / 2 + 0.35, rise, plot.length / 2 - 0.02)
    parts = [Part(BOX, ridged((0, -plot.height + 0.05, 0), half), roof, BUILDING)]
    if draws.chance(0.6):
        brick = assembly.material(
            Material(palette.STONES, (0.25, 0.1, 0.07), measures=(0.25, 0.1, 0.12))
        )
        z = draws.uniform(-0.35, 0.35) * plot.length
        stack = block((0.8 * plot.facing, -plot.height - rise, z), (0.3, 0.9, 0.3))
        parts.append(Part(BOX, stack, brick, BUILDING))
    return parts


def _balconies(assembly: Assembly, draws: Draws, plot: Plot) -> list[Part]:
    material = assembly.material(Material(palette.PLAIN, draws.tint((0.3, 0.3, 0.3), 0.5)))
    parts, z = [], draws.uniform(-0.3, 0.3) * plot.length
    height = 4.2
    while height < min(plot.height - 1.5, 11):
        slab = block((plot.facing * (plot.depth / 2 + 0.5), -height, z), (0.5, 0.45, 1.4))
        parts.append(Part(BOX, slab, material, BUILDING))
        height += 3.0
    return parts


def _annexe(draws: Draws, plot: Plot, walls: int) -> Part:
    """Return a lower block at the street side or at the back."""
    tall, long = plot.height * draws.uniform(0.4, 0.8) / 2, plot.length * draws.uniform(0.15, 0.3)
    z = draws.sign() * (plot.length / 2 - long)
    half = (1.0, tall, long)
    return Part(BOX, standing(plot.facing * plot.depth / 2, z, half), walls, BUILDING)
