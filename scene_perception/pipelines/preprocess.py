"""From a camera image to what a network takes, and the sizes that undo it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from scene_perception.frame import Frame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.pipelines.device_preprocess import Uploader, resized_planes


@dataclass(frozen=True, eq=False)
class NetworkInput:
    """A frame as the network sees it.

    Attributes:
        image: RGB in 0..1, float32, contiguous. # (1, 3, H, W)
        intrinsics: of ``image``'s size, or None where the camera's are unknown.
        camera_width: width of the frame, to resize outputs back, px.
        camera_height: height of the frame, px.
    """

    image: Tensor
    intrinsics: Intrinsics | None
    camera_width: int
    camera_height: int


def to_network(
    frame: Frame, width: int, height: int, upload: Uploader | None = None
) -> NetworkInput:
    """Resize and normalise ``frame`` to ``width x height`` px.

    As the published single_inference.py: division by 255, then OpenCV's bilinear resize
    with half-pixel centres and no antialiasing; no mean, no standard deviation. The order
    of the two linear steps is swapped (fewer pixels to divide), equal to 2e-7. With ``upload``
    the same is done on the GPU, equal to 1e-4.
    """
    rows, columns = frame.image.shape[:2]
    camera = frame.intrinsics
    return NetworkInput(
        image=_planes(frame, width, height)
        if upload is None
        else resized_planes(upload(frame.image), width, height),
        intrinsics=None if camera is None else camera.scaled(width, height),
        camera_width=columns,
        camera_height=rows,
    )


def _planes(frame: Frame, width: int, height: int) -> Tensor:
    pixels = cv2.resize(frame.image.astype(np.float32), (width, height))
    planes = np.multiply(pixels.transpose(2, 0, 1), np.float32(1 / 255), order="C")
    return torch.from_numpy(planes)[None]
