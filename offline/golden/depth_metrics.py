"""Published depth evaluations in a golden case: ground truth maps and the numbers from them.

Scans, calibrations and predictions are those of ``inputs_kitti_raw.npz`` beside the case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import torch

from offline.datasets.velodyne import project_velodyne, through_png
from offline.golden.case import Array, Case
from offline.metrics.depth import METRICS, DepthScore, depth_at_truth, mean_depth, score_depth
from offline.metrics.depth_protocol import DepthProtocol
from offline.metrics.depth_resize import resize_opencv, resize_spline
from offline.metrics.protocols import (
    INSTA_DM_DEPTH,
    OMEGANET_DEPTH,
    PROTOCOLS,
    SEMSEG_DEPTH,
    SGDEPTH_DEPTH,
)
from scene_perception.models.sgdepth_scene import inverse_depth_from_sigmoid

_RAW = ("files", "sizes", "pred_depth", "pred_sigmoid")
_GIVEN = re.compile(
    r"(calib|velo)_.*|sizes|files|pred_(depth|sigmoid|inverse_depth.*)|running_pred"
)
_TRAINING_SIZE = re.compile(r"train_depth_(?P<height>\d+)x(?P<width>\d+)_(?P<frame>\d+)")
_FACTOR = re.compile(r"ratios_fixed(?P<factor>\d+)_eigen_crop")


def inputs(case: Case) -> set[str]:
    """Return the names of a case's arrays that depth metrics are computed from."""
    if not any(name.startswith("gt_depth_") for name in case):
        return set()
    # What cancels in the median is no result: omegaNet's focal lengths and baselines.
    return {name for name in case if _GIVEN.fullmatch(name)} | (case.keys() & {"focal_baseline"})


def arrays(case: Case, _: int) -> dict[str, Array]:
    """Return our arrays for a case, by its names; none for a case of another kind.

    Raises:
        ValueError: for a case of depth without the scans and predictions beside it.
    """
    if not any(name.startswith("gt_depth_") for name in case):
        return {}
    if not case.keys() >= set(_RAW):
        raise ValueError(f"case needs {', '.join(_RAW)} of inputs_kitti_raw.npz beside it")
    kind = next(kind for name, kind in _KINDS.items() if name in case)
    return kind(case)


def _omeganet(case: Case) -> dict[str, Array]:
    truths = [_scan(case, frame, "forward") for frame in _frames(case)]
    depths = [
        depth_at_truth(case[f"pred_inverse_depth_fullres_{i}"], truth.shape, OMEGANET_DEPTH)
        for i, truth in enumerate(truths)
    ]
    return {
        **_numbered("gt_depth", truths),
        "gt_depth_camera_z_0": _scan(case, 0, "z"),
        "gt_depth_cam3_0": _scan(case, 0, "forward", camera=3),
        **_evaluation(depths, truths, OMEGANET_DEPTH),
    }


def _insta_dm(case: Case) -> dict[str, Array]:
    truths = [_scan(case, frame, "forward") for frame in _frames(case)]
    depths = [
        resize_opencv(depth, *truth.shape)
        for depth, truth in zip(case["pred_depth"], truths, strict=True)
    ]
    return {**_numbered("gt_depth", truths), **_evaluation(depths, truths, INSTA_DM_DEPTH)}


def _semseg(case: Case) -> dict[str, Array]:
    truths = [_scan(case, frame, "z") for frame in _frames(case)]
    depths = [
        resize_spline(depth, *truth.shape)
        for depth, truth in zip(case["pred_depth"], truths, strict=True)
    ]
    training = {}
    for name in case:
        if match := _TRAINING_SIZE.fullmatch(name):
            size = int(match["height"]), int(match["width"])
            training[name] = _scan(case, int(match["frame"]), "z", size=size)
    return {
        **_numbered("gt_depth", truths),
        **_numbered("pred_zoomed", depths),
        **_evaluation(depths, truths, SEMSEG_DEPTH),
        **training,
        **_running(case, truths),
    }


