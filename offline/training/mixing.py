"""Which samples a step takes: a pure function of seed and step, so that resuming needs no state.

Each step takes all its samples from one source, as sources differ in what they know. Sources
take turns by their weights, exactly and evenly spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import torch

from offline.training.seeding import generator
from offline.training.sources import Source

_FINEST = 10_000  # of the shares' denominators


@dataclass(frozen=True)
class Place:
    """One sample of a step.

    Attributes:
        source: number of the source.
        position: in the source's endless order.
        index: of the sample.
    """

    source: int
    position: int
    index: int


class Mixture:
    """Sources and how often each has its turn.

    Args:
        sources: with at least one sample each.
        weights: relative, >= 0, one of them > 0.
        batch_size: samples of a step.
        seed: of the orders.

    Raises:
        ValueError: for a source without samples.
    """

    def __init__(
        self, sources: Sequence[Source], weights: Sequence[float], batch_size: int, seed: int
    ) -> None:
        for number, source in enumerate(sources):
            if not len(source):
                raise ValueError(f"data.{number} must have samples, got none")
        self.sources = sources
        total = sum(map(Fraction, weights), Fraction(0))
        self._shares = [(Fraction(weight) / total).limit_denominator(_FINEST) for weight in weights]
        self._batch_size = batch_size
        self._seed = seed
        self._order = lru_cache(maxsize=2 * len(sources))(self._drawn_order)

    def places(self, step: int) -> list[Place]:
        """Return a step's samples, in order."""
        source, turn = turn_of(step, self._shares)
        first = turn * self._batch_size
        return [
            Place(source, position, self._index(source, position))
            for position in range(first, first + self._batch_size)
        ]

    def _index(self, source: int, position: int) -> int:
        count = len(self.sources[source])
        whole, place = divmod(position, count)
        if not self.sources[source].shuffled:
            return place
        return int(self._order(source, whole)[place])

    def _drawn_order(self, source: int, whole: int) -> torch.Tensor:
        draws = generator(self._seed, "order", source, whole)
        return torch.randperm(len(self.sources[source]), generator=draws)


def turn_of(step: int, shares: Sequence[Fraction]) -> tuple[int, int]:
    """Return whose turn a step is, and how many turns that source has had before.

    Args:
        step: from 0.
        shares: of the sources; the last one with a share takes what rounding leaves.
    """
    left = Fraction(1)
    last = max(number for number, share in enumerate(shares) if share)
    for number, share in enumerate(shares[:last]):
        part = share / left
        before, after = int(step * part), int((step + 1) * part)
        if after > before:
            return number, before
        step, left = step - before, left - share
    return last, step
