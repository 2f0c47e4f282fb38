"""Insta-DM's geometry in a golden case, computed from the case's own inputs.

Images are golden images: those of a batch have the seeds ``seed``, ``seed + 3``, ... and the
size of the case's maps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from offline.golden.case import Array, Case
from offline.golden.stand_ins import golden_image
from offline.losses.flow_warp import flow_warp, splat
from offline.losses.forward_warp import ForwardWarp, forward_warp
from offline.losses.inverse_warp import (
    DepthWarp,
    back_project,
    depth_to_flow,
    inverse_warp,
    inverse_warp_with_depth,
)
from offline.losses.motion_field import MotionWarp, field_rotation, warp_by_motion_field
from offline.losses.pose_vectors import opposite_angles, quaternion_pose_matrix
from scene_perception.geometry.se3 import compose, pose_matrix

_SEED_STEP = 3  # from one sample of a batch to the next

_ROW, _COLUMN = 30, 40  # the pixel of mof_matrix_pixel


class Inputs:
    """The given arrays of a case as tensors, and the images that belong to them."""

    def __init__(self, case: Case, seed: int) -> None:
        self._case, self._seed = case, seed

    def __getitem__(self, name: str) -> Tensor:
        array = self._case[name]
        return torch.from_numpy(array.astype(np.float32) if array.dtype == np.uint8 else array)

    def pose(self, name: str = "pose") -> Tensor:
        """Return the transforms of pose vectors. # (B, 4, 4)."""
        return pose_matrix(self[name], clip=False)

    def images(self, like: str, offset: int = 0) -> Tensor:
        """Return golden images -1..1 of the batch and size of an array. # (B, 3, H, W).

        Args:
            like: name of the array. # (B, ..., H, W)
            offset: of the seeds.
        """
        batch, *_, height, width = self._case[like].shape
        seeds = [self._seed + offset + _SEED_STEP * sample for sample in range(batch)]
        images = np.stack([golden_image(seed, height, width) for seed in seeds])
        unit = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().float() / 255
        return (unit - 0.5) / 0.5


@dataclass(frozen=True)
class _Operation:
    """The arrays that one function gives, and the given arrays that it reads."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    compute: Callable[[Inputs], tuple[Tensor, ...]]

    def is_of(self, case: Case) -> bool:
        return case.keys() >= set(self.inputs) and not case.keys().isdisjoint(self.outputs)


def inputs(case: Case) -> set[str]:
    """Return the names of a case's arrays that its operations of geometry read."""
    return {name for operation in _OPERATIONS if operation.is_of(case) for name in operation.inputs}


@torch.inference_mode()
def arrays(case: Case, seed: int) -> dict[str, Array]:
    """Return our arrays for the operations of geometry that a case names and has inputs for.

    Args:
        case: given arrays and results by their names.
        seed: of the first image.

    Raises:
        ValueError: naming the inputs of an operation that do not fit together.
    """
    found: dict[str, Array] = {}
    given = Inputs(case, seed)
    for operation in _OPERATIONS:
        if operation.is_of(case):
            results = zip(operation.outputs, _results(operation, case, given), strict=True)
            found |= {name: result.numpy() for name, result in results if name in case}
    return found


def _results(operation: _Operation, case: Case, given: Inputs) -> tuple[Tensor, ...]:
    try:
        return operation.compute(given)
    except (ValueError, RuntimeError, IndexError) as error:
        read = ", ".join(f"{n} {case[n].dtype}{case[n].shape}" for n in operation.inputs)
        names = ", ".join(operation.outputs)
        raise ValueError(f"{names} cannot be computed from {read}: {error}") from error


def _vectors(given: Inputs) -> tuple[Tensor, ...]:
    euler = given.pose("vec")
    quaternion = quaternion_pose_matrix(given["vec"])
    return euler[:, :3], quaternion[:, :3], opposite_angles(euler[:, :3, :3])


def _points(given: Inputs) -> tuple[Tensor, ...]:
    return (back_project(given["depth_target"], given["K"]),)


def _inverse_warps(given: Inputs) -> tuple[Tensor, ...]:
    image, depth = given.images("depth_target"), given["depth_target"]
    zeros, valid = inverse_warp(image, depth, given.pose(), given["K"])
    border, valid_border = inverse_warp(image, depth, given.pose(), given["K"], "border")
    return zeros, valid[:, 0], border, valid_border[:, 0]


