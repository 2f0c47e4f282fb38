"""Which pixels of an image count for depth, and what scales a prediction to its truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.metrics.checks import NoTruth, check_numbers, check_size
from offline.metrics.depth_crops import crop_box
from offline.metrics.depth_protocol import DepthProtocol

Map = NDArray[np.float32]


def valid_pairs(depth: Map, truth: NDArray[Any], protocol: DepthProtocol) -> tuple[Map, Map]:
    """Return the truth and the prediction of every valid pixel. # (N,), (N,).

    Args:
        depth: # (H, W)
        truth: 0 where not measured. # (H, W)
        protocol: says which pixels are valid, and whether predictions are clipped already.

    Raises:
        NoTruth: if no pixel is valid.
        ValueError: for shapes that differ, or a NaN in ``depth``.
    """
    check_size("depth", depth, truth.shape)
    check_numbers("depth", depth)
    box = crop_box(protocol.crop, *truth.shape)
    known = np.asarray(truth[box], np.float32)
    valid = (known > np.float32(protocol.above_m)) & (known < np.float32(protocol.below_m))
    predicted = np.asarray(depth[box][valid], np.float32)
    if not predicted.size:
        raise NoTruth(
            f"truth must have values between {protocol.above_m:g} and {protocol.below_m:g} m "
            f"in the crop {protocol.crop!r}, got none"
        )
    if protocol.out_of_range == "clip_before_scaling":
        predicted = clipped(predicted, protocol)
    return known[valid], predicted


def clipped(depth: Map, protocol: DepthProtocol) -> Map:
    """Return depth within the protocol's range. # (N,)."""
    return np.clip(depth, np.float32(protocol.min_depth), np.float32(protocol.max_depth))


def median_ratio(known: Map, predicted: Map, protocol: DepthProtocol) -> float:
    """Return median truth / median prediction. # (N,), (N,).

    Raises:
        ValueError: for a median prediction that is not positive and finite.
    """
    median = _lower_median if protocol.lower_median else np.median
    middle = np.float32(median(predicted))
    if not (np.isfinite(middle) and middle > 0):
        raise ValueError(f"median of depth must be positive and finite, got {middle}")
    return float(np.float32(median(known)) / middle)


def _lower_median(values: Map) -> np.float32:
    middle = (values.size - 1) // 2
    return np.float32(np.partition(values, middle)[middle])
