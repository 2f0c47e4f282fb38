"""Vary a sample: crop and resize, mirror, change colours; all that belongs to it follows.

A sample is a dictionary of tensors by the names of ``training.batch``, without a leading B.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from offline.training.config import Augmentation

Sample = dict[str, Tensor]

IMAGES = ("previous", "current", "next", "right", "next_right")
_FLOWS = ("flow_forward", "flow_backward")
_DISPARITIES = ("disparity", "next_disparity")
_POSES = ("next_from_current", "previous_from_current")
_PLANES = ("labels", "instances")
_SWAPPED = {"current": "right", "right": "current", "next": "next_right", "next_right": "next"}
# In the pixels of the left image, hence not known in those of the right one.
_NOT_OF_PIXELS = {*IMAGES, *_POSES, "intrinsics", "baseline_m"}
_GREY = (0.299, 0.587, 0.114)
_YIQ = ((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))


class Window(NamedTuple):
    """Rows and columns of an image."""

    top: int
    left: int
    height: int
    width: int


def augmented(
    sample: Sample, settings: Augmentation, size: tuple[int, int], draws: torch.Generator
) -> Sample:
    """Return a varied sample of ``size`` = (height, width)."""
    scale, top, left, flip, jitter, *colours = torch.rand(9, generator=draws).tolist()
    height, width = sample["current"].shape[-2:]
    most = _largest((height, width), size) if settings.keep_aspect else (height, width)
    share = settings.least_scale + (1 - settings.least_scale) * scale
    rows, columns = (max(1, round(share * extent)) for extent in most)
    window = Window(
        math.floor(top * (height - rows + 1)), math.floor(left * (width - columns + 1)),
        rows, columns,
    )  # fmt: skip
    sample = resized(sample, window, size)
    if flip < settings.flip:
        sample = mirrored(sample)
    return _recoloured(sample, settings, colours) if jitter < settings.jitter else sample


def _largest(image: tuple[int, int], aspect: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of the largest window of an image that has an aspect."""
    scale = min(whole / part for whole, part in zip(image, aspect, strict=True))
    height, width = (min(w, round(scale * p)) for w, p in zip(image, aspect, strict=True))
    return height, width


def resized(sample: Sample, window: Window, size: tuple[int, int]) -> Sample:
    """Return what ``window`` shows, brought to ``size``.

    Truth takes the value of the nearest pixel; intrinsics keep the image's borders in place.
    """
    height, width = sample["current"].shape[-2:]
    if window == (0, 0, height, width) and size == (height, width):
        return dict(sample)
    scale = (size[1] / window.width, size[0] / window.height)
    result = {name: _cut(name, tensor, window, size) for name, tensor in sample.items()}
    for name in _present(result, _FLOWS):
        result[name] = result[name] * result[name].new_tensor(scale).view(2, 1, 1)
    for name in _present(result, _DISPARITIES):
        result[name] = result[name] * scale[0]
    if "intrinsics" in result:
        result["intrinsics"] = _cut_intrinsics(result["intrinsics"], window, scale)
    return _hide_what_left(result)


def mirrored(sample: Sample) -> Sample:
    """Return the sample as a mirror shows it.

    A mirrored stereo camera has its right image on the left. What is known is known of the left
    image's pixels, so that a stereo sample with truth, or with a previous image that has no
    partner, stays as it is.
    """
    if "right" in sample:
        if not sample.keys() <= _NOT_OF_PIXELS - {"previous", "previous_from_current"}:
            return sample
        sample = _with_cameras_swapped(sample)
    result = {name: _mirror(name, tensor) for name, tensor in sample.items()}
    for name in _present(result, _FLOWS):
        result[name] = result[name] * result[name].new_tensor([-1.0, 1.0]).view(2, 1, 1)
    if "intrinsics" in result:
        last = sample["current"].shape[-1] - 1
        flipped = result["intrinsics"].clone()
        flipped[0, 2] = last - flipped[0, 2]
        result["intrinsics"] = flipped
    return result


def _with_cameras_swapped(sample: Sample) -> Sample:
    """Return the sample as the right camera tells it."""
    swapped = {_SWAPPED.get(name, name): tensor for name, tensor in sample.items()}
    if "next_from_current" in sample:
        to_right = torch.eye(4, device=sample["current"].device)
        to_right[0, 3] = -sample["baseline_m"]
        back = 2 * torch.eye(4, device=to_right.device) - to_right
        swapped["next_from_current"] = to_right @ sample["next_from_current"] @ back
    return swapped