def _running(case: Case, truths: Sequence[Array]) -> dict[str, Array]:
    """Score a batch of frames 0 and 1, then one of frame 0 alone."""
    results = {}
    for name, variant in (("kitti", "running"), ("cityscapes", "running_cityscapes")):
        protocol = replace(PROTOCOLS["semseg"].depth_variants[variant], batch_size=2)
        scores = [
            score_depth(case["running_pred"][frame], truths[frame], protocol) for frame in (0, 1, 0)
        ]
        for suffix, part in (("", scores), ("_first_batch", scores[:2])):
            means = mean_depth(part, protocol)
            numbers = [means[metric] for metric in ("abs_diff", *METRICS)]
            results[f"running_{name}{suffix}"] = np.array(numbers)
    return results


def _sgdepth(case: Case) -> dict[str, Array]:
    truths = [through_png(_scan(case, frame, "z")) for frame in _frames(case)]
    results = _numbered("gt_depth_png", [256 * truth for truth in truths])
    inverse_depths = inverse_depth_from_sigmoid(torch.from_numpy(case["pred_sigmoid"])).numpy()
    factors = [int(match["factor"]) for name in case if (match := _FACTOR.fullmatch(name))]
    masks = {
        "eigen_crop": SGDEPTH_DEPTH,
        "all_positive": PROTOCOLS["sgdepth"].depth_variants["kitti2015"],
    }
    for mask, rules in masks.items():
        fixed = {f"fixed{f}": replace(rules, scaling="fixed", factor=f) for f in factors}
        for name, protocol in {"median": rules, **fixed}.items():
            depths = [
                depth_at_truth(inverse_depth, truth.shape, protocol)
                for inverse_depth, truth in zip(inverse_depths, truths, strict=True)
            ]
            results |= _evaluation(depths, truths, protocol, f"_{name}_{mask}")
    return results


def _evaluation(
    depths: Sequence[Array], truths: Sequence[Array], protocol: DepthProtocol, suffix: str = ""
) -> dict[str, Array]:
    scores = [
        score_depth(depth, truth.astype(np.float32), protocol)
        for depth, truth in zip(depths, truths, strict=True)
    ]
    means = mean_depth(scores, protocol)
    return {
        f"metrics{suffix}": np.array([_numbers(score) for score in scores]),
        f"mean{suffix}": np.array([means[name] for name in METRICS]),
        f"ratios{suffix}": np.array([score.scale for score in scores]),
    }


def _numbers(score: DepthScore) -> list[float]:
    return [getattr(score, name) for name in METRICS]


def _frames(case: Case) -> range:
    return range(len(case["files"]))


def _numbered(name: str, values: Sequence[Array]) -> dict[str, Array]:
    return {f"{name}_{index}": value for index, value in enumerate(values)}


def _scan(
    case: Case, frame: int, value: str, *, camera: int = 2, size: tuple[int, int] | None = None
) -> Array:
    """Return a scan's depth map, at the image's size or projected at another. # (H, W)."""
    height, width = (int(length) for length in case["sizes"][frame])
    date = str(case["files"][frame]).split("/", maxsplit=1)[0]
    calibration = {
        key: case[f"calib_{date}_{key}"] for key in ("R_rect_00", f"P_rect_0{camera}", "R", "T")
    }
    projection = calibration[f"P_rect_0{camera}"].reshape(3, 4).copy()
    rotation, camera_from_velodyne = np.eye(4), np.eye(4)
    rotation[:3, :3] = calibration["R_rect_00"].reshape(3, 3)
    camera_from_velodyne[:3, :3] = calibration["R"].reshape(3, 3)
    camera_from_velodyne[:3, 3] = calibration["T"]
    if size is not None:
        projection[0] *= size[1] / width
        projection[1] *= size[0] / height
    image_from_velodyne = projection @ rotation @ camera_from_velodyne
    shape = size or (height, width)
    return project_velodyne(case[f"velo_{frame}"], image_from_velodyne, shape, value)


# By an array that no other system's case has; Insta-DM's has none of its own.
_KINDS: Mapping[str, Callable[[Case], dict[str, Array]]] = MappingProxyType(
    {
        "focal_baseline": _omeganet,
        "gt_depth_png_0": _sgdepth,
        "running_pred": _semseg,
        "gt_depth_0": _insta_dm,
    }
)
