"""Timing that survives a busy machine: contenders take turns within one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Timing:
    """Durations of one contender, ms: median and the 10th and 90th percentile.

    ``durations_ms`` are those of the rounds, in their order.
    """

    median_ms: float
    low_ms: float
    high_ms: float
    repeats: int
    durations_ms: tuple[float, ...] = ()


def summarise(durations_ms: list[float]) -> Timing:
    """Return the median and spread of at least one duration.

    Raises:
        ValueError: for an empty list.
    """
    if not durations_ms:
        raise ValueError("timing needs at least one duration, got none")
    ordered = sorted(durations_ms)
    last = len(ordered) - 1
    return Timing(
        median_ms=statistics.median(ordered),
        low_ms=ordered[round(0.1 * last)],
        high_ms=ordered[round(0.9 * last)],
        repeats=len(ordered),
        durations_ms=tuple(durations_ms),
    )


def times_as_fast(timing: Timing, reference: Timing) -> float:
    """Return how many times as fast as ``reference`` a contender of the same rounds was.

    The median of each round's ratio: within a round other work on the machine changes least.
    """
    rounds = zip(reference.durations_ms, timing.durations_ms, strict=True)
    return statistics.median(slow / fast for slow, fast in rounds)


def take_turns(
    contenders: Mapping[str, Callable[[], object]], *, repeats: int, warmup: int = 2
) -> dict[str, Timing]:
    """Time every contender ``repeats`` times, one after the other in each round.

    Other work on the machine then slows all contenders alike, so their ratios hold even
    where the absolute figures do not.

    Args:
        contenders: name -> function to time, called without arguments.
        repeats: rounds that count, at least 1.
        warmup: rounds before them that do not.
    """
    durations: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(warmup + repeats):
        for name, function in contenders.items():
            start = time.perf_counter()
            function()
            elapsed_ms = 1e3 * (time.perf_counter() - start)
            if turn >= warmup:
                durations[name].append(elapsed_ms)
    return {name: summarise(values) for name, values in durations.items()}


def matrix_product(size: int = 2048) -> tuple[Callable[[], object], float]:
    """Return a float32 matrix product to time as the machine's peak, and its GMAC."""
    left = torch.ones(size, size)
    right = torch.ones(size, size)
    return lambda: left @ right, size**3 / 1e9
