"""Cars, vans, trucks, buses and trams of blocks: leaning ones make bonnets and windscreens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from offline.synthetic import palette
from offline.synthetic.affine import block, leaning
from offline.synthetic.assembly import Assembly, Part
from offline.synthetic.draws import Colour, Draws
from offline.synthetic.palette import Material
from offline.synthetic.world import BOX, CYLINDER
from scene_perception.cityscapes import CAR

TRUCK, BUS, TRAIN = 14, 15, 16


@dataclass(frozen=True)
class Vehicle:
    """A vehicle in its own frame: on the ground, its middle at the origin, z forward.

    Attributes:
        parts: of it.
        length: m.
        width: m.
    """

    parts: list[Part]
    length: float
    width: float


@dataclass(frozen=True)
class _Shape:
    """Measures of a car, m: heights over the ground, lengths from its nose."""

    length: float
    width: float
    belt: float
    roof: float
    bonnet: float
    boot: float
    wheel: float


_SHAPES = {
    "hatchback": _Shape(3.9, 1.72, 0.92, 1.48, 0.95, 0.05, 0.3),
    "saloon": _Shape(4.6, 1.8, 0.93, 1.45, 1.25, 0.85, 0.32),
    "estate": _Shape(4.6, 1.8, 0.93, 1.5, 1.2, 0.1, 0.32),
    "sports": _Shape(4.3, 1.82, 0.85, 1.28, 1.45, 0.6, 0.33),
    "off-road": _Shape(4.5, 1.88, 1.08, 1.72, 1.15, 0.05, 0.37),
    "van": _Shape(5.0, 1.95, 1.12, 2.0, 0.75, 0.0, 0.34),
}


def draw_car(assembly: Assembly, draws: Draws) -> Vehicle:
    """Return a car of one of several shapes."""
    name = draws.choice(tuple(_SHAPES), (0.27, 0.23, 0.17, 0.06, 0.17, 0.1))
    base, grow = _SHAPES[name], draws.uniform(0.95, 1.06)
    shape = _Shape(
        base.length * grow,
        base.width * draws.uniform(0.97, 1.04),
        base.belt,
        base.roof * draws.uniform(0.97, 1.03),
        base.bonnet,
        base.boot,
        base.wheel,
    )
    return _car(shape, draws.tint(draws.choice(palette.PAINTS, _POPULAR), 0.3, 0.1), assembly)


_POPULAR = (0.2, 0.17, 0.15, 0.13, 0.09, 0.09, 0.05, 0.04, 0.04, 0.04)


def _car(shape: _Shape, paint: Colour, assembly: Assembly) -> Vehicle:
    half, side = shape.length / 2, shape.width / 2
    front, rear = half - 0.82, -half + 0.78
    body = assembly.material(_bodywork(shape, paint, front, rear))
    foot = (half - shape.bonnet, -half + shape.boot)  # of the windscreens
    measures = (foot[0], foot[1], side * 0.94, shape.belt, shape.roof)
    cabin = assembly.material(
        Material(palette.CABIN, paint, palette.GLASS, (0.9, 0.05), 0.05, 0.35, measures)
    )
    lower, shoulder = 0.62, shape.belt
    parts = [
        # A little narrower below: a ledge would glitter in the sun.
        Part(BOX, block((0, -0.42, 0), (side * 0.985, 0.21, 0.985 * half)), body, CAR),
        *_tapered((half, -half), (lower, shoulder), 0.14, side, body),
        *_tapered(foot, (shoulder - 0.02, shape.roof), 0.5, side * 0.9, cabin),
        *_wheels(shape.wheel, (front, rear), side, assembly, CAR),
    ]
    return Vehicle(parts, shape.length, shape.width)


def _bodywork(shape: _Shape, paint: Colour, front: float, rear: float) -> Material:
    measures = (shape.length / 2, shape.width / 2, shape.wheel, front, rear, shape.belt)
    return Material(palette.BODYWORK, paint, (0.02,) * 3, (0.9, 0.05), 0.06, 0.35, measures)


def _tapered(
    ends: tuple[float, float],
    heights: tuple[float, float],
    lean: float,
    side: float,
    material: int,
    label: int = CAR,
) -> list[Part]:
    """Return two blocks that lean against each other: a trapezium as seen from the side."""
    (front, rear), (low, high) = ends, heights
    lean = min(lean, (front - rear) / 4)
    half = (front - rear - 2 * lean) / 2
    middle, tall = -(low + high) / 2, (high - low) / 2
    # A block leans about its middle: its foot lies half the lean ahead of that.
    ahead = (0.0, middle, front - half - lean / 2)
    behind = (0.0, middle, rear + half + lean / 2)
    return [
        Part(BOX, leaning(ahead, (side, tall, half), lean), material, label),
        Part(BOX, leaning(behind, (side, tall, half), -lean), material, label),
    ]


def _wheels(
    radius: float, axles: tuple[float, ...], side: float, assembly: Assembly, label: int
) -> list[Part]:
    rim = Material(
        palette.WHEEL,
        palette.RUBBER,
        (0.3, 0.3, 0.31),
        (0.3, 0.02),
        0.15,
        0.0,
        (radius, radius, axles[0], axles[-1]),
    )
    material = assembly.material(rim)
    # Lying across: the cylinder's axis, its local y, becomes x.
    return [
        Part(
            CYLINDER,
            (0, side + 0.015, 0, 0, radius, 0, 0, -radius, 0, 0, radius, axle),
            material,
            label,
        )
        for axle in axles
    ]


def draw_truck(assembly: Assembly, draws: Draws) -> Vehicle:
    """Return a truck: a cab and a box, a tarpaulin, a flat bed or a tank."""
    length, side = draws.uniform(6.0, 10.5), draws.uniform(1.15, 1.27)
    half, cab, roof = length / 2, draws.uniform(1.6, 2.1), draws.uniform(2.4, 3.1)
    paint = draws.tint(draws.choice(palette.PAINTS), 0.25)
    measures = (half, half - cab - 0.3, side, 1.35, roof)
    front = assembly.material(
        Material(palette.CABIN, paint, palette.GLASS, (0.9, 0.05), 0.05, 0.3, measures)
    )
    low = assembly.material(
        _bodywork(_Shape(length, 2 * side, 1.3, roof, 0, 0, 0.48), paint, half - 1.2, 1.6 - half)
    )
    frame = assembly.material(Material(palette.PLAIN, (0.03, 0.03, 0.03), contrast=0.3))
    parts = [
        Part(BOX, block((0, -0.8, half - cab / 2), (side, 0.55, cab / 2)), low, TRUCK),
        *_tapered((half - 0.02, half - cab), (1.33, roof), 0.12, 0.98 * side, front, TRUCK),
        Part(BOX, block((0, -0.75, -cab / 2), (0.75 * side, 0.2, half - cab / 2)), frame, TRUCK),
        *_load(draws, assembly, (half - cab - 0.25, -half), side),
        *_wheels(0.48, (half - 1.2, 1.6 - half), side, assembly, TRUCK),
    ]
    return Vehicle(parts, length, 2 * side)


def _load(draws: Draws, assembly: Assembly, ends: tuple[float, float], side: float) -> list[Part]:
    front, rear = ends
    centre, half = (front + rear) / 2, (front - rear) / 2
    colour = draws.tint(draws.choice(palette.PAINTS + palette.WALLS), 0.3)
    second = draws.tint(draws.choice(palette.PAINTS), 0.3)
    kind = draws.choice(("box", "canvas", "tank", "flat"), (0.5, 0.25, 0.1, 0.15))
    if kind == "tank":
        metal = assembly.material(Material(palette.PLAIN, palette.METAL, gloss=0.3))
        tank = (side, 0, 0, 0, 0, 0, 1.0, -2.0, 0, half, 0, centre)  # axis along z
        return [Part(CYLINDER, tank, metal, TRUCK)]
    top = draws.uniform(2.7, 3.7) if kind != "flat" else 1.6
    if kind == "canvas":
        look = Material(palette.PLANKS, colour, second, (1.5, 0.01), 0.25, 0.0, (0.6, 0.08))
    else:
        measures = (draws.uniform(0.9, 2.4), draws.uniform(0.2, 0.5))
        look = Material(palette.STRIPES, colour, second, (1.5, 0.01), 0.15, 0.08, measures)
    middle, tall = -(top + 0.95) / 2, (top - 0.95) / 2
    box = block((0, middle, centre), (side, tall, half))
    return [Part(BOX, box, assembly.material(look), TRUCK)]


def draw_bus(assembly: Assembly, draws: Draws) -> Vehicle:
    """Return a bus."""
    length, roof = draws.uniform(9.5, 12.5), draws.uniform(2.9, 3.3)
    body = _coach(assembly, draws, length, roof, 1.26, BUS)
    wheels = _wheels(0.48, (length / 2 - 2.4, 2.9 - length / 2), 1.27, assembly, BUS)
    return Vehicle(body + wheels, length, 2.54)


def draw_tram(assembly: Assembly, draws: Draws) -> Vehicle:
    """Return a tram, which is what trains are in streets."""
    length, roof = draws.uniform(16, 24), draws.uniform(3.2, 3.5)
    parts = _coach(assembly, draws, length, roof, 1.2, TRAIN)
    frame = assembly.material(Material(palette.PLAIN, (0.03, 0.03, 0.03), contrast=0.3))
    parts.append(Part(BOX, block((0, -0.2, 0), (1.0, 0.2, length / 2 - 1)), frame, TRAIN))
    parts.append(Part(BOX, block((0, -roof - 0.15, 0), (0.7, 0.15, length / 3)), frame, TRAIN))
    return Vehicle(parts, length, 2.4)


def _coach(
    assembly: Assembly, draws: Draws, length: float, roof: float, side: float, label: int
) -> list[Part]:
    colour = draws.tint(draws.choice((*palette.PAINTS, (0.5, 0.3, 0.02))), 0.25)
    second = draws.tint(draws.choice(palette.PAINTS), 0.25)
    measures = (draws.uniform(1.2, 2.2), draws.uniform(0.75, 0.9), draws.uniform(1.2, 1.5))
    look = Material(palette.ROWS, colour, second, (1.2, 0.02), 0.08, 0.2, (*measures, roof - 0.55))
    material, half = assembly.material(look), length / 2
    skirt = block((0, -0.75, 0), (side, 0.47, half))
    upper = _tapered((half, -half), (1.2, roof), 0.15, 0.99 * side, material, label)
    return [Part(BOX, skirt, material, label), *upper]


MAKERS: dict[str, Callable[[Assembly, Draws], Vehicle]] = {
    "car": draw_car,
    "truck": draw_truck,
    "bus": draw_bus,
    "tram": draw_tram,
}
