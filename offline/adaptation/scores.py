"""How well a network explains frames that it has not seen, and how well it tells its motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from offline.adaptation.footage import Footage
from offline.losses.occlusion import ends
from offline.losses.photometric import photometric_error, photometric_errors
from offline.losses.view_synthesis import sample
from offline.metrics.steps import step_errors
from offline.metrics.trajectory import TrajectoryProtocol, score_trajectory
from offline.training.batch import Batch
from offline.training.recipes.omeganet_depth import synthesized
from scene_perception.geometry.se3 import pose_matrix
from scene_perception.models.omeganet import OmegaNet

_TOGETHER = 4  # triplets


@dataclass(frozen=True)
class Photometric:
    """Mean errors over all pixels of all triplets (0.85 dissimilarity, 0.15 difference).

    Attributes:
        views: of the neighbours seen through depth and camera motion, smaller one of both.
        flow: of the next frame seen through the flow.
        unmoved: of the neighbours as they are, smaller one of both: what doing nothing gives.
    """

    views: float
    flow: float
    unmoved: float


@dataclass(frozen=True)
class PoseErrors:
    """Of the camera's motion from frame to frame.

    Attributes:
        rotation_deg: median angle between predicted and true rotation.
        direction_deg: median angle between predicted and true direction of travel.
        ate_m: root mean square distance of the trajectories, aligned by rotation and scale.
        frames: of the truth.
    """

    rotation_deg: float
    direction_deg: float
    ate_m: float
    frames: int


@torch.no_grad()
def photometric(network: OmegaNet, footage: Footage, middles: Sequence[int]) -> Photometric:
    """Return the errors of triplets; given intrinsics are used where the footage has them."""
    rows = [
        _errors(network, footage.batch(middles[i : i + _TOGETHER]))
        for i in range(0, len(middles), _TOGETHER)
    ]
    means = torch.cat(rows).double().mean(0).tolist()
    return Photometric(*means)


def _errors(network: OmegaNet, batch: Batch) -> Tensor:
    """Return each triplet's three errors. # (B, 3)."""
    previous, current, following = (batch[role] for role in ("previous", "current", "next"))
    camera = network.camera_net(previous, current, following)
    intrinsics = batch.tensors.get("intrinsics", camera.intrinsics)
    inverse_depth = network.dsnet(current).inverse_depth
    views = synthesized((previous, following), inverse_depth, camera, intrinsics)
    flow = network.sd_ofnet(previous, current, following).flow
    moved = sample(following, ends(flow))
    errors = [
        photometric_errors(views, current).amin(1),
        photometric_error(moved, current)[:, 0],
        photometric_errors((previous, following), current).amin(1),
    ]
    return torch.stack([error.mean((1, 2)) for error in errors], 1)


@torch.no_grad()
def pose_errors(network: OmegaNet, footage: Footage, start: int, end: int) -> PoseErrors | None:
    """Return the errors of frames ``start .. end - 1``.

    None where there is no truth, or where frames lack neighbours so that steps do not connect.

    Raises:
        ValueError: for predictions that are not finite.
    """
    middles = footage.triplets(start, end)
    if footage.world_from_camera is None or middles != tuple(range(start + 1, end - 1)):
        return None
    protocol = TrajectoryProtocol()
    if len(middles) < protocol.window:
        return None
    steps = np.concatenate(
        [_steps(network, footage, middles[i : i + _TOGETHER])
         for i in range(0, len(middles), _TOGETHER)]
    )  # fmt: skip
    truth = footage.world_from_camera[start + 1 : end]
    rotation, direction = step_errors(steps, truth)
    scored = score_trajectory(steps, truth, protocol)
    return PoseErrors(
        float(np.median(rotation)), float(np.nanmedian(direction)), scored["ate"], len(truth)
    )


def _steps(network: OmegaNet, footage: Footage, middles: Sequence[int]) -> NDArray[np.float64]:
    batch = footage.batch(middles)
    camera = network.camera_net(batch["previous"], batch["current"], batch["next"])
    steps: NDArray[np.float64] = pose_matrix(camera.pose_next.double()).cpu().numpy()
    return steps
