"""SGDepth's metrics in a golden case, computed from the case's own predictions and truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import torch

from offline.golden.case import Array, Case
from offline.metrics.depth import METRICS, depth_at_truth, mean_depth, score_depth
from offline.metrics.depth_protocol import DepthProtocol
from offline.metrics.protocols import PROTOCOLS, SGDEPTH_DEPTH, SGDEPTH_SEMANTICS
from offline.metrics.semantics import conclude_semantics, confusion_matrix, labels_at_truth
from offline.metrics.trajectory import window_errors
from scene_perception.cityscapes import CLASSES
from scene_perception.models.sgdepth_scene import inverse_depth_from_sigmoid

_SYSTEM = PROTOCOLS["sgdepth"]
_FIXED_FACTOR = 0.9  # of the case that is known; another one tells its own by its ratios


def inputs(case: Case) -> set[str]:
    """Return the names of a case's arrays that metrics are computed from."""
    return {name for names in _present(case) for name in names}


def arrays(case: Case, _: int) -> dict[str, Array]:
    """Return our metrics for a case, by its names; none for a case of another kind."""
    computed: dict[str, Array] = {}
    for names in _present(case):
        computed |= _GROUPS[names](case)
    return computed


def _present(case: Case) -> list[tuple[str, ...]]:
    return [names for names in _GROUPS if case.keys() >= set(names)]


def _depth(case: Case) -> dict[str, Array]:
    masks = {
        "zhou": SGDEPTH_DEPTH,
        "kitti": _SYSTEM.depth_variants["kitti2015"],
        "cityscapes": _SYSTEM.depth_variants["cityscapes"],
    }
    results: dict[str, Array] = {}
    for mask, protocol in masks.items():
        factor = float(np.ravel(case.get(f"ratios_{mask}_fixed", _FIXED_FACTOR))[0])
        fixed = replace(protocol, scaling="fixed", factor=factor)
        for name, rules in ((mask, protocol), (f"{mask}_fixed", fixed)):
            numbers, ratios = _scores(case, rules)
            results |= {f"depth_{name}": numbers, f"ratios_{name}": ratios}
    return results


def _scores(case: Case, protocol: DepthProtocol) -> tuple[Array, Array]:
    """Return the mean of the seven numbers and each image's factor. # (7,), (N,)."""
    scores = []
    for sigmoid, truth in zip(case["disp"], case["gt"], strict=True):
        inverse_depth = inverse_depth_from_sigmoid(torch.from_numpy(sigmoid))
        depth = depth_at_truth(inverse_depth.numpy(), truth.shape, protocol)
        scores.append(score_depth(depth, truth, protocol))
    means = mean_depth(scores, protocol)
    numbers = np.array([means[name] for name in METRICS])
    return numbers, np.array([score.scale for score in scores])


def _semantics(case: Case) -> dict[str, Array]:
    protocol = SGDEPTH_SEMANTICS
    truths = case["seg_gt"].reshape(-1, *case["seg_gt"].shape[-2:])
    confusion = np.zeros((protocol.classes, protocol.classes), np.int64)
    for logits, truth in zip(case["seg_logits"], truths, strict=True):
        labels = labels_at_truth(logits, truth.shape, protocol)
        confusion += confusion_matrix(truth, labels, protocol, kind="labels")
    scores = conclude_semantics(confusion, protocol)
    names = [*(entry.name.replace(" ", "_") for entry in CLASSES), "void"]
    return {
        "seg_confusion": confusion,
        "seg_meaniou": np.array(scores["miou"]),
        "seg_meanacc": np.array(scores["mean_accuracy"]),
        "seg_iou": np.array([scores.get(f"iou_{name}", np.nan) for name in names]),
    }


def _pose(case: Case) -> dict[str, Array]:
    truth = np.tile(np.eye(4), (len(case["pose_gt"]), 1, 1))
    truth[:, :3] = case["pose_gt"][:, :3]
    errors = window_errors(case["pose_pred"], truth, _SYSTEM.trajectory.window)
    return {"pose_ate_mean": errors.mean(), "pose_ate_std": errors.std()}


_GROUPS: Mapping[tuple[str, ...], Callable[[Case], dict[str, Array]]] = MappingProxyType(
    {
        ("gt", "disp"): _depth,
        ("seg_gt", "seg_logits"): _semantics,
        ("pose_gt", "pose_pred"): _pose,
    }
)
