"""Insta-DM on single samples."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from offline.predictors.base import Images, Outputs, array, require_task
from offline.predictors.memory import Image, Recent
from offline.predictors.resizing import scikit
from scene_perception.geometry.se3 import pose_matrix
from scene_perception.models.insta_dm import InstaDM


class InstaDMPredictor:
    """Depth of one image and, with the weights for it, the camera's motion to the next.

    There is nobody to say what may move, so that the pose network sees everything; the published
    code paints over instances that Mask R-CNN has found beforehand.

    Args:
        network: Insta-DM, with or without its network of ego-motion.
        height: of the network's input, px.
        width: of the network's input, px.
        device: where the network is to run.
    """

    model = "insta_dm"

    def __init__(self, network: InstaDM, height: int, width: int, *, device: str = "cpu") -> None:
        self._network = network.eval().to(device)
        self._pose_net = network.ego_pose_net
        self._size, self._device = (height, width), device
        self._input = Recent(self._resized)
        depth = {"depth": ("current",)}
        self.roles: Mapping[str, tuple[str, ...]] = (
            depth if self._pose_net is None else {**depth, "pose": ("current", "next")}
        )

    @torch.inference_mode()
    def __call__(self, task: str, images: Images) -> Outputs:
        """Return the outputs of a task; see ``Predictor``."""
        require_task(self, task)
        current, *others = (self._input(images[role]) for role in self.roles[task])
        if self._pose_net is not None and task == "pose":
            vector = self._pose_net.vector(current, others[0]).double()
            return {"next_from_current": array(pose_matrix(vector, clip=False)[0])}
        return {"inverse_depth": array(self._network(current).inverse_depth[0, 0])}

    def _resized(self, image: Image) -> Tensor:
        return scikit(image, *self._size).to(self._device)
