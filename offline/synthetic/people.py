"""People: they walk with swinging limbs, stand, or sit on what they ride."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from offline.synthetic import palette
from offline.synthetic.affine import Affine, Vector, block, compose, pitched
from offline.synthetic.assembly import Assembly, Part
from offline.synthetic.draws import Colour, Draws
from offline.synthetic.palette import Material
from offline.synthetic.world import BOX, CYLINDER, SPHERE

PERSON, RIDER = 11, 12
Limb = tuple[Sequence[Part], Sequence[Affine]]
_STEP_M = 1.45  # of walking, for a whole swing of one leg


@dataclass(frozen=True)
class _Figure:
    """A person's measures (1 is a grown-up of 1.75 m) and materials."""

    scale: float
    stout: float
    skin: int
    hair: int
    top: int
    legs: int
    shoes: int


def draw_walker(
    assembly: Assembly, draws: Draws, poses: Sequence[Affine], speed: float
) -> list[Limb]:
    """Return a pedestrian that walks at ``speed``, m/s, or stands at 0.

    Args:
        assembly: gets the materials.
        draws: decide what the person looks like.
        poses: of the person at each instant, on the ground, facing z.
        speed: m/s.
    """
    figure = _figure(assembly, draws)
    size, phase = figure.scale, draws.uniform(0, 2 * math.pi)
    swings = [0.0] * len(poses)
    if speed:
        rate = 2 * math.pi * speed / (_STEP_M * size)
        reach = draws.uniform(0.35, 0.55)
        swings = [reach * math.sin(phase + rate * time) for time in assembly.clock]
    limbs: list[Limb] = [(_trunk(figure, draws, assembly, PERSON), poses)]
    for side in (-1, 1):
        hip, shoulder = (0.1 * side * size, -0.86 * size, 0), (0.25 * side * size, -1.42 * size, 0)
        legs = [pitched(side * swing, hip) for swing in swings]
        arms = [pitched(-0.8 * side * swing, shoulder) for swing in swings]
        limbs.append((_leg(figure, PERSON), _joined(poses, legs)))
        limbs.append((_arm(figure, PERSON), _joined(poses, arms)))
    return limbs


def draw_rider(
    assembly: Assembly, draws: Draws, poses: Sequence[Affine], seat: Vector, bars: Vector
) -> list[Limb]:
    """Return somebody who sits on a bicycle or a motorcycle.

    Args:
        assembly: gets the materials.
        draws: decide what the person looks like.
        poses: of what is ridden.
        seat: where, in its frame.
        bars: where the hands are, on the right, in its frame.
    """
    figure = _figure(assembly, draws)
    size, lean = figure.scale, draws.uniform(0.15, 0.5)
    hip = 0.9 * size  # height in the figure's own frame
    sit = compose(pitched(-lean, seat), block((0, hip, 0), (1, 1, 1)))
    parts = _moved(_trunk(figure, draws, assembly, RIDER), sit)
    sin, cos = math.sin(lean), math.cos(lean)
    for side in (-1, 1):
        shoulder = (0.23 * side, seat[1] - 0.5 * size * cos, seat[2] + 0.5 * size * sin)
        hand = (side * bars[0], bars[1], bars[2])
        parts.append(_rod(shoulder, hand, 0.05, figure.top, RIDER))
        knee = (0.12 * side, seat[1] + 0.18, seat[2] + 0.42)
        foot = (0.11 * side, min(seat[1] + 0.62, -0.12), seat[2] + 0.3 + 0.1 * side)
        parts.append(_rod((0.1 * side, seat[1], seat[2]), knee, 0.085, figure.legs, RIDER))
        parts.append(_rod(knee, foot, 0.06, figure.legs, RIDER))
    return [(parts, poses)]


