"""Optical flow: end-point error and KITTI's outliers, by OmegaNet's rules or the benchmark's.

OmegaNet's evaluator takes the mean of each image's numbers, the benchmark pools the pixels of
all images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.kitti_files import decode_flow, encode_flow
from offline.metrics.checks import NoTruth, check_numbers, check_size
from offline.metrics.depth_resize import resize_torch
from offline.metrics.outliers import (
    LIMIT_PX,
    OutlierCounts,
    count_outliers,
    flow_outliers,
    sum_outliers,
)
from offline.metrics.tensorflow_resize import resize_tensorflow

RESIZES = ("tensorflow", "torch")
AVERAGES = ("images", "pixels")

Flow = NDArray[np.float32]


@dataclass(frozen=True)
class FlowProtocol:
    """How a system scores flow.

    Attributes:
        resize: bilinear as in TensorFlow 1 or, with half-pixel centres, as in PyTorch.
        width_scales_both: v grows by the ratio of the widths too, OmegaNet's published slip.
        through_png: predictions are cut off to KITTI's 1/64 px.
        offset_px: added to the length of the true flow before dividing by it.
        single_precision: errors and the PNG's values in float32, as in the development kit and
            in DWARF's writer; else in float64.
        average: the mean over ``images``, or over the ``pixels`` of all of them.
    """

    resize: str = "torch"
    width_scales_both: bool = False
    through_png: bool = True
    offset_px: float = 0.0
    single_precision: bool = True
    average: str = "pixels"

    def __post_init__(self) -> None:
        for name, known in (("resize", RESIZES), ("average", AVERAGES)):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                )

    def words(self) -> str:
        """Return every setting in words."""
        return (
            f"prediction resized bilinearly as {self.resize} does"
            f"{', v scaled by the ratio of the widths' * self.width_scales_both}"
            f"{', cut off to 1/64 px by a PNG' * self.through_png}; outlier: error > 3 px and "
            f"error / (length + {self.offset_px:g} px) > 5 %, "
            f"in {'single' if self.single_precision else 'double'} precision; "
            f"mean over {self.average}"
        )


@dataclass(frozen=True)
class FlowScore:
    """One image's pixels with ground truth.

    Attributes:
        counts: outliers.
        error_px: sum of the end-point errors.
        objects: whether an object map told background from foreground.
    """

    counts: OutlierCounts
    error_px: float
    objects: bool


def flow_at_truth(flow: Flow, shape: tuple[int, ...], protocol: FlowProtocol) -> Flow:
    """Return flow at the ground truth's size, in its pixels. # (h, w, 2) -> (H, W, 2).

    Args:
        flow: px of (h, w). # (h, w, 2)
        shape: H, W.
        protocol: the rules.

    Raises:
        ValueError: for another shape of ``flow``, or NaN or infinity in it.
    """
    if flow.ndim != 3 or flow.shape[2] != 2:
        raise ValueError(f"flow must be (h, w, 2), got {flow.shape}")
    check_numbers("flow", flow, finite=True)
    height, width = shape[:2]
    ratios = np.array([width / flow.shape[1], height / flow.shape[0]])
    if protocol.width_scales_both:
        ratios[1] = ratios[0]
    scaled: Flow = (_resized(flow, height, width, protocol) * ratios).astype(np.float32)
    if not protocol.through_png:
        return scaled
    return decode_flow(encode_flow(scaled, double=not protocol.single_precision))[0]


def score_flow(
    flow: Flow,
    truth: NDArray[Any],
    known: NDArray[np.bool_],
    object_map: NDArray[Any] | None,
    protocol: FlowProtocol,
) -> FlowScore:
    """Score one image.

    Args:
        flow: px. # (H, W, 2)
        truth: px. # (H, W, 2)
        known: where ``truth`` is. # (H, W)
        object_map: 0 background; None: not known, all counts as background. # (H, W)
        protocol: the rules.

    Raises:
        NoTruth: if no pixel is known.
        ValueError: for shapes that differ, or NaN or infinity in ``flow``.
    """
    check_size("flow", flow, truth.shape)
    check_size("object map", known if object_map is None else object_map, known.shape)
    check_numbers("flow", flow, finite=True)
    pixels = np.flatnonzero(known)
    if not pixels.size:
        raise NoTruth("true flow must be known somewhere, it is at no pixel")
    wrong, error = flow_outliers(
        flow.reshape(-1, 2).take(pixels, axis=0),
        truth.reshape(-1, 2).take(pixels, axis=0),
        offset_px=protocol.offset_px,
        single=protocol.single_precision,
    )
    moving = np.zeros(pixels.size, bool) if object_map is None else object_map.take(pixels) > 0
    counts = count_outliers(wrong, np.ones(pixels.size, bool), moving)
    return FlowScore(counts, float(error.sum(dtype=np.float64)), object_map is not None)


def conclude_flow(scores: Sequence[FlowScore], protocol: FlowProtocol) -> dict[str, float]:
    """Return ``epe`` [px], ``fl_all``, ``fl_bg``, ``fl_fg`` [%], ``pixels`` and ``frames``.

    A mean over images takes those that have such pixels; ``fl_bg`` and ``fl_fg`` are missing
    where no image has them or one came without its object map.

    Raises:
        ValueError: for no scores.
    """
    if not scores:
        raise ValueError("scores must be at least one, got none")
    total = sum_outliers(score.counts for score in scores)
    errors = [score.error_px for score in scores]
    counts = [score.counts for score in scores]
    pixels = [count.pixels for count in counts]
    ratio = _mean_ratio if protocol.average == "images" else _pooled_ratio
    result = {
        "epe": ratio(errors, pixels),
        "fl_all": 100 * ratio([count.errors for count in counts], pixels),
    }
    if all(score.objects for score in scores):
        for kind in ("bg", "fg"):
            parts = [getattr(count, f"{kind}_errors") for count in counts]
            wholes = [getattr(count, f"{kind}_pixels") for count in counts]
            if any(wholes):
                result[f"fl_{kind}"] = 100 * ratio(parts, wholes)
    return {**result, "pixels": float(total.pixels), "frames": float(len(scores))}


def _mean_ratio(parts: Sequence[float], wholes: Sequence[int]) -> float:
    return float(
        np.mean([part / whole for part, whole in zip(parts, wholes, strict=True) if whole])
    )


def _pooled_ratio(parts: Sequence[float], wholes: Sequence[int]) -> float:
    return float(sum(parts) / sum(wholes))


def _resized(flow: Flow, height: int, width: int, protocol: FlowProtocol) -> Flow:
    if flow.shape[:2] == (height, width):
        return flow
    if protocol.resize == "tensorflow":
        return resize_tensorflow(flow, height, width)
    return np.stack([resize_torch(flow[..., axis], height, width) for axis in (0, 1)], axis=2)


def end_point_error(prediction: NDArray[Any], truth: NDArray[Any]) -> dict[str, float]:
    """Return DWARF's own numbers for synthetic data: ``epe`` [px] and ``outliers`` [%].

    Over all pixels and channels, disparities and flow together: the mean Euclidean norm, and the
    share of pixels where it is 3 or more. No relative limit, no mask.

    Args:
        prediction: # (H, W, C)
        truth: # (H, W, C)

    Raises:
        ValueError: for shapes that differ, or a NaN in ``prediction``.
    """
    check_size("prediction", prediction, truth.shape)
    check_numbers("prediction", prediction)
    error = np.sqrt(((prediction - truth) ** 2).sum(axis=-1))
    return {
        "epe": float(error.mean(dtype=np.float64)),
        "outliers": 100 * float(np.mean(error >= LIMIT_PX)),
    }
