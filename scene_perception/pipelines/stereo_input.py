"""From a stereo pair to what DWARF takes, and the way back to the camera's pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scene_perception.frame import StereoFrame
from scene_perception.pipelines.device_preprocess import padded_planes, resized_planes

_FILLED = 0.75

Float = NDArray[np.float32]


@dataclass(frozen=True)
class Fit:
    """How an image of the camera lies in the network's input.

    Attributes:
        camera: width and height of the camera's image, px.
        network: width and height of the network's input, px.
        pad: whether the image keeps its size and is surrounded by its reflection; else it is
            resized.
    """

    camera: tuple[int, int]
    network: tuple[int, int]
    pad: bool

    @property
    def margins(self) -> tuple[int, int, int, int]:
        """Pixels of padding: top, bottom, left, right. The odd one is below or right."""
        width, height = (n - c for n, c in zip(self.network, self.camera, strict=True))
        return height // 2, height - height // 2, width // 2, width - width // 2


def choose_fit(camera: tuple[int, int], network: tuple[int, int], fit: str) -> Fit:
    """Return how a ``camera`` image (width, height) is brought to ``network`` size.

    Args:
        camera: width and height, px.
        network: width and height, px.
        fit: ``pad``, ``resize``, or ``auto``: pad where the image fits and fills three
            quarters of both sides.

    Raises:
        ValueError: if the image is to be padded and is larger than the network's input, or
            too small to be reflected.
    """
    inside = all(c <= n for c, n in zip(camera, network, strict=True))
    filled = all(c >= _FILLED * n for c, n in zip(camera, network, strict=True))
    if fit == "resize" or (fit == "auto" and not (inside and filled)):
        return Fit(camera, network, pad=False)
    chosen = Fit(camera, network, pad=True)
    largest = max(chosen.margins)
    if not inside or largest >= min(camera):
        raise ValueError(
            f"input.fit pad needs images of at most {network[0]}x{network[1]} px that their "
            f"reflection can fill, got {camera[0]}x{camera[1]} px; use input.fit resize, or "
            "change network.width and network.height"
        )
    return chosen


def to_network(frame: StereoFrame, fit: Fit, pixels: Tensor | None = None) -> Tensor:
    """Return both images as one batch, RGB in 0..1, left first. # (2, 3, H, W) float32.

    Args:
        frame: the pair.
        fit: of the camera's images in the network's input.
        pixels: the pair's bytes where they are on a GPU already; the same is then done there,
            equal to 1e-4. # (2, h, w, 3) uint8
    """
    if pixels is None:
        return pair_to_network(frame.left.image, frame.right.image, fit)
    return padded_planes(pixels, fit.margins) if fit.pad else resized_planes(pixels, *fit.network)


def pair_to_network(left: NDArray[np.uint8], right: NDArray[np.uint8], fit: Fit) -> Tensor:
    """Return two images as one batch, as ``to_network``. # (H, W, 3) -> (2, 3, H, W) float32.

    Padding is that of the published test script: reflection without the edge pixel, half of
    what is missing (rounded down) above and left.
    """
    return torch.from_numpy(np.stack([_planes(image, fit) for image in (left, right)]))


def _planes(image: NDArray[np.uint8], fit: Fit) -> Float:
    if fit.pad:
        pixels = cv2.copyMakeBorder(image, *fit.margins, cv2.BORDER_REFLECT_101)
    else:
        pixels = cv2.resize(image.astype(np.float32), fit.network)
    result: Float = np.multiply(pixels.transpose(2, 0, 1), np.float32(1 / 255), order="C")
    return result


def to_camera(plane: Float, fit: Fit) -> Float:
    """Return a copy of one of the network's outputs at the camera's size. # (h, w) -> (H, W).

    Values in pixels are not scaled: see ``scale_x`` and ``scale_y``.
    """
    if fit.pad:
        top, _, left, _ = fit.margins
        return plane[top : top + fit.camera[1], left : left + fit.camera[0]].copy()
    return cv2.resize(plane, fit.camera).astype(np.float32, copy=False)


def scale_x(fit: Fit) -> float:
    """Return camera pixels per network pixel along x."""
    return 1.0 if fit.pad else fit.camera[0] / fit.network[0]


def scale_y(fit: Fit) -> float:
    """Return camera pixels per network pixel along y."""
    return 1.0 if fit.pad else fit.camera[1] / fit.network[1]
