"""Loss terms of OmegaNet's parts and of DWARF against the truth of a batch, not yet weighted."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from offline.losses.camera_supervised import (
    intrinsics_loss,
    rigid_flow_loss,
    rotation_loss,
    translation_loss,
    true_rigid_flow,
)
from offline.losses.depth_supervised import (
    at_scale,
    depth_loss,
    edge_loss,
    label_loss,
    log_ratio,
    log_scale,
    sky_loss,
)
from offline.losses.flow_supervised import multi_level_loss
from offline.training import truth
from offline.training.batch import Batch
from offline.training.dwarf_motions import Motions
from scene_perception.geometry.disparity import normalize_inverse_depth
from scene_perception.geometry.se3 import pose_matrix
from scene_perception.geometry.warp import resize_flow
from scene_perception.models.camera_net import CameraNet, CameraOutputs
from scene_perception.models.dsnet import DSNetPrediction
from scene_perception.models.dwarf_decoder import UNIT_PX
from scene_perception.models.dwarf_refinement import full_size as full_size_px
from scene_perception.models.sd_ofnet import LEVELS, SDOFNet, full_size

Terms = dict[str, Tensor]
# The sum over the axes of a camera's turns, degrees: 0.1 of them moves the image by about 1 px.
_ROTATION = 1.0
_EDGES = 0.5
_SKY = 0.1


class FlowPredictions(NamedTuple):
    """Both directions' flow; the batch holds B forward, then B backward items.

    Attributes:
        levels: number n -> px of that level. # (2B, 2, H / 2^n, W / 2^n)
        refined: px; the finest level enlarged, if that is a coarser one than 2. # (2B, 2, H, W)
    """

    levels: dict[int, Tensor]
    refined: Tensor


def predict_flow(
    network: SDOFNet,
    previous: Tensor,
    current: Tensor,
    following: Tensor,
    *,
    finest: int = LEVELS[0],
) -> FlowPredictions:
    """Run SD-OFNet in training: levels 6 to ``finest``, both directions refined at level 2."""
    pyramids = [network.encoder(image) for image in (previous, current, following)]
    estimates = network.decoder.estimate(*pyramids, finest=finest)
    levels = {n: e.flow for n, e in zip(reversed(LEVELS), estimates, strict=False)}
    if finest > LEVELS[0]:
        return FlowPredictions(levels, resize_flow(levels[finest], *current.shape[2:]))
    refined = network.decoder.context(network.decoder.refinement_input(estimates[-1]))
    return FlowPredictions(levels, full_size(refined))


def predict_camera(
    network: CameraNet, previous: Tensor, current: Tensor, following: Tensor
) -> CameraOutputs:
    """Run CameraNet, whose three encodings are one batch: the same statistics for each frame."""
    count = current.shape[0]
    # Poses in half precision would move far points by pixels.
    with torch.autocast(current.device.type, enabled=False):
        images = torch.cat([previous, current, following])
        features = network.encoder(images).camera_features
        outputs: CameraOutputs = network.decoder(*features.split(count))
    return outputs


def depth_term(prediction: DSNetPrediction, batch: Batch) -> Tensor:
    """Return the loss of depth with its edges and the sky."""
    metres = truth.depth(batch)
    finest, near = prediction.inverse_depths[0], at_scale(metres, 1)
    return (
        depth_loss(prediction.inverse_depths, metres)
        + _EDGES * edge_loss(finest, near)
        + _SKY * sky_loss(finest, near, at_scale(truth.labels(batch), 1))
    )


def semantics_term(prediction: DSNetPrediction, batch: Batch) -> Tensor:
    """Return the loss of labels."""
    return label_loss(prediction.logits, at_scale(truth.labels(batch), 1))


def depth_units(prediction: DSNetPrediction, batch: Batch) -> Tensor:
    """Return units of DSNet's depth a metre, without a gradient; NaN where not known. # (B,)."""
    inverse_depth = normalize_inverse_depth(prediction.inverse_depths[0].detach().float())
    ratio, known = log_ratio(inverse_depth, at_scale(truth.depth(batch), 1))
    scale = (-log_scale(ratio, known)).exp().flatten()
    return torch.where(known.flatten(1).any(1), scale, torch.nan)


def ego_motion_term(camera: CameraOutputs, batch: Batch, units: Tensor) -> Tensor:
    """Return the loss of both poses."""
    total = units.new_zeros(())
    for name, pose in _poses(camera).items():
        transform, known = pose_matrix(pose.float()), truth.matrix(batch, name)
        total = total + _ROTATION * rotation_loss(transform, known)
        total = total + translation_loss(transform, known, units)
    return total / 2


def intrinsics_term(camera: CameraOutputs, batch: Batch) -> Tensor:
    """Return the loss of K."""
    height, width = batch["current"].shape[2:]
    return intrinsics_loss(camera.intrinsics, truth.matrix(batch, "intrinsics"), height, width)


def motion_term(camera: CameraOutputs, batch: Batch, units: Tensor) -> Tensor:
    """Return the loss of the flow that both poses and K explain, of the true depth.

    The motion probability compares this flow with the optical one, which is trained by itself.
    Its own gradient, of a ratio of lengths, would only repeat both.
    """
    metres, total = truth.depth(batch), units.new_zeros(())
    intrinsics = truth.matrix(batch, "intrinsics")
    scaled = metres * units.nan_to_num(1.0).view(-1, 1, 1, 1)
    for name, pose in _poses(camera).items():
        flow, known = true_rigid_flow(metres, truth.matrix(batch, name), intrinsics)
        transform = pose_matrix(pose.float())
        total = total + rigid_flow_loss(transform, camera.intrinsics, scaled, flow, known)
    return total / 2


def flow_term(flow: FlowPredictions, batch: Batch, exponent: float) -> Tensor:
    """Return the loss of flow in both directions, of occluded pixels as well."""
    both = [truth.displacement(batch, name) for name in ("flow_forward", "flow_backward")]
    target, known = (torch.cat(parts) for parts in zip(*both, strict=True))
    levels = [(n, level * 2**n) for n, level in flow.levels.items()]
    return multi_level_loss(levels, flow.refined, target, known, exponent=exponent)


def scene_flow_terms(motions: Motions, batch: Batch, exponent: float) -> Terms:
    """Return the losses of DWARF's disparity, next disparity and flow."""
    refined = full_size_px(motions.refined)
    terms = {}
    for name, (first, last, sign) in _CHANNELS.items():
        target, known = truth.displacement(batch, _TRUTH.get(name, name))
        levels = [(n, m[:, first:last] * (sign * UNIT_PX)) for n, m in motions.levels.items()]
        finest = refined[:, first:last] * sign
        terms[name] = multi_level_loss(levels, finest, target, known, exponent=exponent)
    return terms


# First channel, the one after the last, and the sign of what the network says.
_CHANNELS = {"disparity": (0, 1, -1), "next_disparity": (1, 2, -1), "flow": (2, 4, 1)}
_TRUTH = {"flow": "flow_forward"}


def _poses(camera: CameraOutputs) -> dict[str, Tensor]:
    return {
        "next_from_current": camera.pose_next,
        "previous_from_current": camera.pose_previous,
    }
