"""Insta-DM's metrics in a golden case, computed from the case's own predictions and truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from offline.golden.case import Array, Case
from offline.metrics.depth import METRICS, DepthScore, depth_ratio, mean_depth, score_depth
from offline.metrics.depth_resize import resize_opencv
from offline.metrics.protocols import INSTA_DM_DEPTH, INSTA_DM_TRAINING

_INPUTS = ("gt", "pred")
_TRAINING = ("abs_diff", "abs_rel", "sq_rel", "a1", "a2", "a3")


def inputs(case: Case) -> set[str]:
    """Return the names of a case's arrays that metrics are computed from."""
    return set(_INPUTS) if case.keys() >= set(_INPUTS) else set()


def arrays(case: Case, _: int) -> dict[str, Array]:
    """Return our metrics for a case, by its names; none for a case of another kind."""
    if not inputs(case):
        return {}
    truths = case["gt"]
    depths = [resize_opencv(depth, *truths.shape[1:]) for depth in case["pred"]]
    pairs = list(zip(depths, truths, strict=True))
    scores = [score_depth(depth, truth, INSTA_DM_DEPTH) for depth, truth in pairs]
    factor = depth_ratio(depths[0], truths[0], INSTA_DM_TRAINING)
    training = [
        score_depth(depth, truth, INSTA_DM_TRAINING, factor=factor) for depth, truth in pairs
    ]
    return {
        "per_image": np.array([[getattr(score, name) for name in METRICS] for score in scores]),
        "mean": _means(scores, METRICS),
        "scale": np.array([score.scale for score in scores]),
        "train_time_metrics": _means(training, _TRAINING),
        "train_time_scale": np.array(factor),
    }


def _means(scores: Sequence[DepthScore], names: Sequence[str]) -> Array:
    means = mean_depth(scores)
    return np.array([means[name] for name in names])
