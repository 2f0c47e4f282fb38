"""How far one computation of a network is from another, in each task's own metric.

What is compared with is either what eager float32 PyTorch makes of the same frames, or the ground
truth where there is one; the numbers are those of ``offline.metrics``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.datasets.samples import Sample
from offline.metrics.depth import mean_depth, score_depth
from offline.metrics.depth_protocol import DepthProtocol
from offline.metrics.flow import FlowProtocol, conclude_flow, score_flow
from offline.metrics.motion_mask import conclude_motion_mask, score_motion_mask
from offline.metrics.scene_flow import SceneFlowMaps, conclude_scene_flow, count_scene_flow
from offline.metrics.semantics import SemanticsProtocol, conclude_semantics, confusion_matrix
from offline.metrics.steps import step_errors
from scene_perception.pipelines.postprocess import mask_image

Map = NDArray[Any]
Tensors = Mapping[str, NDArray[Any]]

# Every pixel of a prediction counts, in its own unit.
_AGAINST_PREDICTION = DepthProtocol(
    crop="none", above_m=0.0, below_m=np.inf, scaling="none", min_depth=0.0, max_depth=np.inf
)
_AGAINST_TRUTH = DepthProtocol(crop="none", scaling="median")
_FLOW = FlowProtocol(through_png=False)
_LABELS = SemanticsProtocol(resize="labels_nearest")
_THRESHOLD = 0.5
_DISPARITIES = ("disparity", "next_disparity")


@dataclass(frozen=True, eq=False)
class Maps:
    """What a network says of a frame, or what is known of it.

    Attributes:
        arrays: those that there are of ``depth`` (H, W), 0 where not known; ``labels`` (H, W)
            uint8, train ids, 255 void; ``flow`` (H, W, 2) px, ``disparity`` and
            ``next_disparity`` (H, W) px, all NaN where not known; ``moving`` (H, W) uint8, above 0
            where something moves; ``next_from_current`` (4, 4).
        is_truth: whether it is ground truth, of which depth has metres that no network knows.
    """

    arrays: Mapping[str, Map]
    is_truth: bool = False

    @classmethod
    def predicted(cls, tensors: Tensors) -> Maps:
        """Return a network's outputs by their names, batched and channel first, as maps."""
        given = {name: tensor[0] for name, tensor in tensors.items()}
        whole = ("labels", "next_from_current")
        arrays: dict[str, Map] = {name: given[name] for name in whole if name in given}
        arrays |= {name: given[name][0] for name in _DISPARITIES if name in given}
        if "inverse_depth" in given:
            arrays["depth"] = 1 / given["inverse_depth"][0]
        if "flow" in given:
            arrays["flow"] = given["flow"].transpose(1, 2, 0)
        if {"motion_probability", "labels"} <= given.keys():
            probability = given["motion_probability"][0]
            arrays["moving"] = mask_image(given["labels"], probability, _THRESHOLD)
        return cls(arrays)

    @classmethod
    def known(cls, sample: Sample) -> Maps:
        """Return the truth of a generated sample."""
        kinds = {
            "depth": "depth",
            "labels": "labels",
            "moving": "object_map",
            "disparity": "disparity_occ_0",
            "next_disparity": "disparity_occ_1",
        }
        flow, valid = sample.known("flow_occ")
        arrays = {name: np.asarray(sample.known(kind)) for name, kind in kinds.items()}
        arrays["flow"] = np.where(valid[..., None], flow, np.float32(np.nan))
        return cls(arrays, is_truth=True)


def compare(predictions: Sequence[Maps], truths: Sequence[Maps]) -> dict[str, float]:
    """Return each metric of what both have, over all frames; see ``offline.metrics``.

    Raises:
        ValueError: for no frames, or sequences of different lengths.
    """
    pairs = list(zip(predictions, truths, strict=True))
    first = pairs[0] if pairs else ()
    result: dict[str, float] = {}
    for name, score in _SCORES.items():
        if first and all(name in maps.arrays for maps in first):
            result |= score(pairs)
    if not result:
        raise ValueError("frames must have something that can be compared, none has")
    return result


Pairs = Sequence[tuple[Maps, Maps]]


def _depth(pairs: Pairs) -> dict[str, float]:
    protocol = _AGAINST_TRUTH if pairs[0][1].is_truth else _AGAINST_PREDICTION
    mean = mean_depth(
        [score_depth(one.arrays["depth"], other.arrays["depth"], protocol) for one, other in pairs]
    )
    return {"depth abs_rel": mean["abs_rel"], "depth a1": mean["a1"]}


def _labels(pairs: Pairs) -> dict[str, float]:
    confusions = [
        confusion_matrix(other.arrays["labels"], one.arrays["labels"], _LABELS, kind="labels")
        for one, other in pairs
    ]
    scores = conclude_semantics(np.sum(confusions, axis=0), _LABELS)
    return {"labels agree %": 100 * scores["pixel_accuracy"], "labels miou": scores["miou"]}


def _flow(pairs: Pairs) -> dict[str, float]:
    scores = [
        score_flow(
            one.arrays["flow"],
            np.nan_to_num(other.arrays["flow"]),
            _finite(other.arrays["flow"]),
            None,
            _FLOW,
        )
        for one, other in pairs
    ]
    shares = conclude_flow(scores, _FLOW)
    return {"flow epe px": shares["epe"], "flow fl_all %": shares["fl_all"]}


def _moving(pairs: Pairs) -> dict[str, float]:
    scores = conclude_motion_mask(
        [score_motion_mask(one.arrays["moving"], other.arrays["moving"]) for one, other in pairs]
    )
    return {"motion mask iou": scores["iou_moving"], "motion mask miou": scores["miou"]}


def _disparity(pairs: Pairs) -> dict[str, float]:
    counts = [
        count_scene_flow(
            _scene(one), _scene(other), np.zeros(other.arrays["disparity"].shape, np.uint8)
        )
        for one, other in pairs
    ]
    shares = conclude_scene_flow(counts)
    error = [
        np.nanmean(np.abs(one.arrays["disparity"] - other.arrays["disparity"]))
        for one, other in pairs
    ]
    shown = {f"{name} %": shares[name] for name in ("d1_all", "d2_all", "sf_all") if name in shares}
    return {"disparity error px": float(np.mean(error)), **shown}


def _pose(pairs: Pairs) -> dict[str, float]:
    angles = [
        _step_angles(one.arrays["next_from_current"], other.arrays["next_from_current"])
        for one, other in pairs
    ]
    turned, moved = np.array(angles).T
    return {"rotation error deg": float(np.mean(turned)), "direction error deg": _mean(moved)}


def _step_angles(step: Map, known: Map) -> tuple[float, float]:
    poses = np.stack([np.eye(4), np.linalg.inv(known.astype(np.float64))])
    turned, moved = step_errors(step[None].astype(np.float64), poses)
    return float(turned[0]), float(moved[0])


_SCORES = {
    "depth": _depth,
    "labels": _labels,
    "flow": _flow,
    "moving": _moving,
    "disparity": _disparity,
    "next_from_current": _pose,
}


def _scene(maps: Maps) -> SceneFlowMaps:
    return SceneFlowMaps(*(maps.arrays.get(name) for name in (*_DISPARITIES, "flow")))


def _finite(flow: Map) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(flow).all(axis=2))


def _mean(values: Map) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else 0.0
