"""Materials as rows of numbers, and colours that things come in (linear reflectances)."""

from __future__ import annotations

from dataclasses import dataclass

from offline.synthetic.draws import Colour

# What is drawn on a surface; columns ``FIRST`` and on hold its measures, in metres.
PLAIN = 0
STONES = 1  # length, height of a stone; joint's share
FACADE = 2  # pitch, floor, window's width and height shares, ground floor, height, stone's length
PLANKS = 3  # width of a plank; gap's share
FOLIAGE = 4
BODYWORK = 5  # half length, half width, wheel, front axle, rear axle, belt
CABIN = 6  # front, rear, half width, belt, roof
WHEEL = 7  # radius, axle's height, front and rear axle
STRIPES = 8  # period; share of the second colour
SIGN = 9  # radius, height of the middle, style
LAMPS = 10  # height of the middle, spacing, which is on, middle along x
ROWS = 11  # of windows along a bus: pitch, share, lower and upper edge
ROOF = 12  # size of a tile; its gable ends are plain, of the second colour

KIND, COLOUR, SECOND = 0, slice(1, 4), slice(4, 7)
COARSEST, FINEST, CONTRAST, GLOSS, SEED, FIRST = 7, 8, 9, 10, 11, 12
COLUMNS = 20


@dataclass(frozen=True)
class Material:
    """How a surface looks.

    Attributes:
        kind: ``PLAIN`` ... ``ROOF``.
        colour: reflectance, linear.
        second: of what the kind draws in another colour.
        cells_m: largest and smallest cells of its noise.
        contrast: of its noise, as a share of the colour.
        gloss: how much it mirrors, 0 .. 1.
        measures: of the kind.
    """

    kind: int
    colour: Colour
    second: Colour = (0.05, 0.05, 0.05)
    cells_m: tuple[float, float] = (1.0, 0.004)
    contrast: float = 0.2
    gloss: float = 0.0
    measures: tuple[float, ...] = ()

    def row(self, seed: float) -> tuple[float, ...]:
        """Return the columns; ``seed`` shifts its noise, 0 .. 1000."""
        head = (float(self.kind), *self.colour, *self.second, *self.cells_m)
        row = (*head, self.contrast, self.gloss, seed, *self.measures)
        return row + (0.0,) * (COLUMNS - len(row))


WALLS: tuple[Colour, ...] = (
    (0.55, 0.47, 0.36),
    (0.62, 0.58, 0.5),
    (0.36, 0.16, 0.1),
    (0.42, 0.24, 0.16),
    (0.34, 0.33, 0.31),
    (0.65, 0.52, 0.3),
    (0.5, 0.36, 0.28),
    (0.22, 0.22, 0.23),
    (0.66, 0.64, 0.6),
    (0.4, 0.42, 0.42),
)
ROOFS: tuple[Colour, ...] = ((0.28, 0.1, 0.06), (0.14, 0.13, 0.13), (0.2, 0.14, 0.1))
PAINTS: tuple[Colour, ...] = (
    (0.6, 0.6, 0.6),
    (0.02, 0.02, 0.025),
    (0.3, 0.31, 0.32),
    (0.1, 0.105, 0.11),
    (0.35, 0.02, 0.02),
    (0.03, 0.07, 0.28),
    (0.04, 0.12, 0.2),
    (0.03, 0.14, 0.06),
    (0.5, 0.4, 0.05),
    (0.4, 0.36, 0.28),
)
CLOTHES: tuple[Colour, ...] = (
    (0.03, 0.03, 0.04),
    (0.05, 0.07, 0.16),
    (0.5, 0.5, 0.48),
    (0.4, 0.04, 0.04),
    (0.05, 0.18, 0.3),
    (0.5, 0.35, 0.04),
    (0.1, 0.22, 0.08),
    (0.3, 0.24, 0.16),
    (0.3, 0.08, 0.22),
    (0.15, 0.15, 0.16),
)
SKINS: tuple[Colour, ...] = ((0.5, 0.3, 0.21), (0.36, 0.2, 0.12), (0.16, 0.08, 0.05))
LEAVES: tuple[Colour, ...] = (
    (0.1, 0.17, 0.035),
    (0.07, 0.13, 0.03),
    (0.16, 0.2, 0.05),
    (0.05, 0.1, 0.04),
    (0.25, 0.19, 0.05),
    (0.22, 0.1, 0.03),
)
GLASS: Colour = (0.03, 0.035, 0.04)
RUBBER: Colour = (0.02, 0.02, 0.02)
METAL: Colour = (0.25, 0.26, 0.27)