def _recoloured(sample: Sample, settings: Augmentation, draws: list[float]) -> Sample:
    """Change the colours of all images alike."""
    ranges = (settings.brightness, settings.contrast, settings.saturation, settings.hue)
    brightness, contrast, saturation, hue = (
        (2 * draw - 1) * extent for draw, extent in zip(draws, ranges, strict=True)
    )
    current = sample["current"]
    grey = current.new_tensor(_GREY)
    matrix = (1 + brightness) * _hue_turn(hue, current) @ _saturation(1 + saturation, grey)
    middle = torch.einsum("c,chw->", grey @ matrix, current) / current[0].numel()
    changed = {
        name: ((1 + contrast) * (torch.einsum("dc,chw->dhw", matrix, sample[name]) - middle)
               + middle).clamp(0, 1)
        for name in _present(sample, IMAGES)
    }  # fmt: skip
    return {**sample, **changed}


def _saturation(factor: float, grey: Tensor) -> Tensor:
    """Return the matrix that moves colours away from grey. # (3, 3)."""
    return factor * torch.eye(3, device=grey.device) + (1 - factor) * grey.expand(3, 3)


def _hue_turn(turns: float, like: Tensor) -> Tensor:
    """Return the matrix that turns colours around grey. # (3, 3)."""
    angle = 2 * math.pi * turns
    cos, sin = math.cos(angle), math.sin(angle)
    turn = like.new_tensor([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    yiq = like.new_tensor(_YIQ)
    matrix: Tensor = torch.linalg.solve(yiq, turn @ yiq)
    return matrix


def _cut(name: str, tensor: Tensor, window: Window, size: tuple[int, int]) -> Tensor:
    if not _is_plane(name, tensor):
        return tensor
    top, left, height, width = window
    tensor = tensor[..., top : top + height, left : left + width]
    if (height, width) == size:
        return tensor.contiguous()
    if name in IMAGES:
        larger = F.interpolate(tensor[None], size, mode="bilinear", antialias=True)
        return larger[0].clamp(0, 1)
    rows = _nearest(height, size[0], tensor.device)
    columns = _nearest(width, size[1], tensor.device)
    return tensor[..., rows[:, None], columns]


def _nearest(old: int, new: int, device: torch.device) -> Tensor:
    """Return the source sample nearest to each target's centre. # (new,)."""
    centres = (torch.arange(new, device=device, dtype=torch.float64) + 0.5) * (old / new)
    return centres.long().clamp(max=old - 1)


def _cut_intrinsics(matrix: Tensor, window: Window, scale: tuple[float, float]) -> Tensor:
    """Return K of the window's resized pixels; borders stay in place, as in ``Intrinsics``."""
    result = matrix.clone()
    for axis, start in ((0, window.left), (1, window.top)):
        result[axis, :2] = matrix[axis, :2] * scale[axis]
        result[axis, 2] = (matrix[axis, 2] - start + 0.5) * scale[axis] - 0.5
    return result


def _hide_what_left(sample: Sample) -> Sample:
    """Mark as occluded what the smaller image's neighbours do not show any more."""
    moved = {"occluded_next": "flow_forward", "occluded_previous": "flow_backward"}
    height, width = sample["current"].shape[-2:]
    rows = torch.arange(height, device=sample["current"].device)[:, None]
    columns = torch.arange(width, device=sample["current"].device)
    for name, flow in moved.items():
        if name in sample and flow in sample:
            x, y = columns + sample[flow][0], rows + sample[flow][1]
            outside = (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
            sample[name] = sample[name] | outside[None]
    if "occluded_right" in sample and "disparity" in sample:
        sample["occluded_right"] = sample["occluded_right"] | (columns < sample["disparity"])
    return sample


def _mirror(name: str, tensor: Tensor) -> Tensor:
    if name in _POSES:
        signs = tensor.new_tensor([-1.0, 1.0, 1.0, 1.0])
        return tensor * signs[:, None] * signs
    return tensor.flip(-1) if _is_plane(name, tensor) else tensor


def _is_plane(name: str, tensor: Tensor) -> bool:
    return name in _PLANES or tensor.dim() == 3


def _present(sample: Sample, names: Iterable[str]) -> list[str]:
    return [name for name in names if name in sample]
