"""OmegaNet, or DSNet alone, on single samples."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from offline.predictors.base import Images, Outputs, array, require_task
from offline.predictors.memory import Image, Recent
from offline.predictors.resizing import Resize, area
from scene_perception.geometry.se3 import pose_matrix
from scene_perception.models.camera_net import CameraOutputs
from scene_perception.models.dsnet import DSNet, DSNetPrediction
from scene_perception.models.omeganet import ROLES, OmegaNet
from scene_perception.models.sd_ofnet import FlowFeatures

_SINGLE = ("current",)
_TASKS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "dsnet": {"depth": _SINGLE, "semantics": _SINGLE},
    "omeganet": {
        "depth": _SINGLE,
        "semantics": _SINGLE,
        "flow": ROLES,
        "motion": ROLES,
        "pose": ROLES,
    },
}


class DSNetPredictor:
    """Depth and semantics of one image; inverse depth has a mean of 1.

    Args:
        network: DSNet.
        height: of the network's input, px.
        width: of the network's input, px.
        device: where the network is to run.
        resize: how images are brought to that size.
    """

    model = "dsnet"

    def __init__(
        self,
        network: DSNet,
        height: int,
        width: int,
        *,
        device: str = "cpu",
        resize: Resize = area,
    ) -> None:
        self._dsnet = network.eval().to(device)
        self._size, self._device, self._resize = (height, width), device, resize
        self._input = Recent(self._resized)
        self._prediction = Recent(self._decoded_depth)

    @property
    def roles(self) -> Mapping[str, tuple[str, ...]]:
        """Images that each task takes."""
        return _TASKS[self.model]

    @torch.inference_mode()
    def __call__(self, task: str, images: Images) -> Outputs:
        """Return the outputs of a task; see ``Predictor``."""
        require_task(self, task)
        return self._outputs(task, *(images[role] for role in self.roles[task]))

    def _outputs(self, task: str, *images: Image) -> Outputs:
        prediction = self._prediction(*images)
        if task == "semantics":
            return {"logits": array(prediction.logits[0])}
        return {"inverse_depth": array(self._dsnet.finish(prediction).inverse_depth[0, 0])}

    def _resized(self, image: Image) -> Tensor:
        return self._resize(image, *self._size).to(self._device)

    def _decoded_depth(self, image: Image) -> DSNetPrediction:
        return self._dsnet.decode(self._dsnet.encode(self._input(image)))


class OmegaNetPredictor(DSNetPredictor):
    """DSNet's tasks, and flow, motion and pose of the middle one of three images.

    Each image is encoded once for all tasks and for its neighbours. The pose's translation has
    the unit of the depth.

    Args:
        network: OmegaNet.
        height: as ``DSNetPredictor``.
        width: as ``DSNetPredictor``.
        device: as ``DSNetPredictor``.
        resize: as ``DSNetPredictor``.
    """

    model = "omeganet"

    def __init__(
        self,
        network: OmegaNet,
        height: int,
        width: int,
        *,
        device: str = "cpu",
        resize: Resize = area,
    ) -> None:
        super().__init__(network.dsnet, height, width, device=device, resize=resize)
        self._network = network.eval().to(device)
        self._camera_features = Recent(self._encoded_camera)
        self._flow_features = Recent(self._encoded_flow)
        self._flow = Recent(self._decoded_flow, length=1)

    def _outputs(self, task: str, *images: Image) -> Outputs:
        if task in _TASKS["dsnet"]:
            return super()._outputs(task, *images)
        if task == "flow":
            return {"flow": array(self._flow(*images)[0].permute(1, 2, 0))}
        camera = self._camera(*images)
        if task == "pose":
            return {"next_from_current": array(pose_matrix(camera.pose_next.double())[0])}
        depth = self._dsnet.finish(self._prediction(images[1]))
        motion = self._network.rigid_motion(
            depth.inverse_depth, camera.next_from_current, camera.intrinsics, self._flow(*images)
        )
        probability = array(motion.motion_probability[0, 0])
        return {"motion_probability": probability, "labels": array(depth.labels[0])}

    def _camera(self, *images: Image) -> CameraOutputs:
        decode = self._network.camera_net.decoder
        outputs: CameraOutputs = decode(*(self._camera_features(image) for image in images))
        return outputs

    def _decoded_flow(self, *images: Image) -> Tensor:
        features = {
            f"{name}_{role}": tensor
            for role, image in zip(ROLES, images, strict=True)
            for name, tensor in self._flow_features(image)._asdict().items()
        }
        flow: Tensor = self._network.sd_ofnet.decoder(**features).flow
        return flow

    def _encoded_camera(self, image: Image) -> Tensor:
        features: Tensor = self._network.camera_net.encoder(self._input(image)).camera_features
        return features

    def _encoded_flow(self, image: Image) -> FlowFeatures:
        features: FlowFeatures = self._network.sd_ofnet.encoder(self._input(image))
        return features
