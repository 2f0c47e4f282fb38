"""What is true of a rendered sample, as the kinds of truth of ``offline.datasets.samples``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from offline.datasets.label_maps import ids_of
from offline.datasets.samples import Truth

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]
# By the names of ``training.batch``, without B, and ``world_from_camera``, float64 (4, 4).
Tensors = Mapping[str, Tensor]

_LAST_NUMBER = 255  # of a thing in an object map


def image_of(tensors: Tensors, role: str) -> NDArray[np.uint8]:
    """Return an image, RGB. # (H, W, 3) uint8."""
    return pixels_of(tensors[role])


def pixels_of(image: Tensor) -> NDArray[np.uint8]:
    """Return an image of 0..1 as bytes. # (3, H, W) -> (H, W, 3) uint8."""
    pixels = (image * 255).round().byte().permute(1, 2, 0)
    return np.ascontiguousarray(pixels.cpu().numpy())


def truth_of(kind: str, tensors: Tensors) -> Truth:
    """Return one of ``KINDS``.

    The sky has no depth and no disparity. What the next camera has behind it has no flow and
    no next disparity.
    """
    return KINDS[kind](tensors)


def plane(tensors: Tensors, name: str) -> NDArray[Any]:
    """Return a map of one value a pixel. # (H, W)."""
    value = tensors[name].cpu().numpy()
    return np.ascontiguousarray(value[0] if value.ndim == 3 else value)


def flow_of(tensors: Tensors) -> Float:
    """Return the flow to the next frame, px. # (H, W, 2)."""
    moved = tensors["flow_forward"].cpu().numpy()
    result: Float = np.ascontiguousarray(np.moveaxis(moved, 0, -1))
    return result


def object_map(tensors: Tensors) -> NDArray[np.uint8]:
    """Return 0 on what stands still, else the number of the thing that moves. # (H, W).

    Numbers are those of instances; from 256 on they begin again at 1.
    """
    moving, numbers = plane(tensors, "moving"), plane(tensors, "instances")
    wrapped = (numbers - 1) % _LAST_NUMBER + 1
    result: NDArray[np.uint8] = np.where(moving, wrapped, 0).astype(np.uint8)
    return result


def instance_map(tensors: Tensors) -> NDArray[np.uint16]:
    """Return KITTI's instances: 256 times the Cityscapes id, plus the thing's number. # (H, W)."""
    numbers = np.minimum(plane(tensors, "instances"), _LAST_NUMBER)
    ids = ids_of(plane(tensors, "labels")).astype(np.uint16)
    result: NDArray[np.uint16] = (256 * ids + numbers).astype(np.uint16)
    return result


def _flow_occ(tensors: Tensors) -> tuple[Float, Mask]:
    return _known_flow(tensors, plane(tensors, "flow_forward_known"))


def _flow_noc(tensors: Tensors) -> tuple[Float, Mask]:
    return _known_flow(tensors, plane(tensors, "flow_forward_known") & _inside_next(tensors))


def _known_flow(tensors: Tensors, known: Mask) -> tuple[Float, Mask]:
    return np.where(known[..., None], flow_of(tensors), np.float32(0)), known


def _disparity_occ_0(tensors: Tensors) -> Float:
    return _where(_solid(tensors), plane(tensors, "disparity"))


def _disparity_noc_0(tensors: Tensors) -> Float:
    disparity = plane(tensors, "disparity")
    return _where(_solid(tensors) & (_columns(disparity) - disparity >= 0), disparity)


def _disparity_occ_1(tensors: Tensors) -> Float:
    return _where(_solid(tensors) & _ahead(tensors), plane(tensors, "next_disparity"))


def _disparity_noc_1(tensors: Tensors) -> Float:
    """Return the next disparity where both images of the next pair show the point."""
    following = plane(tensors, "next_disparity")
    right = _columns(following) + flow_of(tensors)[..., 0] - following
    seen = _ahead(tensors) & _inside_next(tensors) & (right >= 0)
    return _where(_solid(tensors) & seen, following)


KINDS: Mapping[str, Callable[[Tensors], Truth]] = {
    "depth": lambda tensors: plane(tensors, "depth"),
    "flow_noc": _flow_noc,
    "flow_occ": _flow_occ,
    "disparity_noc_0": _disparity_noc_0,
    "disparity_occ_0": _disparity_occ_0,
    "disparity_noc_1": _disparity_noc_1,
    "disparity_occ_1": _disparity_occ_1,
    "object_map": object_map,
    "labels": lambda tensors: plane(tensors, "labels"),
    "label_ids": lambda tensors: ids_of(plane(tensors, "labels")),
    "world_from_camera": lambda tensors: tensors["world_from_camera"].cpu().numpy(),
}


def _solid(tensors: Tensors) -> Mask:
    """Return where something other than the sky is seen. # (H, W)."""
    return plane(tensors, "depth") > 0


def _ahead(tensors: Tensors) -> Mask:
    """Return where the next camera has the point in front of it. # (H, W)."""
    result: Mask = plane(tensors, "next_disparity_known")
    return result


def _inside_next(tensors: Tensors) -> Mask:
    """Return where the next left image has the point's place. # (H, W)."""
    flow = flow_of(tensors)
    height, width = flow.shape[:2]
    x = _columns(flow[..., 0]) + flow[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] + flow[..., 1]
    inside: Mask = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return inside


def _columns(like: Float) -> Float:
    """Return every pixel's column. # (1, W)."""
    return np.arange(like.shape[1], dtype=np.float32)[None]


def _where(known: Mask, values: Float) -> Float:
    return np.where(known, values, np.float32(np.nan))
