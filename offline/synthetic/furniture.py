"""What stands along streets: lamps, signals, signs, fences, walls."""

from __future__ import annotations

import math

from offline.synthetic import palette
from offline.synthetic.affine import Affine, block, standing
from offline.synthetic.assembly import Assembly, Part
from offline.synthetic.draws import Colour, Draws
from offline.synthetic.palette import Material
from offline.synthetic.world import BOX, CYLINDER, DISC, SPHERE

WALL, FENCE, POLE, SIGNAL, SIGN = 3, 4, 5, 6, 7
_GREYS: tuple[Colour, ...] = ((0.2, 0.2, 0.21), (0.07, 0.08, 0.08), (0.35, 0.35, 0.34))


def _post(assembly: Assembly, draws: Draws) -> int:
    colour = draws.tint(draws.choice(_GREYS), 0.25)
    return assembly.material(Material(palette.PLAIN, colour, cells_m=(0.5, 0.01), contrast=0.2))


def _column(radius: float, height: float, material: int, x: float = 0.0) -> Part:
    return Part(CYLINDER, standing(x, 0, (radius, height / 2, radius)), material, POLE)


def draw_lamp(assembly: Assembly, draws: Draws, reach: float) -> list[Part]:
    """Return a street lamp whose arm reaches ``reach`` metres along x, or a plain mast at 0."""
    height, radius = draws.uniform(5.0, 9.0), draws.uniform(0.06, 0.12)
    material = _post(assembly, draws)
    parts = [_column(radius, height, material)]
    if reach:
        arm = block((reach / 2, -height, 0), (abs(reach) / 2, 0.04, 0.04))
        head = block((reach, -height + 0.06, 0), (0.35, 0.07, 0.14))
        parts += [Part(BOX, arm, material, POLE), Part(BOX, head, material, POLE)]
    elif draws.chance(0.5):
        globe = assembly.material(Material(palette.PLAIN, (0.6, 0.6, 0.58), contrast=0.05))
        ball = block((0, -height - 0.2, 0), (0.25, 0.25, 0.25))
        parts.append(Part(SPHERE, ball, globe, POLE))
    return parts


def draw_bollards(assembly: Assembly, draws: Draws, length: float) -> list[Part]:
    """Return a few short posts along z."""
    material, count = _post(assembly, draws), draws.integer(3, 5)
    height, radius = draws.uniform(0.7, 1.0), draws.uniform(0.05, 0.09)
    steps = [length * (k / (count - 1) - 0.5) for k in range(count)]
    half = (radius, height / 2, radius)
    return [Part(CYLINDER, standing(0, z, half), material, POLE) for z in steps]


def draw_signals(assembly: Assembly, draws: Draws, reach: float) -> list[Part]:
    """Return traffic lights that face -z, with an arm over the road where ``reach`` is not 0."""
    material = _post(assembly, draws)
    on = float(draws.integer(0, 2))
    height = 5.6 if reach else 3.6
    places = [(0.0, 2.9)] + ([(reach, 5.3)] if reach else [])
    parts = [_column(0.08, height, material)]
    if reach:
        arm = block((reach / 2, -height, 0), (abs(reach) / 2, 0.05, 0.05))
        parts.append(Part(BOX, arm, material, POLE))
    for x, middle in places:
        look = Material(palette.LAMPS, (0.015,) * 3, measures=(middle, 0.3, on, x))
        case = assembly.material(look)
        box = block((x, -middle, -0.14 if not x else 0.0), (0.18, 0.48, 0.13))
        parts.append(Part(BOX, box, case, SIGNAL))
    return parts


_SIGN_COLOURS: tuple[Colour, ...] = (
    (0.5, 0.02, 0.02),
    (0.02, 0.08, 0.42),
    (0.55, 0.42, 0.02),
    (0.02, 0.22, 0.08),
)


