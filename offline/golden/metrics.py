"""The published evaluators' numbers in a golden case, computed from what they evaluated."""

from __future__ import annotations

from collections.abc import Mapping

from offline.golden import depth_metrics, label_metrics, motion_metrics
from offline.golden.case import Array, Case, Network

_KINDS = (depth_metrics, label_metrics, motion_metrics)


def _arrays(case: Case, _: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, Array]:
    """Return our arrays for a case, by its names; no network takes part.

    Raises:
        ValueError: if what was evaluated is not beside the case.
    """
    return {name: array for kind in _KINDS for name, array in kind.arrays(case, seed).items()}


def _inputs(case: Case) -> set[str]:
    """Return the names of what was evaluated, and of the lists that name the numbers."""
    lists = {name for name, array in case.items() if array.dtype.kind == "U"}
    return lists.union(*(kind.inputs(case) for kind in _KINDS))


METRIC_CASES = Network(_arrays, _inputs, beside="inputs_*.npz")
