"""Kinds of labels, and how each is kept in a file: KITTI's PNGs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.datasets.label_maps import read_labels
from offline.datasets.samples import Truth
from offline.kitti_files import read_disparity, read_flow, write_disparity, write_flow
from offline.png_files import write_png
from scene_perception.frame import UNKNOWN_LABEL

Values = NDArray[Any]


@dataclass(frozen=True)
class Kind:
    """One kind of label.

    Attributes:
        truth: what ``datasets.samples`` calls it.
        read: returns a file's truth.
        write: writes values; not known are NaN (disparity, flow) and 255 (labels).
        known: which pixels of values are. # (H, W) bool
        nothing: truth of (H, W) pixels of which none is known.
    """

    truth: str
    read: Callable[[Path], Truth]
    write: Callable[[Path, Values], None]
    known: Callable[[Values], NDArray[np.bool_]]
    nothing: Callable[[tuple[int, int]], Truth]


def values_of(truth: Truth) -> Values:
    """Return what a reader gives as one array, NaN where flow is not known."""
    if isinstance(truth, tuple):
        flow, known = truth
        return np.where(known[..., None], flow, np.float32(np.nan))
    return truth


def _no_disparity(size: tuple[int, int]) -> Truth:
    return np.full(size, np.nan, np.float32)


def _finite(disparity: Values) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(disparity))


def _disparity(truth: str) -> Kind:
    return Kind(truth, read_disparity, write_disparity, _finite, _no_disparity)


KINDS: Mapping[str, Kind] = {
    "disparity": _disparity("disparity_occ_0"),
    "next_disparity": _disparity("disparity_occ_1"),
    "flow": Kind(
        "flow_occ",
        read_flow,
        write_flow,
        lambda flow: np.asarray(_finite(flow).all(-1)),
        lambda size: (np.zeros((*size, 2), np.float32), np.zeros(size, np.bool_)),
    ),
    "labels": Kind(
        "labels",
        read_labels,
        write_png,
        lambda labels: labels != UNKNOWN_LABEL,
        lambda size: np.full(size, UNKNOWN_LABEL, np.uint8),
    ),
}
