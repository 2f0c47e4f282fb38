"""From a network's tensors to the arrays that consumers see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from scene_perception.cityscapes import DYNAMIC
from scene_perception.frame import (
    UNKNOWN_LABEL,
    DepthEstimate,
    EgoMotion,
    Frame,
    MetricScale,
    MotionEstimate,
)
from scene_perception.pipelines.config import OutputConfig
from scene_perception.pipelines.device_preprocess import on_host
from scene_perception.pipelines.preprocess import NetworkInput

_SMALLEST = float(np.finfo(np.float32).tiny)
_MARGIN = 1.0 + 1e-5

Float = NDArray[np.float32]
Image = NDArray[Any]
Size = tuple[int, int]


def depth_estimate(
    frame: Frame,
    network_input: NetworkInput,
    outputs: Mapping[str, Tensor],
    scale: MetricScale,
    config: OutputConfig,
) -> DepthEstimate:
    """Return depth and labels of ``frame`` at the resolution that ``config`` asks for.

    Args:
        frame: the camera's image.
        network_input: the same frame as the network saw it.
        outputs: ``inverse_depth`` (1, 1, h, w), and ``labels`` (1, h, w) where they are known.
        scale: of the depth.
        config: resolution and valid range.
    """
    image, intrinsics = frame.image, frame.intrinsics
    if config.resolution == "network":
        height, width = network_input.image.shape[2:]
        image, intrinsics = resized(image, (width, height)), network_input.intrinsics
    size = (image.shape[1], image.shape[0])
    limits = (config.min_depth, config.max_depth)
    if "labels" in outputs:
        labels = resized(array(outputs["labels"]), size, cv2.INTER_NEAREST_EXACT)
    else:
        labels = np.full(image.shape[:2], UNKNOWN_LABEL, np.uint8)
    return DepthEstimate(
        stamp_ns=frame.stamp_ns,
        frame_id=frame.frame_id,
        depth=depth_image(array(outputs["inverse_depth"])[0], size, scale.factor, limits),
        labels=labels,
        image=image,
        intrinsics=intrinsics,
        scale=scale,
    )


def motion_estimate(
    depth: DepthEstimate,
    next_stamp_ns: int,
    outputs: Mapping[str, Tensor],
    ego_motion: EgoMotion | None,
    threshold: float,
) -> MotionEstimate:
    """Return the motion of the frame that ``depth`` describes, at its resolution.

    As published, the mask is decided at the network's resolution.

    Args:
        depth: of the same frame.
        next_stamp_ns: stamp of the frame after it.
        outputs: ``labels`` (1, h, w), ``flow`` (1, 2, h, w), ``motion_probability``
            (1, 1, h, w), as far as they are known.
        ego_motion: of the camera between the two frames, where it is known.
        threshold: motion probability above which a pixel moves.
    """
    size = (depth.image.shape[1], depth.image.shape[0])
    flow, probability, mask = None, None, None
    if "flow" in outputs:
        flow = flow_image(array(outputs["flow"]), size)
    if "motion_probability" in outputs:
        small = array(outputs["motion_probability"])[0]
        probability = resized(small, size)
        if "labels" in outputs:
            small_mask = mask_image(array(outputs["labels"]), small, threshold)
            mask = resized(small_mask, size, cv2.INTER_NEAREST_EXACT)
    return MotionEstimate(
        stamp_ns=depth.stamp_ns,
        next_stamp_ns=next_stamp_ns,
        frame_id=depth.frame_id,
        flow=flow,
        motion_probability=probability,
        motion_mask=mask,
        ego_motion=ego_motion,
        depth=depth,
    )


def depth_image(
    inverse_depth: Float, size: Size, factor: float, limits: tuple[float, float]
) -> Float:
    """Return depth at ``size`` (width, height), NaN outside ``limits`` and where not finite.

    Inverse depth is interpolated, not depth: it is what the network learnt, and it is
    bounded towards the horizon. # (h, w) -> (H, W)
    """
    depth = resized(inverse_depth, size)
    with np.errstate(divide="ignore"):
        np.divide(np.float32(factor), depth, out=depth)
    nearest, farthest = max(limits[0], _SMALLEST), limits[1]
    # Interpolation stays between its samples, so the small image tells for the large one; the
    # margin is for rounding. The comparison is False for NaN.
    lowest, highest = factor / farthest * _MARGIN, factor / nearest / _MARGIN
    if not (float(inverse_depth.min()) >= lowest and float(inverse_depth.max()) <= highest):
        depth[~((depth >= nearest) & (depth <= farthest))] = np.nan
    return depth


def flow_image(flow: Float, size: Size) -> Float:
    """Return flow at ``size`` (width, height), in px of that size. # (2, h, w) -> (H, W, 2)."""
    height, width = flow.shape[1:]
    pixels = np.empty((height, width, 2), dtype=np.float32)
    np.multiply(flow[0], np.float32(size[0] / width), out=pixels[..., 0])
    np.multiply(flow[1], np.float32(size[1] / height), out=pixels[..., 1])
    return pixels if (width, height) == size else resized(pixels, size)


def mask_image(labels: NDArray[np.uint8], probability: Float, threshold: float) -> Image:
    """Return 255 where a class that can move does, else 0, uint8. # (h, w).

    ``geometry.motion.motion_mask`` without PyTorch: on arrays of this size PyTorch's threads cost
    several times the work.
    """
    can_move = cv2.inRange(labels, DYNAMIC.start, DYNAMIC.stop - 1)
    return can_move * (probability > np.float32(threshold))


def array(tensor: Tensor) -> Image:
    """Return the tensor's first batch element on the host, possibly sharing its memory."""
    return on_host(tensor[0]).numpy()


def resized(image: NDArray[Any], size: Size, interpolation: int = cv2.INTER_LINEAR) -> NDArray[Any]:
    """Return a resized copy (half-pixel centres); never the array itself."""
    if (image.shape[1], image.shape[0]) == size:
        return image.copy()
    return cv2.resize(image, size, interpolation=interpolation)
