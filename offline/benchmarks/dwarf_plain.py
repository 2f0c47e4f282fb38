"""DWARF as its published graph reads: the baseline of the benchmark, and an independent check.

Four images are encoded by four calls, every cost volume is one product and mean per shift,
every head and context network convolves the concatenation of all that it reads, and all three
context networks run. Nothing is shared, merged or left out, and nothing of ``models`` is used
but the names of the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.models.dwarf import DWARFOutputs

_SLOPE = 0.1
_RANGE = 4
_UNIT_PX = 20.0
_LEVELS = (6, 5, 4, 3, 2)
_HEADS = ("disparity", "next_disparity", "flow")
_CONTEXTS = {
    "disparity": "disparity_refinement.disparity",
    "next_disparity": "motion_refinement.next_disparity",
    "flow": "motion_refinement.flow",
}
_DILATIONS = (1, 2, 4, 8, 16, 1)


class _Level(NamedTuple):
    """A level's motion (d, c, u, v) and, by head, the features that it was predicted from."""

    motion: Tensor
    features: Mapping[str, Tensor]


class PlainDWARF(nn.Module):
    """The published computation with the weights of ``models.dwarf.DWARF``.

    Args:
        state: the other network's state dictionary.
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._state = state

    def forward(
        self, left: Tensor, right: Tensor, next_left: Tensor, next_right: Tensor
    ) -> DWARFOutputs:
        """Describe ``left``; images and outputs as ``DWARF.forward``'s. # (B, 3, H, W)."""
        pyramids = [self._encode(image) for image in (left, right, next_left, next_right)]
        coarser: _Level | None = None
        for n in _LEVELS:
            features = [pyramid[n - 1] for pyramid in pyramids]
            coarser = self._level(n, features, coarser)
        assert coarser is not None
        refined = coarser.motion + self._residual(coarser.features)
        disparity, next_disparity, flow = _full_size(refined).tensor_split((1, 2), 1)
        return DWARFOutputs(-disparity, -next_disparity, flow)

    def _encode(self, image: Tensor) -> list[Tensor]:
        pyramid = []
        for n in range(6):
            for layer in range(3):
                name = f"stereo_encoder.levels.{n}.{layer}.conv"
                image = _activated(self._convolve(name, image, stride=2 if layer == 0 else 1))
            pyramid.append(image)
        return pyramid

    def _level(self, n: int, features: list[Tensor], coarser: _Level | None) -> _Level:
        left, right, next_left, next_right = features
        if coarser is None:
            return self._estimate(n, plain_costs(left, right, next_left, next_right))
        up_motion, up_features = self._upsample(n + 1, coarser)
        d, c, u, v = (up_motion * (_UNIT_PX / 2**n)).chunk(4, 1)
        costs = plain_costs(
            left,
            _read_along_row(right, d),
            _read_repeating_border(next_left, u, v),
            _read_repeating_border(next_right, u + c, v),
        )
        return self._estimate(n, torch.cat([costs, left, up_motion, up_features], 1))

    def _estimate(self, n: int, inputs: Tensor) -> _Level:
        scope = "scene_flow_decoder" + (f".levels.level_{n}" if n > _LEVELS[-1] else "")
        trunk = self._dense([f"{scope}.trunk.{layer}.conv" for layer in range(3)], inputs)
        features, motion = {}, []
        for head in _HEADS:
            name = _head(n, head)
            features[head] = self._dense([f"{name}.first", f"{name}.second"], trunk)
            motion.append(self._convolve(f"{name}.prediction", features[head]))
        return _Level(torch.cat(motion, 1), features)

    def _dense(self, names: list[str], features: Tensor) -> Tensor:
        for name in names:
            features = torch.cat([features, _activated(self._convolve(name, features))], 1)
        return features

    def _upsample(self, n: int, level: _Level) -> tuple[Tensor, Tensor]:
        """Return motion and features of level ``n`` at twice its size. # (B, 4, 2h, 2w) each."""
        motion, features = [], []
        predictions = level.motion.tensor_split((1, 2), 1)
        for head, prediction in zip(_HEADS, predictions, strict=True):
            name = _head(n, head)
            motion.append(self._double(f"{name}.upsample_motion", prediction))
            features.append(self._double(f"{name}.upsample_features", level.features[head]))
        return torch.cat(motion, 1), torch.cat(features, 1)

    def _residual(self, features: Mapping[str, Tensor]) -> Tensor:
        residuals = []
        for head, module in _CONTEXTS.items():
            context = features[head]
            for n, dilation in enumerate(_DILATIONS):
                name = f"{module}.layers.{n}.conv"
                context = _activated(self._convolve(name, context, dilation=dilation))
            residuals.append(self._convolve(f"{module}.layers.6.conv", context))
        return torch.cat(residuals, 1)

    def _convolve(
        self, name: str, features: Tensor, *, stride: int = 1, dilation: int = 1
    ) -> Tensor:
        weight, bias = self._state[f"{name}.weight"], self._state[f"{name}.bias"]
        if stride == 2:
            return F.conv2d(F.pad(features, (0, 1, 0, 1)), weight, bias, stride)
        return F.conv2d(features, weight, bias, padding=dilation, dilation=dilation)

    def _double(self, name: str, features: Tensor) -> Tensor:
        weight, bias = self._state[f"{name}.weight"], self._state[f"{name}.bias"]
        return F.conv_transpose2d(features, weight, bias, stride=2, padding=1)


