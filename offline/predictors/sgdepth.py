"""SGDepth on single samples."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from offline.predictors.base import Images, Outputs, array, require_task
from offline.predictors.memory import Image, Recent
from offline.predictors.resizing import pillow
from scene_perception.geometry.se3 import axis_angle_matrix
from scene_perception.models.sgdepth import SGDepth
from scene_perception.models.sgdepth_scene import inverse_depth_from_sigmoid


class SGDepthPredictor:
    """Depth and semantics of one image, the camera's motion to the next.

    Inverse depth is in 0.01..10; ``logits`` are of Cityscapes' 19 classes and of void.

    Args:
        network: SGDepth.
        height: of the network's input, px.
        width: of the network's input, px.
        device: where the network is to run.
    """

    model = "sgdepth"
    roles: Mapping[str, tuple[str, ...]] = {
        "depth": ("current",),
        "semantics": ("current",),
        "pose": ("current", "next"),
    }

    def __init__(self, network: SGDepth, height: int, width: int, *, device: str = "cpu") -> None:
        self._network = network.eval().to(device)
        self._size, self._device = (height, width), device
        self._input = Recent(self._resized)
        self._levels = Recent(self._encoded)

    @torch.inference_mode()
    def __call__(self, task: str, images: Images) -> Outputs:
        """Return the outputs of a task; see ``Predictor``."""
        require_task(self, task)
        current, *others = (images[role] for role in self.roles[task])
        if task == "pose":
            vectors = self._network.ego_motion.vectors(*map(self._input, (current, *others)))
            pose = axis_angle_matrix(*(vector.double() for vector in vectors))
            return {"next_from_current": array(pose[0])}
        levels = self._levels(current)
        if task == "semantics":
            return {"logits": array(self._network.scene.segmentation(levels)[0])}
        (disparity,) = self._network.scene.depth(levels, scales=1)
        return {"inverse_depth": array(inverse_depth_from_sigmoid(disparity)[0, 0])}

    def _resized(self, image: Image) -> Tensor:
        return pillow(image, *self._size).to(self._device)

    def _encoded(self, image: Image) -> tuple[Tensor, ...]:
        return self._network.scene.encode(self._input(image))
