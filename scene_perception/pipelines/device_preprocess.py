"""A camera's pixels on the GPU: uploaded once as bytes, resized and normalised there.

The arithmetic is that of ``preprocess.to_network``: OpenCV's bilinear resize with half-pixel
centres and no antialiasing, then division by 255. On a CPU tensor it is the same function.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from scene_perception.engines.build import resolve_device
from scene_perception.engines.config import NetworkConfig


def resized_planes(pixels: Tensor, width: int, height: int) -> Tensor:
    """Return RGB bytes as a network's input, on their device.

    Args:
        pixels: RGB, uint8. # (B, H, W, 3)
        width: of the result, px.
        height: of the result, px.

    Returns:
        RGB in 0..1, float32, contiguous. # (B, 3, height, width)
    """
    planes = pixels.permute(0, 3, 1, 2).float()
    if planes.shape[2:] != (height, width):
        planes = F.interpolate(planes, (height, width), mode="bilinear", align_corners=False)
    return planes.mul_(1 / 255).contiguous()


def padded_planes(pixels: Tensor, margins: tuple[int, int, int, int]) -> Tensor:
    """Return RGB bytes surrounded by their reflection without the edge pixel, as an input.

    Args:
        pixels: RGB, uint8. # (B, H, W, 3)
        margins: pixels of padding: top, bottom, left, right.

    Returns:
        RGB in 0..1, float32, contiguous. # (B, 3, H + top + bottom, W + left + right)
    """
    top, bottom, left, right = margins
    planes = pixels.permute(0, 3, 1, 2).float()
    return F.pad(planes, (left, right, top, bottom), mode="reflect").mul_(1 / 255).contiguous()


class Uploader:
    """Copies images to a device through one pinned buffer, on a stream of its own.

    The copy of the next image overlaps what the GPU still computes for the last one; what uses
    the result waits for it on the GPU, the host does not wait. On a CPU nothing is copied twice.

    Args:
        device: where images go.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._staging: Tensor | None = None
        self._arrived: torch.cuda.Event | None = None
        on_gpu = device.type == "cuda"
        self._stream = torch.cuda.Stream(device) if on_gpu else None  # type: ignore[no-untyped-call]

    def __call__(self, *images: NDArray[np.uint8]) -> Tensor:
        """Return images of one size as a batch on the device. # (H, W, 3) -> (B, H, W, 3) uint8."""
        shape = (len(images), *images[0].shape)
        if self._stream is None:
            return torch.from_numpy(np.stack(images))
        if self._staging is None or tuple(self._staging.shape) != shape:
            self._staging = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        elif self._arrived is not None:
            # The buffer is read until then; usually long ago.
            self._arrived.synchronize()
        for buffer, image in zip(self._staging.numpy(), images, strict=True):
            np.copyto(buffer, image)
        with torch.cuda.stream(self._stream):
            pixels = self._staging.to(self._device, non_blocking=True)
            self._arrived = self._stream.record_event()
        current = torch.cuda.current_stream(self._device)
        current.wait_event(self._arrived)
        pixels.record_stream(current)
        return pixels


def device_of(network: NetworkConfig) -> torch.device:
    """Return the device on which a network's engines take images."""
    return torch.device(resolve_device(network.device, network.backend))


def uploader(device: torch.device) -> Uploader | None:
    """Return what brings images to ``device``; None where that is no GPU."""
    return Uploader(device) if device.type == "cuda" else None


def on_host(tensor: Tensor) -> Tensor:
    """Return ``tensor`` in host memory: itself, or a copy of its own in pinned memory.

    Waits for what was launched before, not for the whole device. PyTorch keeps pinned memory
    for the next call, so that it costs nothing to take it anew.
    """
    if not tensor.is_cuda:
        return tensor
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    host.copy_(tensor, non_blocking=True)
    torch.cuda.current_stream(tensor.device).synchronize()
    return host