def _head(n: int, head: str) -> str:
    """Return where a head's weights are; those of the finest level are beside its context's."""
    part = _CONTEXTS[head].split(".")[0]
    scope = part if n == _LEVELS[-1] else f"scene_flow_decoder.levels.level_{n}"
    return f"{scope}.heads.{head}"


def _activated(features: Tensor) -> Tensor:
    return F.leaky_relu(features, _SLOPE)


def plain_costs(left: Tensor, right: Tensor, next_left: Tensor, next_right: Tensor) -> Tensor:
    """Return the activated cost volumes of two stereo pairs. # (B, 180, h, w)."""
    rows = _correlate(left, right, 0)
    next_rows = _correlate(next_left, next_right, 0)
    both = _correlate(rows, next_rows, _RANGE)
    return torch.cat([rows, next_rows, both, _correlate(left, next_left, _RANGE)], 1)


def _correlate(target: Tensor, source: Tensor, rows: int) -> Tensor:
    """Return the activated mean product at every shift of up to ``rows`` rows, 4 columns."""
    height, width = target.shape[2:]
    padded = F.pad(source, (_RANGE, _RANGE, rows, rows))
    costs = [
        (target * padded[:, :, y : y + height, x : x + width]).mean(1, keepdim=True)
        for y in range(2 * rows + 1)
        for x in range(2 * _RANGE + 1)
    ]
    return _activated(torch.cat(costs, 1))


def _read_along_row(source: Tensor, shift: Tensor) -> Tensor:
    """Sample at x + shift; weights are taken against neighbours clamped to the image."""
    y, x = _grid(source)
    return _blend_clamped(source, x + shift[:, 0], y + torch.zeros_like(shift[:, 0]))


def _blend_clamped(source: Tensor, x: Tensor, y: Tensor) -> Tensor:
    height, width = source.shape[2:]
    x0, y0 = x.floor().clamp(0, width - 1), y.floor().clamp(0, height - 1)
    x1, y1 = (x.floor() + 1).clamp(0, width - 1), (y.floor() + 1).clamp(0, height - 1)
    return (
        _pick(source, x0, y0) * ((x1 - x) * (y1 - y))[:, None]
        + _pick(source, x1, y0) * ((x - x0) * (y1 - y))[:, None]
        + _pick(source, x0, y1) * ((x1 - x) * (y - y0))[:, None]
        + _pick(source, x1, y1) * ((x - x0) * (y - y0))[:, None]
    )


def _read_repeating_border(source: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Sample at (x + u, y + v); neighbours, not weights, are clamped to the image."""
    y, x = _grid(source)
    x0, y0 = x + u[:, 0].floor(), y + v[:, 0].floor()
    wx, wy = u - u.floor(), v - v.floor()
    above = _pick(source, x0, y0) * (1 - wx) + _pick(source, x0 + 1, y0) * wx
    below = _pick(source, x0, y0 + 1) * (1 - wx) + _pick(source, x0 + 1, y0 + 1) * wx
    return above * (1 - wy) + below * wy


def _pick(source: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the pixels at whole coordinates, clamped to the image. # (B, C, h, w)."""
    batch, _, height, width = source.shape
    image = torch.arange(batch, device=source.device).view(-1, 1, 1)
    column, row = x.clamp(0, width - 1).long(), y.clamp(0, height - 1).long()
    return source.permute(0, 2, 3, 1)[image, row, column].permute(0, 3, 1, 2)


def _grid(source: Tensor) -> tuple[Tensor, Tensor]:
    height, width = source.shape[2:]
    rows = torch.arange(height, dtype=source.dtype, device=source.device)
    columns = torch.arange(width, dtype=source.dtype, device=source.device)
    return rows[:, None], columns[None, :]


def _full_size(motion: Tensor) -> Tensor:
    """Enlarge four times, sample i reading i / 4, and change the unit to px."""
    motion = motion * _UNIT_PX
    for axis in (2, 3):
        size = motion.shape[axis]
        position = torch.arange(4 * size, dtype=motion.dtype, device=motion.device) / 4
        lower = position.long()
        upper = (lower + 1).clamp(max=size - 1)
        fraction = (position - lower).view([-1, 1] if axis == 2 else [-1])
        first, second = motion.index_select(axis, lower), motion.index_select(axis, upper)
        motion = first + (second - first) * fraction
    return motion
