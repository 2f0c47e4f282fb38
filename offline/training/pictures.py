"""What a network in training says of one sample, in the live nodes' colours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from offline.training import truth
from offline.training.batch import Batch
from scene_perception.geometry.disparity import depth_from_inverse_depth
from scene_perception.models.dwarf import DWARF
from scene_perception.models.omeganet import OmegaNet
from scene_perception.visualization import (
    color_depth,
    color_disparity,
    color_flow,
    color_labels,
    color_probability,
)

Pictures = dict[str, Tensor]


def omeganet_pictures(network: OmegaNet, batch: Batch) -> Pictures:
    """Return the first sample's current image, depth, labels, flow and motion. # (H, W, 3)."""
    images = [truth.image(batch, name)[:1] for name in ("previous", "current", "next")]
    with looking(network):
        said = network(*images)
    depth = depth_from_inverse_depth(said.inverse_depth)
    return {
        "image": image_picture(batch["current"]),
        "depth": _tensor(color_depth(_plane(depth))),
        "labels": _tensor(color_labels(said.labels[0].cpu().numpy())),
        "flow": _tensor(color_flow(_field(said.flow))),
        "motion": _tensor(color_probability(_plane(said.motion_probability))),
    }


def scene_flow_pictures(network: DWARF, batch: Batch) -> Pictures:
    """Return the first sample's left image, disparities and flow. # (H, W, 3)."""
    roles = ("current", "right", "next", "next_right")
    with looking(network):
        said = network(*(truth.image(batch, name)[:1] for name in roles))
    return {
        "image": image_picture(batch["current"]),
        "disparity": _tensor(color_disparity(_plane(said.disparity))),
        "next_disparity": _tensor(color_disparity(_plane(said.next_disparity))),
        "flow": _tensor(color_flow(_field(said.flow))),
    }


def image_picture(images: Tensor) -> Tensor:
    """Return the first image as RGB uint8. # (B, 3, H, W) in 0..1 -> (H, W, 3)."""
    pixels = images[0].detach().float().clamp(0, 1) * 255
    return pixels.round().to(torch.uint8).permute(1, 2, 0).cpu()


@contextmanager
def looking(network: nn.Module) -> Iterator[None]:
    """Let a network infer without learning from it, and go on as it was."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        network.train(training)


def _plane(tensor: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor[0, 0].float().cpu().numpy())


def _field(tensor: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor[0].permute(1, 2, 0).float().cpu().numpy())


def _tensor(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels))
