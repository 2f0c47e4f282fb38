"""OmegaNet: DSNet, CameraNet and SD-OFNet together with rigid flow and motion probability.

``forward`` is the published three-frame computation. ``parts`` cuts the same computation
where a stream can keep features, so that each frame is encoded once.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from scene_perception.geometry.disparity import depth_from_inverse_depth
from scene_perception.geometry.motion import dynamic_prior, motion_mask, motion_probability
from scene_perception.geometry.se3 import pose_matrix
from scene_perception.geometry.warp import rigid_flow
from scene_perception.models.camera_net import CameraNet
from scene_perception.models.dsnet import DSNet
from scene_perception.models.layers import check_image_size
from scene_perception.models.sd_ofnet import FLOW_CHANNELS, LEVELS, SDOFNet, full_size

ROLES = ("previous", "current", "next")


class RigidMotionOutputs(NamedTuple):
    """Flow that the camera's motion explains (B, 2, H, W) px; motion probability (B, 1, H, W)."""

    rigid_flow: Tensor
    motion_probability: Tensor


class OmegaNetOutputs(NamedTuple):
    """Everything about the current frame, named and shaped as the parts' outputs."""

    inverse_depth: Tensor
    labels: Tensor
    pose_previous: Tensor
    pose_next: Tensor
    next_from_current: Tensor
    intrinsics: Tensor
    flow: Tensor
    rigid_flow: Tensor
    motion_probability: Tensor


class RigidMotion(nn.Module):
    """Compares the optical flow with the flow that depth and camera motion explain."""

    def forward(
        self, inverse_depth: Tensor, next_from_current: Tensor, intrinsics: Tensor, flow: Tensor
    ) -> RigidMotionOutputs:
        """Return rigid flow and motion probability.

        Args:
            inverse_depth: of the current frame, > 0. # (B, 1, H, W)
            next_from_current: of points, translation in units of depth. # (B, 4, 4)
            intrinsics: K in pixels of H x W. # (B, 3, 3)
            flow: optical flow to the next frame, px. # (B, 2, H, W)
        """
        depth = depth_from_inverse_depth(inverse_depth)
        rigid = rigid_flow(depth, next_from_current, intrinsics)
        return RigidMotionOutputs(rigid, motion_probability(flow, rigid))