def draw_sign(assembly: Assembly, draws: Draws) -> list[Part]:
    """Return a traffic sign that faces -z, round or a plate, on its post."""
    parts = [_column(draws.uniform(0.03, 0.05), 3.0, _post(assembly, draws))]
    middle = 2.55
    for _ in range(draws.choice((1, 2), (0.7, 0.3))):
        round_one = draws.chance(0.55)
        radius, style = (
            draws.uniform(0.28, 0.42),
            draws.choice((0.0, 2.0) if round_one else (1.0, 2.0)),
        )
        colour = draws.tint(draws.choice(_SIGN_COLOURS, (4, 4, 1, 1)), 0.2)
        look = Material(
            palette.SIGN, colour, (0.02,) * 3, (0.5, 0.02), 0.06, 0.1, (radius, middle, style)
        )
        material = assembly.material(look)
        if round_one:
            disc = block((0, -middle, -0.06), (radius, radius, 1.0))
            parts.append(Part(DISC, disc, material, SIGN))
        else:
            plate = block((0, -middle, -0.07), (radius, radius, 0.015))
            parts.append(Part(BOX, plate, material, SIGN))
        middle -= 2.1 * radius
    return parts


def draw_board(assembly: Assembly, draws: Draws, reach: float) -> list[Part]:
    """Return a big direction sign on two posts, or over the road where ``reach`` is not 0."""
    wide, tall = draws.uniform(0.9, 1.6), draws.uniform(0.5, 0.9)
    low = 5.0 if reach else draws.uniform(1.6, 2.4)
    colour = draws.tint(draws.choice(_SIGN_COLOURS[1:]), 0.2)
    measures = (draws.uniform(0.25, 0.4), draws.uniform(0.15, 0.35))
    look = Material(palette.STRIPES, colour, (0.6,) * 3, (0.6, 0.02), 0.1, 0.05, measures)
    post = _post(assembly, draws)
    plate = block((reach, -low - tall, -0.12), (wide, tall, 0.03))
    parts = [Part(BOX, plate, assembly.material(look), SIGN), _column(0.07, low + 2 * tall, post)]
    if reach:
        arm = block((reach / 2, -low - tall, 0), (abs(reach) / 2, 0.06, 0.06))
        parts.append(Part(BOX, arm, post, POLE))
    return parts


def draw_wall(assembly: Assembly, draws: Draws, length: float) -> list[Part]:
    """Return a wall along z through the origin."""
    colour = draws.tint(draws.choice(palette.WALLS), 0.2)
    red, green, blue = colour
    mortar = (0.6 * red, 0.6 * green, 0.6 * blue)
    stone = draws.uniform(0.25, 0.7)
    measures = (stone, stone * draws.uniform(0.3, 0.5), 0.1)
    kind = draws.choice((palette.STONES, palette.PLAIN), (0.75, 0.25))
    material = assembly.material(Material(kind, colour, mortar, (1.2, 0.008), 0.3, 0.0, measures))
    half = (draws.uniform(0.1, 0.2), draws.uniform(0.4, 1.2), length / 2)
    return [Part(BOX, standing(0, 0, half), material, WALL)]


def draw_fence(assembly: Assembly, draws: Draws, length: float) -> list[Part]:
    """Return a fence along z through the origin: boards, rails or a crash barrier."""
    kind = draws.choice(("boards", "rails", "barrier"), (0.5, 0.35, 0.15))
    if kind == "boards":
        colour = draws.tint(draws.choice(((0.26, 0.17, 0.09), (0.4, 0.4, 0.38), (0.1, 0.16, 0.1))))
        measures = (draws.uniform(0.1, 0.2), draws.uniform(0.08, 0.2))
        look = Material(palette.PLANKS, colour, (0.02,) * 3, (0.5, 0.008), 0.3, 0.0, measures)
        half = (0.03, draws.uniform(0.5, 0.95), length / 2)
        return [Part(BOX, standing(0, 0, half), assembly.material(look), FENCE)]
    metal = kind == "barrier"
    material = _post(assembly, draws)
    top = draws.uniform(0.9, 1.3) if not metal else 0.75
    rails = [(top, 0.03), (0.55 * top, 0.03)] if not metal else [(top - 0.15, 0.16)]
    parts = [_rail(height, half, length, material) for height, half in rails]
    count = max(math.ceil(length / 2.4), 1)
    for number in range(count + 1):
        z = length * (number / count - 0.5)
        parts.append(Part(BOX, standing(0.04, z, (0.04, top / 2, 0.04)), material, FENCE))
    return parts


def _rail(height: float, half: float, length: float, material: int) -> Part:
    frame: Affine = block((0, -height, 0), (0.03, half, length / 2))
    return Part(BOX, frame, material, FENCE)
