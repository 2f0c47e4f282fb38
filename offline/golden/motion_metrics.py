"""Published evaluations of flow, scene flow and trajectories in a golden case."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from offline.golden.case import Array, Case
from offline.kitti_files import decode_disparity, decode_flow
from offline.metrics.flow import conclude_flow, end_point_error, score_flow
from offline.metrics.protocols import OMEGANET_FLOW, PROTOCOLS
from offline.metrics.scene_flow import (
    SceneFlowCounts,
    SceneFlowMaps,
    conclude_scene_flow,
    count_scene_flow,
    flow_with_holes,
)
from offline.metrics.trajectory import window_errors

_GIVEN = re.compile(
    r"gt_(noc|occ)_png_\d+|pred_(png|float)_\d+|obj_map_\d+|helper_(gt|pred)_\d+ch|"
    r"(disp_(noc|occ)|pred_disp)_[01]_png_\d+|(flow_(noc|occ)|pred_flow)_png_\d+|"
    r"gt_global|pred_cam_T_cam_0_1"
)
_SETS = ("noc", "occ")
_STATISTICS = ("bg", "bg_estimated", "fg", "fg_estimated", "all", "all_estimated", "density")


def inputs(case: Case) -> set[str]:
    """Return the names of a case's arrays that metrics are computed from."""
    return {name for name in case if _GIVEN.fullmatch(name)} if _kind(case) else set()


def arrays(case: Case, _: int) -> dict[str, Array]:
    """Return our arrays for a case, by its names; none for a case of another kind."""
    kind = _kind(case)
    return kind(case) if kind else {}


def _kind(case: Case) -> Callable[[Case], dict[str, Array]] | None:
    return next((kind for name, kind in _KINDS.items() if name in case), None)


def _omeganet_flow(case: Case) -> dict[str, Array]:
    frames = range(sum(name.startswith("pred_png_") for name in case))
    flows = [decode_flow(case[f"pred_png_{frame}"])[0] for frame in frames]
    results: dict[str, Array] = {f"pred_decoded_{frame}": flow for frame, flow in enumerate(flows)}
    for pixels in _SETS:
        scores = [
            score_flow(flow, *decode_flow(case[f"gt_{pixels}_png_{frame}"]), None, OMEGANET_FLOW)
            for frame, flow in enumerate(flows)
        ]
        images = [conclude_flow([score], OMEGANET_FLOW) for score in scores]
        means = conclude_flow(scores, OMEGANET_FLOW)
        results |= {
            f"{pixels}_epe": np.array([image["epe"] for image in images]),
            f"{pixels}_inlier": np.array([1 - image["fl_all"] / 100 for image in images]),
            f"mean_{pixels}_epe": np.array(means["epe"]),
            f"f1_{pixels}_percent": np.array(means["fl_all"]),
        }
    return results


def _dwarf(case: Case) -> dict[str, Array]:
    frames = range(sum(name.startswith("obj_map_") for name in case))
    results: dict[str, Array] = {}
    for pixels in _SETS:
        kinds = {
            "d1": f"disp_{pixels}_0",
            "d2": f"disp_{pixels}_1",
            "fl": f"flow_{pixels}",
            "sf": f"scene_flow_{pixels}",
        }
        counts = [_counts(case, frame, pixels) for frame in frames]
        for measure, kind in kinds.items():
            results[f"stats_{kind}"] = _shares(counts, measure)
            for frame, count in enumerate(counts):
                results[f"per_image_errors_{kind}_{frame:06d}"] = _shares([count], measure)
    return {**results, **_helper(case)}


def _counts(case: Case, frame: int, pixels: str) -> SceneFlowCounts:
    prediction = _maps(case, "pred_disp", "pred_flow", frame)
    truth = _maps(case, f"disp_{pixels}", f"flow_{pixels}", frame)
    return count_scene_flow(prediction, truth, case[f"obj_map_{frame}"])


def _maps(case: Case, disparity: str, flow: str, frame: int) -> SceneFlowMaps:
    return SceneFlowMaps(
        decode_disparity(case[f"{disparity}_0_png_{frame}"]),
        decode_disparity(case[f"{disparity}_1_png_{frame}"]),
        flow_with_holes(*decode_flow(case[f"{flow}_png_{frame}"])),
    )


def _shares(counts: list[SceneFlowCounts], measure: str) -> Array:
    figures = conclude_scene_flow(counts)
    return np.array([figures[f"{measure}_{name}"] / 100 for name in _STATISTICS])


def _helper(case: Case) -> dict[str, Array]:
    results = {}
    for name in case:
        if name.startswith("helper_pred_"):
            kind = name.removeprefix("helper_pred_")
            figures = end_point_error(case[name], case[f"helper_gt_{kind}"])
            results[f"helper_epe_{kind}"] = np.array(figures["epe"])
            results[f"helper_outlier_percent_{kind}"] = np.array(figures["outliers"])
    return results


def _sgdepth_pose(case: Case) -> dict[str, Array]:
    truth = np.tile(np.eye(4), (len(case["gt_global"]), 1, 1))
    truth[:, :3] = case["gt_global"]
    window = PROTOCOLS["sgdepth"].trajectory.window
    errors = window_errors(case["pred_cam_T_cam_0_1"], truth, window)
    return {"ate_mean": errors.mean(), "ate_std": errors.std()}


_KINDS: Mapping[str, Callable[[Case], dict[str, Array]]] = MappingProxyType(
    {
        "pred_decoded_0": _omeganet_flow,
        "pred_disp_0_png_0": _dwarf,
        "gt_global": _sgdepth_pose,
    }
)