class OmegaNet(nn.Module):
    """Depth, semantics, ego-motion, intrinsics, flow and motion of three frames' middle one."""

    def __init__(self) -> None:
        super().__init__()
        self.dsnet = DSNet()
        self.camera_net = CameraNet()
        self.sd_ofnet = SDOFNet()
        self.rigid_motion = RigidMotion()

    def forward(self, previous: Tensor, current: Tensor, next: Tensor) -> OmegaNetOutputs:
        """Describe ``current``.

        Args:
            previous: RGB in 0..1, H and W multiples of 64, at least 128. # (B, 3, H, W)
            current: the next frame, of the same shape.
            next: the one after that.

        Raises:
            ValueError: for another image size, or images that differ in shape.
        """
        check_image_size(current.shape[2], current.shape[3], multiple=64, minimum=128)
        if not previous.shape == current.shape == next.shape:
            raise ValueError(
                f"previous, current and next must have one shape, got {tuple(previous.shape)}, "
                f"{tuple(current.shape)} and {tuple(next.shape)}"
            )
        depth = self.dsnet(current)
        camera = self.camera_net(previous, current, next)
        flow = self.sd_ofnet(previous, current, next).flow
        motion = self.rigid_motion(
            depth.inverse_depth, camera.next_from_current, camera.intrinsics, flow
        )
        return OmegaNetOutputs(**depth._asdict(), **camera._asdict(), flow=flow, **motion._asdict())

    def parts(self) -> dict[str, nn.Module]:
        """Return the parts of a streaming step, which share this network's weights."""
        return {
            "dsnet": self.dsnet,
            "camera_encoder": self.camera_net.encoder,
            "camera_decoder": self.camera_net.decoder,
            "flow_encoder": self.sd_ofnet.encoder,
            "flow_decoder": self.sd_ofnet.decoder,
            "rigid_motion": self.rigid_motion,
        }

    def intermediates(
        self, previous: Tensor, current: Tensor, following: Tensor, *, threshold: float = 0.5
    ) -> dict[str, Tensor]:
        """Return every array that the published graph computes, for parity checks.

        Includes what ``forward`` leaves out because nobody reads it (the refined backward
        flow). Names are those of the golden case.

        Args:
            previous: RGB in 0..1. # (B, 3, H, W)
            current: the next frame, which is described.
            following: the one after that.
            threshold: motion probability above which a pixel moves (tau).

        Returns:
            Batched, channel-first tensors; those without channels are (B, H, W).
        """
        depth = self._depth_intermediates(current)
        camera = self._camera_intermediates(previous, current, following)
        flow = self._flow_intermediates(previous, current, following)
        motion = self.rigid_motion(
            depth["disp"][:, None],
            pose_matrix(camera["pose"][:, 1]),
            camera["intrinsics"],
            flow["flow_fw"],
        )
        probability = motion.motion_probability[:, 0]
        return {
            **depth,
            **camera,
            **flow,
            "rigid_flow": motion.rigid_flow,
            "motion_probability": probability,
            "motion_mask": motion_mask(probability, depth["semantic_labels"], threshold),
        }

    def _depth_intermediates(self, image: Tensor) -> dict[str, Tensor]:
        pyramid = self.dsnet.encode(image)
        prediction = self.dsnet.decode(pyramid)
        outputs = self.dsnet.finish(prediction)
        raw = {
            f"disp_raw_scale{n}": inverse_depth[:, 0]
            for n, inverse_depth in enumerate(prediction.inverse_depths, start=1)
        }
        inverse_depth = outputs.inverse_depth[:, 0]
        return {
            **raw,
            "feat_dsnet_tgt_5": pyramid[-1],
            "disp": inverse_depth,
            "depth": depth_from_inverse_depth(inverse_depth),
            "semantic_logits": prediction.logits,
            "semantic_labels": outputs.labels,
            "dynamic_prior": dynamic_prior(outputs.labels).to(torch.uint8),
        }

    def _camera_intermediates(self, *images: Tensor) -> dict[str, Tensor]:
        decoder = self.camera_net.decoder
        features = [self.camera_net.encoder(image).camera_features for image in images]
        bottleneck = decoder.bottleneck(*features)
        pose_map = decoder.pose(bottleneck)
        return {
            "feat_pose_tgt_4": features[1],
            "cam_bottleneck": bottleneck,
            "pose_pred_map": pose_map,
            "pose": torch.stack(decoder.poses(pose_map), 1),
            "intrinsics": decoder.intrinsics(bottleneck, *images[1].shape[2:]),
        }

    def _flow_intermediates(self, *images: Tensor) -> dict[str, Tensor]:
        decoder = self.sd_ofnet.decoder
        pyramids = [self.sd_ofnet.encoder(image) for image in images]
        estimates = decoder.estimate(*pyramids)
        refined = decoder.context(decoder.refinement_input(estimates[-1]))
        both = {f"level{n}": e.flow for n, e in zip(reversed(LEVELS), estimates, strict=True)}
        arrays = {"feat_flow_tgt_6": pyramids[1].flow_features_6}
        for name, flow in {**both, "refined": refined}.items():
            arrays[f"flow_fw_{name}"], arrays[f"flow_bw_{name}"] = flow.chunk(2)
        arrays["flow_fw"], arrays["flow_bw"] = full_size(refined).chunk(2)
        costs = estimates[0].costs.chunk(2)
        arrays["cost_volume_level6_fw"], arrays["cost_volume_level6_bw"] = costs
        return arrays


def part_inputs(height: int, width: int) -> dict[str, dict[str, tuple[int, ...]]]:
    """Return the input names and shapes of every part at batch 1, in the order of ``forward``.

    Raises:
        ValueError: for an image size that the network cannot take.
    """
    check_image_size(height, width, multiple=64, minimum=128)
    image: dict[str, tuple[int, ...]] = {"image": (1, 3, height, width)}
    camera = (1, 128, height // 16, width // 16)
    return {
        "dsnet": image,
        "camera_encoder": image,
        "camera_decoder": {f"camera_features_{role}": camera for role in ROLES},
        "flow_encoder": image,
        "flow_decoder": {
            f"flow_features_{n}_{role}": (1, FLOW_CHANNELS[n], height >> n, width >> n)
            for n in LEVELS
            for role in ROLES
        },
        "rigid_motion": {
            "inverse_depth": (1, 1, height, width),
            "next_from_current": (1, 4, 4),
            "intrinsics": (1, 3, 3),
            "flow": (1, 2, height, width),
        },
    }
