"""Who is where at which time, so that nothing drives through anything else."""

from __future__ import annotations

import math
from collections.abc import Sequence

Spot = tuple[float, float, float]  # x, z, heading


class Occupancy:
    """Rectangles on the ground at each instant, kept apart as rows of discs."""

    def __init__(self) -> None:
        self._taken: list[tuple[float, list[list[tuple[float, float]]], float, Sequence[Spot]]] = []

    def claim(self, spots: Sequence[Spot], length: float, width: float) -> bool:
        """Take the ground under a thing if it is free at all instants, and say whether it was.

        Args:
            spots: the thing's middle and heading at each instant.
            length: along its heading, m.
            width: across, m.
        """
        radius, bound = width / 2, math.hypot(length, width) / 2
        discs = [_discs(spot, length, width) for spot in spots]
        for other, theirs, thick, places in self._taken:
            for now, (mine, spot, place) in enumerate(zip(discs, spots, places, strict=True)):
                x, z = spot[0] - place[0], spot[1] - place[1]
                if x * x + z * z > (bound + other) ** 2:
                    continue
                if _touch(mine, theirs[now], radius + thick):
                    return False
        self._taken.append((bound, discs, radius, spots))
        return True


def _discs(spot: Spot, length: float, width: float) -> list[tuple[float, float]]:
    x, z, heading = spot
    span = max(length - width, 0.0)
    count = math.ceil(span / (0.7 * width)) + 1 if span else 1
    steps = [span * (k / (count - 1) - 0.5) for k in range(count)] if count > 1 else [0.0]
    sin, cos = math.sin(heading), math.cos(heading)
    return [(x + step * sin, z + step * cos) for step in steps]


def _touch(
    first: list[tuple[float, float]], second: list[tuple[float, float]], reach: float
) -> bool:
    return any(math.hypot(x - u, z - v) < reach for x, z in first for u, v in second)
