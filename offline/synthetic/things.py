"""Flying things: solids of any shape and pattern that move and turn before a far backdrop."""

from __future__ import annotations

import math

import torch

from offline.synthetic import palette
from offline.synthetic.affine import Affine, Vector, block, compose, pitched, rolled, upright
from offline.synthetic.assembly import Assembly, Part
from offline.synthetic.draws import Colour, Draws
from offline.synthetic.palette import Material
from offline.synthetic.settings import WorldSettings
from offline.synthetic.world import BOX, CONE, CYLINDER, DISC, SPHERE, Rig

_VOID = 255
_BACKDROP_M = 70.0


def fill_things(assembly: Assembly, rig: Rig, settings: WorldSettings, draws: Draws) -> None:
    """Place things in the camera's view, and the backdrop."""
    _backdrop(assembly, draws)
    focal = float(rig.intrinsics[0, 0])
    slope = (0.5 * settings.width / focal, 0.5 * settings.height / focal)
    start = rig.world_from_camera[0]
    for _ in range(draws.integer(14, 36)):
        depth = 2.5 + 32 * draws.unit() ** 1.5
        size = draws.uniform(0.05, 0.28) * depth * max(slope)
        if depth - 1.8 * size < 1.2:
            continue
        aside = draws.uniform(-1.1, 1.1) * slope[0] * depth
        down = draws.uniform(-1.1, 1.1) * slope[1] * depth
        place = (start[:3, :3] @ torch.tensor([aside, down, depth], dtype=torch.float64)).tolist()
        _thing(assembly, draws, (place[0], place[1], place[2]), size)


def _thing(assembly: Assembly, draws: Draws, place: Vector, size: float) -> None:
    """Add a thing of one to three solids with a motion of its own, or none."""
    parts = []
    for _ in range(draws.choice((1, 2, 3), (0.6, 0.25, 0.15))):
        half = _vector(draws, 0.25 * size, size)
        offset = _vector(draws, -0.4 * size, 0.4 * size)
        frame = compose(_turned(draws, offset), block((0, 0, 0), half))
        shape = draws.choice((BOX, SPHERE, CYLINDER, CONE, DISC), (4, 3, 2, 2, 1))
        parts.append(Part(shape, frame, assembly.material(_texture(draws, size)), _VOID))
    still = draws.chance(0.25)
    reach = 0.0 if still else draws.uniform(0.2, 1.6) * size * 10
    way = [draws.uniform(-1, 1) * reach * 0.35 for _ in range(3)]
    spin = [0.0 if still else draws.uniform(-2.0, 2.0) for _ in range(3)]
    first = _turned(draws, (0.0, 0.0, 0.0))
    poses = []
    for time in assembly.clock:
        x, y, z = (a + b * time for a, b in zip(place, way, strict=True))
        turn = compose(pitched(spin[0] * time), rolled(spin[1] * time))
        poses.append(compose(upright(x, z, spin[2] * time, y), compose(turn, first)))
    assembly.thing([(parts, poses)])


def _vector(draws: Draws, low: float, high: float) -> Vector:
    return draws.uniform(low, high), draws.uniform(low, high), draws.uniform(low, high)


def _turned(draws: Draws, at: Vector) -> Affine:
    angles = [draws.uniform(-math.pi, math.pi) for _ in range(3)]
    return compose(
        upright(at[0], at[2], angles[0], at[1]), compose(pitched(angles[1]), rolled(angles[2]))
    )


_KINDS = (palette.PLAIN, palette.STONES, palette.PLANKS, palette.STRIPES, palette.FOLIAGE)


def _texture(draws: Draws, size: float) -> Material:
    kind = draws.choice(_KINDS, (4, 1.5, 1.5, 1.5, 2))
    period = size * draws.uniform(0.08, 0.5)
    measures = {
        palette.STONES: (period, 0.6 * period, draws.uniform(0.08, 0.3)),
        palette.PLANKS: (period, draws.uniform(0.1, 0.5)),
        palette.STRIPES: (period, draws.uniform(0.2, 0.6)),
    }.get(kind, ())
    contrast = draws.uniform(0.02, 0.1) if draws.chance(0.1) else draws.uniform(0.2, 0.9)
    cells = (size * draws.uniform(0.2, 1.2), size * 0.002)
    gloss = draws.uniform(0.1, 0.6) if draws.chance(0.15) else 0.0
    return Material(kind, _colour(draws), _colour(draws), cells, contrast, gloss, measures)


def _colour(draws: Draws) -> Colour:
    bright = draws.uniform(0.05, 0.7)
    red, green, blue = (bright * draws.uniform(0.3, 1.2) for _ in range(3))
    return min(red, 0.9), min(green, 0.9), min(blue, 0.9)


def _backdrop(assembly: Assembly, draws: Draws) -> None:
    """Add walls far away all around, each with a pattern of its own."""
    for turn in range(6):
        look = _texture(draws, _BACKDROP_M * draws.uniform(0.1, 0.5))
        wall = block((0, 0, _BACKDROP_M), (2 * _BACKDROP_M, 2 * _BACKDROP_M, 1.0))
        facing = (
            upright(0, 0, turn * math.pi / 2) if turn < 4 else pitched((turn * 2 - 9) * math.pi / 2)
        )
        tilt = rolled(draws.uniform(-0.5, 0.5))
        part = Part(BOX, wall, assembly.material(look), _VOID)
        assembly.scenery([part], compose(facing, tilt))
