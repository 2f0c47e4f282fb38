"""DWARF: scene flow of two stereo pairs (Aleotti et al., AAAI 2020, TensorFlow code).

``forward`` is the published four-image computation. ``parts`` cuts the same computation where
a stream can keep features (each pair is encoded once) and leave out what nobody reads: depth
alone needs no ``motion_refinement``, which has the finest level's heads of motion as well.

The published network gives minus the disparities, at t and of the same point at t+1, in
pixels / 20 at a quarter of the image's size. These signs and units end in the refinements.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from scene_perception.models.dwarf_blocks import TRUNK_CHANNELS
from scene_perception.models.dwarf_decoder import (
    LevelEstimate,
    SceneFlowDecoder,
    level_channels,
    predictions,
)
from scene_perception.models.dwarf_encoder import LEVELS, STEREO_CHANNELS, StereoEncoder
from scene_perception.models.dwarf_refinement import (
    DisparityRefinement,
    MotionRefinement,
    full_size,
)
from scene_perception.models.layers import check_image_size

PARTS = (
    "stereo_encoder",
    "scene_flow_decoder",
    "disparity_refinement",
    "motion_refinement",
)
ROLES = ("current", "next")


class DWARFOutputs(NamedTuple):
    """``DisparityOutputs`` and ``MotionOutputs``."""

    disparity: Tensor
    next_disparity: Tensor
    flow: Tensor


class DWARF(nn.Module):
    """Disparity now and at t+1 and flow, of the left image of the first of two stereo pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.stereo_encoder = StereoEncoder()
        self.scene_flow_decoder = SceneFlowDecoder()
        self.disparity_refinement = DisparityRefinement()
        self.motion_refinement = MotionRefinement()

    def forward(
        self, left: Tensor, right: Tensor, next_left: Tensor, next_right: Tensor
    ) -> DWARFOutputs:
        """Describe ``left``.

        Args:
            left: rectified RGB in 0..1, H and W multiples of 64. # (B, 3, H, W)
            right: seen at the same time, of the same shape.
            next_left: the left camera's next image.
            next_right: the right camera's next image.

        Raises:
            ValueError: for another image size, or images that differ in shape.
        """
        features = self._features(left, right, next_left, next_right)
        trunk = self.scene_flow_decoder(*features).trunk
        return DWARFOutputs(*self.disparity_refinement(trunk), *self.motion_refinement(trunk))

    def _features(self, *images: Tensor) -> list[Tensor]:
        """Encode two pairs and return their features in the decoder's order."""
        if len({tuple(image.shape) for image in images}) > 1:
            shapes = ", ".join(str(tuple(image.shape)) for image in images)
            raise ValueError(f"the four images must have one shape, got {shapes}")
        pairs = (torch.cat(images[:2]), torch.cat(images[2:]))
        pyramids = [self.stereo_encoder(pair) for pair in pairs]
        return [features for pair in zip(*pyramids, strict=True) for features in pair]

    def parts(self) -> dict[str, nn.Module]:
        """Return the parts of a streaming step, which share this network's weights."""
        return {part: getattr(self, part) for part in PARTS}

    def intermediates(
        self, left: Tensor, right: Tensor, next_left: Tensor, next_right: Tensor
    ) -> dict[str, Tensor]:
        """Return every array of the published graph, for parity checks.

        Names, units and signs are those of the golden case: disparities are negative.

        Returns:
            Batched, channel-first tensors.
        """
        features = self._features(left, right, next_left, next_right)
        current, following = features[::2], features[1::2]
        arrays = {
            f"encoder_left_t0_level{n}": tensor.chunk(2)[0]
            for n, tensor in zip(LEVELS, current, strict=True)
        }
        estimates = self.scene_flow_decoder.estimate(current, following)
        for n, estimate in zip(reversed(LEVELS[1:]), estimates, strict=True):
            arrays |= _level_arrays(n, estimate)
        trunk = self.scene_flow_decoder(*features).trunk
        parts = (self.disparity_refinement.refine(trunk), self.motion_refinement.refine(trunk))
        unrefined, residual = (torch.cat(both, 1) for both in zip(*parts, strict=True))
        refined = unrefined + residual
        return {
            **arrays,
            **_named("level2_unrefined_", unrefined),
            **_named("level2_residual_", residual),
            **_named("level2_", refined),
            **_named("", full_size(refined)),
        }


def _level_arrays(n: int, estimate: LevelEstimate) -> dict[str, Tensor]:
    views = zip(("right_t0", "left_t1", "right_t1"), estimate.level.warped, strict=True)
    arrays = {
        f"level{n}_correlation_volume": estimate.level.costs,
        **{f"level{n}_warped_{view}": features for view, features in views},
        **_named(f"level{n}_", estimate.outputs.motion),
    }
    if estimate.outputs.upsampled is not None:
        up_motion, up_features = estimate.outputs.upsampled.chunk(2, 1)
        arrays |= {f"level{n}_up_motion": up_motion, f"level{n}_up_features": up_features}
    return arrays


def _named(prefix: str, motion: Tensor) -> dict[str, Tensor]:
    names = ("disparity", "disparity_change", "flow")
    return {f"{prefix}{n}": part for n, part in zip(names, predictions(motion), strict=True)}


def part_inputs(height: int, width: int) -> dict[str, dict[str, tuple[int, ...]]]:
    """Return the input names and shapes of every part at batch 1, in the order of ``forward``.

    Raises:
        ValueError: for an image size that the network cannot take.
    """
    check_image_size(height, width, multiple=64, minimum=64)
    finest = LEVELS[0]
    channels = level_channels(finest) + TRUNK_CHANNELS
    trunk: dict[str, tuple[int, ...]] = {"trunk": (1, channels, height >> finest, width >> finest)}
    return {
        "stereo_encoder": {"images": (2, 3, height, width)},
        "scene_flow_decoder": {
            f"features_{n}_{role}": (2, STEREO_CHANNELS[n], height >> n, width >> n)
            for n in LEVELS
            for role in ROLES
        },
        "disparity_refinement": trunk,
        "motion_refinement": dict(trunk),
    }
