"""Affine maps as twelve plain numbers, row by row: worlds are built of a few hundred of them.

Axes are x right, y down, z forward; heights are negative y.
"""

from __future__ import annotations

import math

Affine = tuple[float, ...]  # of a 3x4 matrix
Vector = tuple[float, float, float]


def block(centre: Vector, half: Vector) -> Affine:
    """Return the map of a unit shape to a place and half sizes along the axes, m."""
    (x, y, z), (a, b, c) = centre, half
    return (a, 0.0, 0.0, x, 0.0, b, 0.0, y, 0.0, 0.0, c, z)


def standing(x: float, z: float, half: Vector, lift: float = 0.0) -> Affine:
    """Return the map of a unit shape to half sizes, its lower end ``lift`` above the ground."""
    return block((x, -half[1] - lift, z), half)


def upright(x: float, z: float, heading: float, y: float = 0.0) -> Affine:
    """Return the pose of what stands on the ground and faces ``heading``, rad right of z."""
    cos, sin = math.cos(heading), math.sin(heading)
    return (cos, 0.0, sin, x, 0.0, 1.0, 0.0, y, -sin, 0.0, cos, z)


def pitched(angle: float, at: Vector = (0.0, 0.0, 0.0)) -> Affine:
    """Return a turn about x, which moves what hangs below (y > 0) forward, then a shift."""
    cos, sin = math.cos(angle), math.sin(angle)
    return (1.0, 0.0, 0.0, at[0], 0.0, cos, -sin, at[1], 0.0, sin, cos, at[2])


def rolled(angle: float, at: Vector = (0.0, 0.0, 0.0)) -> Affine:
    """Return a turn about z, clockwise as seen along it, then a shift."""
    cos, sin = math.cos(angle), math.sin(angle)
    return (cos, -sin, 0.0, at[0], sin, cos, 0.0, at[1], 0.0, 0.0, 1.0, at[2])


def leaning(centre: Vector, half: Vector, back: float) -> Affine:
    """Return the map to a block whose top lies ``back`` metres behind its foot (less z)."""
    (x, y, z), (a, b, c) = centre, half
    return (a, 0.0, 0.0, x, 0.0, b, 0.0, y, 0.0, 0.5 * back, c, z)


def ridged(centre: Vector, half: Vector) -> Affine:
    """Return the map of a box to a prism along z: half widths and heights of its diamond."""
    (x, y, z), (a, b, c) = centre, half
    return (a / 2, -a / 2, 0.0, x, b / 2, b / 2, 0.0, y, 0.0, 0.0, c, z)


def compose(second: Affine, first: Affine) -> Affine:
    """Return the map that does ``first``, then ``second``."""
    rows = []
    for r in (0, 4, 8):
        a, b, c, d = second[r], second[r + 1], second[r + 2], second[r + 3]
        rows += [a * first[k] + b * first[k + 4] + c * first[k + 8] for k in range(3)]
        rows.append(a * first[3] + b * first[7] + c * first[11] + d)
    return tuple(rows)