def _warp_with_depth(given: Inputs, *poses: str, border: bool = False) -> DepthWarp:
    transform = given.pose(poses[0])
    for name in poses[1:]:
        transform = compose(transform, given.pose(name))
    return inverse_warp_with_depth(
        given.images("depth_target"),
        given["depth_ref"],
        given["depth_target"],
        transform,
        given["K"],
        "border" if border else "zeros",
    )


def _chain(given: Inputs) -> tuple[Tensor, ...]:
    warp = _warp_with_depth(given, "pose", "pose_second")
    return warp.image, warp.valid, warp.projected_depth, warp.computed_depth


def _forward_warp(given: Inputs, image: Tensor, enlargement: int) -> ForwardWarp:
    depth, intrinsics = given["depth_ref"], given["K"]
    return forward_warp(image, depth, given.pose(), intrinsics, enlargement=enlargement)


def _forward(given: Inputs) -> tuple[Tensor, ...]:
    layers = torch.cat([given.images("depth_ref"), given["forward_masks"]], 1)
    return _forward_warp(given, layers, 3)


def _forward_plain(given: Inputs) -> tuple[Tensor, ...]:
    return _forward_warp(given, given.images("depth_ref"), 1)


def _motion_field(given: Inputs) -> MotionWarp:
    return warp_by_motion_field(
        given.images("depth_target"),
        given["depth_ref"],
        given["depth_target"],
        given["motion_field"],
        given["K"],
    )


def _matrix_of_pixel(given: Inputs) -> tuple[Tensor, ...]:
    field = given["motion_field"]
    translation = field[:, :3, _ROW, _COLUMN, None]
    return (torch.cat([field_rotation(field), translation], 2),)


def _flow_warp(given: Inputs) -> tuple[Tensor, ...]:
    return flow_warp(given.images("flow"), given["flow"])


def _depth_to_flow(given: Inputs) -> tuple[Tensor, ...]:
    return depth_to_flow(given["depth_target"], given.pose(), given["K"])


def _flow_reversal(given: Inputs) -> tuple[Tensor, ...]:
    flow = given["flow"]
    summed, weight = splat(flow, flow)
    return summed, weight.expand_as(summed)


def _names(stem: str, *parts: str) -> tuple[str, ...]:
    return (stem, *(f"{stem}_{part}" for part in parts))


_RIGID = ("depth_target", "pose", "K")
_BOTH = (*_RIGID, "depth_ref")
_WARP = ("valid", "projected", "computed")
_OPERATIONS = (
    _Operation(("vec",), ("vec_matrix_euler", "vec_matrix_quat", "vec_euler_back"), _vectors),
    _Operation(("depth_target", "K"), ("cam_coords",), _points),
    _Operation(
        _RIGID,
        (*_names("inverse_warp_zeros", "valid"), *_names("inverse_warp_border", "valid")),
        _inverse_warps,
    ),
    _Operation(
        _BOTH, _names("inverse_warp2_zeros", *_WARP), lambda given: _warp_with_depth(given, "pose")
    ),
    _Operation(
        _BOTH,
        _names("inverse_warp2_border", *_WARP),
        lambda given: _warp_with_depth(given, "pose", border=True),
    ),
    _Operation((*_BOTH, "pose_second"), _names("inverse_warp2_chain", *_WARP), _chain),
    _Operation(
        ("depth_ref", "pose", "K", "forward_masks"),
        _names("forward_warp", "depth", "valid"),
        _forward,
    ),
    _Operation(
        ("depth_ref", "pose", "K"),
        tuple(f"{name}_up1" for name in _names("forward_warp", "depth", "valid")),
        _forward_plain,
    ),
    _Operation(
        ("motion_field", "depth_target", "depth_ref", "K"),
        ("mof_warp", "mof_valid", "mof_projected", "mof_computed", "mof_flow"),
        _motion_field,
    ),
    _Operation(("motion_field",), ("mof_matrix_pixel",), _matrix_of_pixel),
    _Operation(("flow",), _names("flow_warp", "valid"), _flow_warp),
    _Operation(_RIGID, _names("depth2flow", "valid"), _depth_to_flow),
    _Operation(("flow",), _names("flow_reversal", "weight"), _flow_reversal),
)
