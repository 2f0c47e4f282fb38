"""OmegaNet's single operations in a golden case, computed from the case's own inputs."""

from __future__ import annotations

import re

import numpy as np
import torch

from offline.golden.case import Array, Case, Operation, batched, published_layout
from scene_perception.geometry.disparity import depth_from_inverse_depth, normalize_inverse_depth
from scene_perception.geometry.motion import dynamic_prior, motion_probability
from scene_perception.geometry.se3 import pose_matrix
from scene_perception.geometry.warp import resize_flow, rigid_flow, warp_by_flow
from scene_perception.models.correlation import correlation, l2_normalize
from scene_perception.models.dsnet import labels_from_logits
from scene_perception.models.layers import resize_bilinear, resize_nearest

_SEARCH_RANGE = (4, 4)
_OUTPUT = re.compile(r"(?P<operation>\w+?)(_(?P<height>\d+)x(?P<width>\d+))?")


def operation_inputs(case: Case) -> set[str]:
    """Return the names of a case's arrays that are inputs of single operations."""
    return {name for name in case if "_in_" in name or name.endswith("_in")}


def operation_arrays(case: Case) -> dict[str, Array]:
    """Return the output of every operation that we know, the case names and has inputs for.

    Raises:
        ValueError: naming the output whose inputs do not fit together.
    """
    arrays: dict[str, Array] = {}
    for name in case:
        match = _OUTPUT.fullmatch(name)
        operation = _OPERATIONS.get(match["operation"]) if match else None
        if match is None or operation is None or not operation.can_read(case):
            continue
        size = [int(match[axis]) for axis in ("height", "width") if match[axis]]
        if bool(size) == operation.sized:
            arrays[name] = operation.apply(name, case, *size)
    return arrays


def _warp(case: Case) -> Array:
    features, flow = batched(case["warp_in_features"]), batched(case["warp_in_flow"])
    return published_layout(warp_by_flow(features, flow))


def _cost(case: Case) -> Array:
    target, source = (l2_normalize(batched(case[f"cost_in_x{n}"])) for n in (1, 2))
    return published_layout(correlation(target, source, _SEARCH_RANGE))


def _flow_resize(case: Case, height: int, width: int) -> Array:
    return published_layout(resize_flow(batched(case["flowresize_in"]), height, width))


def _rigid_matrix(case: Case) -> Array:
    return pose_matrix(torch.from_numpy(case["rigid_in_pose"])).numpy()


def _rigid_flow(case: Case) -> Array:
    transforms = pose_matrix(torch.from_numpy(case["rigid_in_pose"]))
    count = len(transforms)
    depth = batched(case["rigid_in_depth"]).expand(count, -1, -1, -1)
    intrinsics = torch.from_numpy(case["rigid_in_intrinsics"]).expand(count, 3, 3)
    return rigid_flow(depth, transforms, intrinsics).permute(0, 2, 3, 1).numpy()


def _motion(case: Case) -> Array:
    optical, rigid = batched(case["motion_in_optical"]), batched(case["motion_in_rigid"])
    return motion_probability(optical, rigid)[0, 0].numpy()


def _inverse_depth(case: Case, height: int, width: int) -> Array:
    raw = normalize_inverse_depth(batched(case["disp_in_raw"]))
    network_size = resize_bilinear(raw, *_network_size(case))
    return resize_bilinear(network_size, height, width)[0, 0].numpy()


def _network_size(case: Case) -> tuple[int, int]:
    """Return the size that inverse depth is first resized to: the depth's, else twice its own."""
    for name in case:
        match = _OUTPUT.fullmatch(name)
        if match and match["operation"] == "depth_out" and match["height"]:
            return int(match["height"]), int(match["width"])
    height, width = case["disp_in_raw"].shape
    return 2 * height, 2 * width


def _depth(case: Case, height: int, width: int) -> Array:
    inverse_depth = torch.from_numpy(_inverse_depth(case, height, width))
    return depth_from_inverse_depth(inverse_depth).numpy()


def _labels(case: Case, height: int, width: int) -> Array:
    logits = batched(case["semantic_in_logits"].astype(np.float32))
    return labels_from_logits(logits, height, width)[0].numpy()


def _prior(case: Case, height: int, width: int) -> Array:
    return dynamic_prior(torch.from_numpy(_labels(case, height, width))).numpy()


def _mask(case: Case, height: int, width: int) -> Array:
    return resize_nearest(batched(case["mask_in"]), height, width)[0, 0].numpy()


_RIGID = ("rigid_in_depth", "rigid_in_pose", "rigid_in_intrinsics")
_OPERATIONS = {
    "warp_out": Operation(("warp_in_features", "warp_in_flow"), _warp),
    "cost_out": Operation(("cost_in_x1", "cost_in_x2"), _cost),
    "flowresize_out": Operation(("flowresize_in",), _flow_resize, sized=True),
    "rigid_out_matrix": Operation(("rigid_in_pose",), _rigid_matrix),
    "rigid_out_flow": Operation(_RIGID, _rigid_flow),
    "motion_out_probability": Operation(("motion_in_optical", "motion_in_rigid"), _motion),
    "disp_out": Operation(("disp_in_raw",), _inverse_depth, sized=True),
    "depth_out": Operation(("disp_in_raw",), _depth, sized=True),
    "semantic_out": Operation(("semantic_in_logits",), _labels, sized=True),
    "prior_out": Operation(("semantic_in_logits",), _prior, sized=True),
    "mask_out": Operation(("mask_in",), _mask, sized=True),
}
