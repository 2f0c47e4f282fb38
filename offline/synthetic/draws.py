"""Random choices of a world: plain numbers, drawn from a generator of its seed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import torch

T = TypeVar("T")
Colour = tuple[float, float, float]
_BLOCK = 512  # numbers drawn at once: one by one would take longer than rendering


class Draws:
    """A stream of numbers that a seed and a name decide.

    Every part of a world has a stream of its own, so that a change of one leaves the others.
    """

    def __init__(self, seed: int, name: str) -> None:
        self._generator = torch.Generator().manual_seed(
            (seed * 0x9E3779B1 + zlib.crc32(name.encode())) % 2**63
        )
        self._left: list[float] = []

    def unit(self) -> float:
        """Return a number in 0 .. 1."""
        if not self._left:
            block = torch.rand(_BLOCK, generator=self._generator, dtype=torch.float64)
            self._left = block.tolist()
        return self._left.pop()

    def uniform(self, low: float, high: float) -> float:
        """Return a number in low .. high."""
        return low + (high - low) * self.unit()

    def around(self, value: float, part: float) -> float:
        """Return ``value``, up to ``part`` of it more or less."""
        return value * self.uniform(1 - part, 1 + part)

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.unit() < probability

    def sign(self) -> int:
        """Return 1 or -1."""
        return 1 if self.unit() < 0.5 else -1

    def integer(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + min(int(self.unit() * (high - low + 1)), high - low)

    def choice(self, values: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """Return one of ``values``; ``weights`` say how likely each is against the others."""
        if weights is None:
            return values[self.integer(0, len(values) - 1)]
        rest = self.unit() * sum(weights)
        for value, weight in zip(values, weights, strict=True):
            rest -= weight
            if rest < 0:
                return value
        return values[-1]

    def tint(self, colour: Colour, part: float = 0.15, hue: float = 0.06) -> Colour:
        """Return a colour near ``colour``: brighter or darker by ``part``, and a little off."""
        bright = self.uniform(1 - part, 1 + part)
        red, green, blue = (min(c * bright * self.uniform(1 - hue, 1 + hue), 1.0) for c in colour)
        return red, green, blue