def _figure(assembly: Assembly, draws: Draws) -> _Figure:
    def cloth(colour: Colour) -> int:
        striped = draws.chance(0.2)
        kind = palette.STRIPES if striped else palette.PLAIN
        measures = (draws.uniform(0.08, 0.3), draws.uniform(0.2, 0.5))
        second = draws.tint(draws.choice(palette.CLOTHES), 0.3)
        return assembly.material(Material(kind, colour, second, (0.3, 0.01), 0.3, 0.0, measures))

    skin = Material(palette.PLAIN, draws.tint(draws.choice(palette.SKINS)), contrast=0.08)
    hair = Material(palette.PLAIN, draws.choice(_HAIR), cells_m=(0.1, 0.01), contrast=0.4)
    colours = [draws.tint(draws.choice(palette.CLOTHES), 0.35, 0.15) for _ in range(2)]
    return _Figure(
        draws.uniform(0.62, 0.8) if draws.chance(0.1) else draws.uniform(0.9, 1.08),
        draws.uniform(0.85, 1.25),
        assembly.material(skin),
        assembly.material(hair),
        cloth(colours[0]),
        cloth(colours[1]),
        assembly.material(Material(palette.PLAIN, draws.choice(palette.CLOTHES), contrast=0.2)),
    )


_HAIR: tuple[Colour, ...] = ((0.02, 0.015, 0.01), (0.1, 0.06, 0.03), (0.35, 0.25, 0.1), (0.3,) * 3)


def _trunk(figure: _Figure, draws: Draws, assembly: Assembly, label: int) -> list[Part]:
    size, wide = figure.scale, figure.scale * figure.stout
    parts = [
        Part(CYLINDER, block((0, -1.16 * size, 0), (0.19 * wide, 0.31 * size, 0.12 * wide)),
             figure.top, label),
        Part(SPHERE, block((0, -1.42 * size, 0), (0.22 * wide, 0.1 * size, 0.12 * wide)),
             figure.top, label),
        Part(SPHERE, block((0, -1.62 * size, 0.01), (0.09 * size, 0.125 * size, 0.1 * size)),
             figure.skin, label),
        Part(SPHERE, block((0, -1.66 * size, -0.02), (0.098 * size, 0.1 * size, 0.1 * size)),
             figure.hair, label),
    ]  # fmt: skip
    if draws.chance(0.3):
        bag = Material(palette.PLAIN, draws.tint(draws.choice(palette.CLOTHES), 0.3))
        pack = block((0, -1.25 * size, -0.17 * size), (0.14, 0.2 * size, 0.09))
        parts.append(Part(BOX, pack, assembly.material(bag), label))
    return parts


def _leg(figure: _Figure, label: int) -> list[Part]:
    size, thick = figure.scale, 0.085 * figure.scale * figure.stout
    leg = block((0, 0.4 * size, 0), (thick, 0.42 * size, thick * 1.05))
    foot = block((0, 0.82 * size, 0.06 * size), (0.05 * size, 0.04 * size, 0.13 * size))
    return [Part(CYLINDER, leg, figure.legs, label), Part(BOX, foot, figure.shoes, label)]


def _arm(figure: _Figure, label: int) -> list[Part]:
    size = figure.scale
    arm = block((0, 0.28 * size, 0), (0.055 * size, 0.3 * size, 0.06 * size))
    hand = block((0, 0.62 * size, 0), (0.04 * size, 0.07 * size, 0.05 * size))
    return [Part(CYLINDER, arm, figure.top, label), Part(SPHERE, hand, figure.skin, label)]


def _rod(start: Vector, end: Vector, radius: float, material: int, label: int) -> Part:
    """Return a cylinder between two points of one plane x = constant, or nearly so."""
    middle = [(a + b) / 2 for a, b in zip(start, end, strict=True)]
    x, y, z = ((b - a) / 2 for a, b in zip(start, end, strict=True))
    length = math.sqrt(y * y + z * z) or 1.0
    across = (-z / length * radius, y / length * radius)  # square to the rod, in y and z
    frame = (
        *(radius, x, 0.0, middle[0]),
        *(0.0, y, across[0], middle[1]),
        *(0.0, z, across[1], middle[2]),
    )
    return Part(CYLINDER, frame, material, label)


def _joined(poses: Sequence[Affine], turns: Sequence[Affine]) -> list[Affine]:
    return [compose(pose, turn) for pose, turn in zip(poses, turns, strict=True)]


def _moved(parts: Sequence[Part], by: Affine) -> list[Part]:
    return [Part(p.shape, compose(by, p.frame), p.material, p.label) for p in parts]
