"""Depth: the seven numbers of Eigen et al. (NIPS 2014), with each system's rules around them.

Over the valid pixels of one image, g the ground truth and p the prediction, metres:
abs_rel = mean(|g-p|/g), sq_rel = mean((g-p)^2/g), rmse = sqrt(mean (g-p)^2),
rmse_log = sqrt(mean (ln g - ln p)^2), a_k = share with max(g/p, p/g) < 1.25^k. A data set's
number is the mean over its images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.metrics.depth_pixels import clipped, median_ratio, valid_pairs
from offline.metrics.depth_protocol import DepthProtocol
from offline.metrics.depth_resize import resize_opencv, resize_spline, resize_torch
from offline.metrics.tensorflow_resize import resize_tensorflow

METRICS = ("abs_rel", "sq_rel", "rmse", "rmse_log", "a1", "a2", "a3")

Map = NDArray[np.float32]
_RESIZES: Mapping[str, Callable[[Map, int, int], Map]] = MappingProxyType(
    {
        "tensorflow_inverse_depth": resize_tensorflow,
        "torch_inverse_depth": resize_torch,
        "opencv_depth": resize_opencv,
        "spline_depth": resize_spline,
    }
)


@dataclass(frozen=True)
class DepthScore:
    """One image's numbers; see the module for the formulas.

    Attributes:
        scale: that predictions were multiplied by.
        pixels: that were scored.
        abs_diff: mean |g-p|, m.
    """

    abs_rel: float
    sq_rel: float
    rmse: float
    rmse_log: float
    a1: float
    a2: float
    a3: float
    scale: float
    pixels: int
    abs_diff: float


def depth_at_truth(inverse_depth: Map, shape: tuple[int, ...], protocol: DepthProtocol) -> Map:
    """Return depth at the ground truth's size. # (h, w) -> (H, W).

    Args:
        inverse_depth: >= 0, of any scale. # (h, w)
        shape: H, W.
        protocol: says whether depth or inverse depth is resized, and how.
    """
    resize = _RESIZES[protocol.resize]
    values = np.asarray(inverse_depth, np.float32)
    if protocol.resize.endswith("inverse_depth"):
        return _reciprocal(_resized(values, shape, resize), protocol)
    return _resized(_reciprocal(values, protocol), shape, resize)


def depth_ratio(depth: Map, truth: NDArray[Any], protocol: DepthProtocol) -> float:
    """Return median truth / median prediction over the valid pixels of one image.

    Args:
        depth: any unit. # (H, W)
        truth: m, 0 where not measured. # (H, W)
        protocol: says which pixels are valid, and whether predictions are clipped before.

    Raises:
        ValueError: for shapes that differ, a NaN in ``depth``, no valid pixel, or a median of
            ``depth`` that is not positive and finite.
    """
    return median_ratio(*valid_pairs(depth, truth, protocol), protocol)


def score_depth(
    depth: Map, truth: NDArray[Any], protocol: DepthProtocol, *, factor: float | None = None
) -> DepthScore:
    """Score one image.

    Args:
        depth: any unit where ``protocol`` scales, else m. # (H, W)
        truth: m, 0 where not measured. # (H, W)
        protocol: the rules.
        factor: takes the place of the protocol's scaling.

    Raises:
        ValueError: as ``depth_ratio``, for a factor that is not positive and finite, or if the
            protocol wants one for a sequence and there is none.
    """
    known, predicted = valid_pairs(depth, truth, protocol)
    scale = _scale(known, predicted, protocol) if factor is None else factor
    if not (np.isfinite(scale) and scale > 0):
        raise ValueError(f"factor must be positive and finite, got {scale}")
    predicted = predicted * np.float32(scale)
    if protocol.out_of_range == "clip_after_scaling":
        predicted = clipped(predicted, protocol)
    elif protocol.out_of_range == "drop":
        inside = (predicted > protocol.min_depth) & (predicted < protocol.max_depth)
        known, predicted = known[inside], predicted[inside]
        if not known.size:
            raise ValueError(
                f"depth must be within {protocol.min_depth:g} ... {protocol.max_depth:g} m "
                "somewhere, it is out of range at every valid pixel"
            )
    precision = np.float64 if protocol.double_precision else np.float32
    return _errors(known.astype(precision), predicted.astype(precision), float(scale))


def common_factor(ratios: Sequence[float], share: float = 1.0) -> float:
    """Return the median of the first ``share`` of the images' ratios, for a whole sequence.

    Raises:
        ValueError: if there is no ratio in that share.
    """
    first = ratios[: int(len(ratios) * share)]
    if not first:
        raise ValueError(f"ratios must be at least {int(np.ceil(1 / share))}, got {len(ratios)}")
    return float(np.median(first))


def mean_depth(
    scores: Sequence[DepthScore], protocol: DepthProtocol | None = None
) -> dict[str, float]:
    """Return the data set's numbers: the mean of each image's, whatever its pixels.

    ``scale_median`` and ``scale_std`` describe the factors: their median and the standard
    deviation of factor / median (SGDepth, ``eval_depth.py``). ``frames`` counts the images.

    Args:
        scores: in the order of the data set.
        protocol: for ``batch_size`` and ``ratio_share``; None: plain mean, all factors.

    Raises:
        ValueError: for no scores, or fewer than ``ratio_share`` needs.
    """
    if not scores:
        raise ValueError("scores must be at least one, got none")
    size = 1 if protocol is None else protocol.batch_size
    share = 1.0 if protocol is None else protocol.ratio_share
    result = {}
    for name in (*METRICS, "abs_diff"):
        values = np.array([getattr(score, name) for score in scores])
        batches = [values[i : i + size].mean() for i in range(0, len(values), size)]
        result[name] = float(np.mean(batches))
    scales = [score.scale for score in scores]
    median = common_factor(scales, share)
    result["scale_median"] = median
    result["scale_std"] = float(np.std(np.array(scales[: int(len(scales) * share)]) / median))
    return {**result, "frames": float(len(scores))}


def _reciprocal(values: Map, protocol: DepthProtocol) -> Map:
    with np.errstate(divide="ignore"):
        depth = np.reciprocal(values)
    if protocol.zero_is_zero:
        depth[np.isinf(depth)] = 0
    return depth


def _resized(values: Map, shape: tuple[int, ...], resize: Callable[[Map, int, int], Map]) -> Map:
    return values if values.shape == shape else resize(values, shape[0], shape[1])


def _scale(known: Map, predicted: Map, protocol: DepthProtocol) -> float:
    if protocol.scaling == "median":
        return median_ratio(known, predicted, protocol)
    if protocol.scaling == "sequence":
        raise ValueError("factor must be given where a protocol scales by sequence, got none")
    return protocol.factor if protocol.scaling == "fixed" else 1.0


def _errors(known: NDArray[Any], predicted: NDArray[Any], scale: float) -> DepthScore:
    difference = np.abs(known - predicted)
    squared = difference**2
    with np.errstate(divide="ignore"):
        logarithms = np.log(known) - np.log(predicted)
        worse = np.maximum(known / predicted, predicted / known)
    return DepthScore(
        abs_rel=_mean(difference / known),
        sq_rel=_mean(squared / known),
        rmse=float(np.sqrt(_mean(squared))),
        rmse_log=float(np.sqrt(_mean(logarithms**2))),
        a1=_mean(worse < 1.25),
        a2=_mean(worse < 1.25**2),
        a3=_mean(worse < 1.25**3),
        scale=scale,
        pixels=known.size,
        abs_diff=_mean(difference),
    )


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values, dtype=np.float64))
