"""Insta-DM's side of a golden case: the same arrays, computed by our networks."""

from __future__ import annotations

import copy
import re

import torch
from torch import Tensor

from offline.golden import (
    insta_dm_geometry,
    insta_dm_losses,
    insta_dm_metrics,
    insta_dm_training,
)
from offline.golden.case import Array, Case, network_or_operations
from offline.golden.network_inputs import (
    Shapes,
    feature_statistics,
    frame,
    image_size,
    require_variables,
)
from scene_perception.checkpoints.insta_dm import NETWORKS, name_map
from scene_perception.geometry.disparity import depth_from_inverse_depth
from scene_perception.geometry.se3 import pose_matrix
from scene_perception.models.insta_dm import DispNet, EgoPoseNet, ObjectPoseNet
from scene_perception.models.layers import check_image_size
from scene_perception.models.resnet import STRIDE

_PUBLISHED_SIZE = (256, 832)
_TELLS_SIZE = re.compile(r"disp_(eval|train)_(?P<n>\d)|depth_eval")
_EGO_MOTION = re.compile(r"ego_(pose|matrix)_(?P<first>\d)_(?P<second>\d)(?P<train>_train)?")
_BOXES = ("obj_boxes_a", "obj_boxes_b")


@torch.inference_mode()
def network_arrays(case: Case, shapes: Shapes, seed: int) -> dict[str, Array]:
    """Return our arrays for a case of the networks' outputs, by its names.

    Args:
        case: says the images' size and holds the boxes of the objects.
        shapes: of every published entry, by network and name: ``dispnet/...``.
        seed: of the first of three frames.

    Raises:
        ValueError: if the entries do not make an Insta-DM, or the arrays' size is none that it
            can take.
    """
    require_variables(shapes)
    size = image_size(case, _TELLS_SIZE) or _PUBLISHED_SIZE
    check_image_size(*size, multiple=STRIDE, minimum=2 * STRIDE)
    network = insta_dm_training.insta_dm(shapes).eval()
    frames = [frame(seed + n, *size) for n in range(3)]
    tensors = _depth_arrays(network.disp_net, frames[1]) | _trained(network.disp_net, frames[1])
    if network.ego_pose_net is not None:
        for name in case:
            match = _EGO_MOTION.fullmatch(name)
            if match:
                tensors[name] = _ego_motion(network.ego_pose_net, match, frames)
    if network.object_pose_net is not None and case.keys() >= set(_BOXES):
        tensors |= _object_motion(network.object_pose_net, case, frames)
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def _depth_arrays(network: DispNet, image: Tensor) -> dict[str, Tensor]:
    features = network.encode(image)
    disparities = network.decode(features)
    return {
        **{f"disp_eval_{n}": disparity[0, 0] for n, disparity in enumerate(disparities)},
        "depth_eval": depth_from_inverse_depth(disparities[0])[0, 0],
        "disp_encoder_stats": feature_statistics(features),
    }


def _trained(network: DispNet, image: Tensor) -> dict[str, Tensor]:
    """Return depth in training mode, and what running statistics it leaves."""
    network = copy.deepcopy(network).train()
    arrays = {"disp_train_0": network(image).inverse_depth[0, 0]}
    state = network.state_dict()
    for published, name in name_map("dispnet").items():
        if name is not None and "running_" in name:
            ours = name.removeprefix(f"{NETWORKS['dispnet']}.")
            arrays[f"after:{published}"] = state[ours]
    return arrays


def _ego_motion(network: EgoPoseNet, match: re.Match[str], frames: list[Tensor]) -> Tensor:
    """Return the vector or the 3x4 matrix that the name ``match`` asks for."""
    if match["train"]:
        network = copy.deepcopy(network).train()
    vector = network.vector(frames[int(match["first"])], frames[int(match["second"])])
    return pose_matrix(vector, clip=False)[0, :3] if match[1] == "matrix" else vector[0]


def _object_motion(network: ObjectPoseNet, case: Case, frames: list[Tensor]) -> dict[str, Tensor]:
    """Return the motion of a batch of instances, given by boxes in the last two frames."""
    first_boxes, second_boxes = (case[name] for name in _BOXES)
    first = frames[1].expand(len(first_boxes), -1, -1, -1)
    second = frames[2].expand(len(second_boxes), -1, -1, -1)
    masks, second_masks = _masks(first_boxes, first), _masks(second_boxes, second)
    return {
        "obj_pose": network(first, second, masks, second_masks),
        "obj_pose_swapped": network(second, first, second_masks, masks),
    }


def _masks(boxes: Array, like: Tensor) -> Tensor:
    """Return 1 inside boxes ``y0 y1 x0 x1``, ends excluded, else 0. # (B, 1, H, W)."""
    masks = torch.zeros_like(like[:, :1])
    for mask, (top, bottom, left, right) in zip(masks, boxes.tolist(), strict=True):
        mask[:, top:bottom, left:right] = 1
    return masks


INSTA_DM_CASES = network_or_operations(
    network_arrays,
    insta_dm_geometry,
    insta_dm_losses,
    insta_dm_metrics,
    given=_BOXES,
    step=insta_dm_training,
)
