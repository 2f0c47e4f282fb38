"""The four ways in which the published scripts bring an image to the network's size.

They differ by up to a few grey levels at edges, and a table by its third digit. All take RGB
uint8 (H, W, 3) and return RGB in 0..1, float32 (1, 3, h, w).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Image = NDArray[np.uint8]
Resize = Callable[[Image, int, int], Tensor]

_TRUNCATE = 4.0  # standard deviations, SciPy's


def bilinear(image: Image, height: int, width: int) -> Tensor:
    """Resize as OpenCV does, without antialiasing (omegaNet, ``single_inference.py``)."""
    return _planes(cv2.resize(image.astype(np.float32), (width, height)))


def area(image: Image, height: int, width: int) -> Tensor:
    """Average the pixels that each one covers (omegaNet, ``general_dataloader.py``).

    An image that is enlarged along either axis is resized bilinearly; the published code, whose
    images are all larger than the network's, would repeat pixels.
    """
    if image.shape[0] < height or image.shape[1] < width:
        return bilinear(image, height, width)
    pixels = image.astype(np.float32)
    return _planes(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))


def pillow(image: Image, height: int, width: int) -> Tensor:
    """Resize with a triangle as wide as the step (SGDepth, ``inference.py`` and its loaders).

    torchvision on Pillow images; the result is rounded to whole grey levels, as there.
    """
    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
    size = (height, width)
    resized = F.interpolate(pixels, size, mode="bilinear", align_corners=False, antialias=True)
    return resized.contiguous().float() / 255


def scikit(image: Image, height: int, width: int) -> Tensor:
    """Blur as much as the step asks for, then resize (Insta-DM, ``kitti_eval/save_depth.py``).

    ``skimage.transform.resize`` of 0.15 and later: a Gaussian of (step - 1) / 2 px along each
    axis, then bilinear.
    """
    kernels = [
        _gaussian(old / new) for old, new in zip(image.shape[:2], (height, width), strict=True)
    ]
    pixels = image.astype(np.float32)
    blurred = cv2.sepFilter2D(pixels, -1, kernels[1], kernels[0], borderType=cv2.BORDER_REFLECT_101)
    return _planes(cv2.resize(blurred, (width, height)))


def _gaussian(step: float) -> NDArray[np.float64]:
    sigma = max(0.0, (step - 1) / 2)
    if sigma == 0.0:
        return np.ones((1, 1))
    radius = int(_TRUNCATE * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    normalised: NDArray[np.float64] = (weights / weights.sum())[:, None]
    return normalised


def _planes(pixels: NDArray[np.generic]) -> Tensor:
    planes = np.multiply(pixels.transpose(2, 0, 1), np.float32(1 / 255), order="C")
    return torch.from_numpy(planes)[None]
