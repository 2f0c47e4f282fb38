"""Stereo and scene flow as the KITTI 2015 development kit counts them.

Outliers are counted after holes are filled, over the pixels of all images; scene flow is wrong
where the first disparity, the second or the flow is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.metrics.checks import NoTruth, check_size
from offline.metrics.hole_filling import fill_disparity, fill_flow, has_value
from offline.metrics.outliers import (
    OutlierCounts,
    count_outliers,
    disparity_outliers,
    flow_outliers,
    outlier_shares,
    sum_outliers,
)

MEASURES = ("d1", "d2", "fl", "sf")

Map = NDArray[Any]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SceneFlowMaps:
    """A prediction or its ground truth, each map in the first left image's pixels.

    NaN where nothing is known; None: a map that is not there.

    Attributes:
        disparity: px. # (H, W)
        next_disparity: of the same points in the next frame, px. # (H, W)
        flow: px. # (H, W, 2)
    """

    disparity: Map | None = None
    next_disparity: Map | None = None
    flow: Map | None = None


@dataclass(frozen=True)
class SceneFlowCounts:
    """One image's counts; None for what was not compared."""

    d1: OutlierCounts | None = None
    d2: OutlierCounts | None = None
    fl: OutlierCounts | None = None
    sf: OutlierCounts | None = None


def flow_with_holes(flow: Map, known: Mask) -> Map:
    """Return flow with NaN where it is not known. # (H, W, 2)."""
    return np.where(known[..., None], flow, np.float32(np.nan))


def count_scene_flow(
    prediction: SceneFlowMaps, truth: SceneFlowMaps, object_map: Map
) -> SceneFlowCounts:
    """Count one image's outliers in what both the prediction and the truth have.

    Scene flow is counted where all three maps are there, over pixels with all three truths;
    its estimated pixels are those of the first disparity.

    Args:
        prediction: NaN: a hole that is filled first.
        truth: NaN: not counted.
        object_map: 0 background. # (H, W)

    Raises:
        NoTruth: for a truth that is known nowhere.
        ValueError: for shapes that differ.
    """
    moving = object_map > 0
    shape = object_map.shape
    first = _disparity_errors("disparity", prediction.disparity, truth.disparity, shape)
    second = _disparity_errors(
        "next disparity", prediction.next_disparity, truth.next_disparity, shape
    )
    flow = _flow_errors(prediction.flow, truth.flow, shape)
    together = None
    if first and second and flow:
        known = first.known & second.known & flow.known
        together = _Errors(first.wrong | second.wrong | flow.wrong, known, first.estimated)
    return SceneFlowCounts(
        *(
            None if errors is None else _count(errors, moving)
            for errors in (first, second, flow, together)
        )
    )


def conclude_scene_flow(counts: Sequence[SceneFlowCounts]) -> dict[str, float]:
    """Return the outliers of all images together, in per cent, and ``frames``.

    For each of ``d1``, ``d2``, ``fl`` and ``sf`` that every image has: ``d1_bg``, ``d1_fg``,
    ``d1_all``, the same with ``_estimated`` (only where the prediction had a value), and
    ``d1_density``.

    Raises:
        ValueError: for no images.
    """
    if not counts:
        raise ValueError("counts must be those of at least one image, got none")
    result: dict[str, float] = {}
    for name in MEASURES:
        found = [image for count in counts if (image := getattr(count, name)) is not None]
        if len(found) == len(counts):
            result.update(outlier_shares(sum_outliers(found), name))
    return {**result, "frames": float(len(counts))}


@dataclass(frozen=True, eq=False)
class _Errors:
    """Where one map is wrong, has truth, and had a value before holes were filled. # (H, W)."""

    wrong: Mask
    known: Mask
    estimated: Mask


def _count(errors: _Errors, moving: Mask) -> OutlierCounts:
    return count_outliers(errors.wrong, errors.known, moving, errors.estimated)


def _disparity_errors(
    what: str, disparity: Map | None, truth: Map | None, shape: tuple[int, ...]
) -> _Errors | None:
    if disparity is None or truth is None:
        return None
    known = _known(what, disparity, truth, shape)
    return _Errors(
        disparity_outliers(fill_disparity(disparity), truth), known, has_value(disparity)
    )


def _flow_errors(flow: Map | None, truth: Map | None, shape: tuple[int, ...]) -> _Errors | None:
    if flow is None or truth is None:
        return None
    known = _known("flow", flow, truth, shape)
    return _Errors(flow_outliers(fill_flow(flow), truth)[0], known, has_value(flow))


def _known(what: str, prediction: Map, truth: Map, shape: tuple[int, ...]) -> Mask:
    check_size(what, prediction, truth.shape)
    check_size(f"true {what}", truth, (*shape, *truth.shape[2:]))
    known = has_value(truth)
    if not known.any():
        raise NoTruth(f"true {what} must be known somewhere, it is at no pixel")
    return known
