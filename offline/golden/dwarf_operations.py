"""DWARF's single operations in a golden case, computed from the case's own inputs."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from offline.golden.case import Array, Case, Operation, batched, published_layout
from scene_perception.checkpoints.tensorflow import to_torch
from scene_perception.geometry.warp import warp_along_rows, warp_repeating_border
from scene_perception.models.correlation import mean_correlation
from scene_perception.models.dwarf_encoder import SLOPE
from scene_perception.models.layers import SameConv, resize_bilinear

_ROW, _PLANE = (0, 4), (4, 4)


def operation_inputs(case: Case) -> set[str]:
    """Return the names of a case's arrays that are inputs of single operations.

    ``flow`` is one beside an operation that reads it, and else an output of the network.
    """
    read = {n for name in case if name in _OPERATIONS for n in _OPERATIONS[name].inputs}
    return read & case.keys()


def operation_arrays(case: Case) -> dict[str, Array]:
    """Return the output of every operation that we know, the case names and has inputs for.

    Raises:
        ValueError: naming the output whose inputs do not fit together.
    """
    return {
        name: _OPERATIONS[name].apply(name, case)
        for name in case
        if name in _OPERATIONS and _OPERATIONS[name].can_read(case)
    }


def _features(case: Case) -> tuple[Tensor, Tensor]:
    return batched(case["features_a"]), batched(case["features_b"])


def _correlation_1d(case: Case) -> Array:
    return published_layout(mean_correlation(*_features(case), _ROW))


def _swapped(case: Case) -> Array:
    first, second = _features(case)
    return published_layout(mean_correlation(second, first, _ROW))


def _leaky(case: Case) -> Array:
    return published_layout(F.leaky_relu(mean_correlation(*_features(case), _ROW), SLOPE))


def _correlation_2d(case: Case) -> Array:
    return published_layout(mean_correlation(*_features(case), _PLANE))


def _correlation_3d(case: Case) -> Array:
    first, second = _features(case)
    volumes = [mean_correlation(*pair, _ROW) for pair in ((first, second), (second, first))]
    current, following = (F.leaky_relu(volume, SLOPE) for volume in volumes)
    return published_layout(mean_correlation(current, following, _PLANE))


def _shifted(case: Case) -> Array:
    source, shift = batched(case["features_b"]), batched(case["shift_x"])
    return published_layout(warp_along_rows(source, shift))


def _warped(case: Case) -> Array:
    source, flow = batched(case["features_b"]), batched(case["flow"])
    return published_layout(warp_repeating_border(source, flow))


def _resized(case: Case) -> Array:
    height, width = case["small_map"].shape[:2]
    return published_layout(resize_bilinear(batched(case["small_map"]), 4 * height, 4 * width))


def _doubled(case: Case) -> Array:
    weight = to_torch(case["up_kernel"])
    layer = nn.ConvTranspose2d(weight.shape[0], weight.shape[1], 4, 2, 1, bias=False)
    layer.load_state_dict({"weight": weight})
    return published_layout(layer(batched(case["small_map"])))


def _halved(case: Case) -> Array:
    weight = to_torch(case["stride2_kernel"])
    outputs, inputs = weight.shape[:2]
    layer = SameConv(inputs, outputs, stride=2, linear=True)
    layer.load_state_dict({"conv.weight": weight, "conv.bias": torch.zeros(outputs)})
    return published_layout(layer(batched(case["stride2_input"])))


_PAIR = ("features_a", "features_b")
_OPERATIONS = {
    "correlation_1d": Operation(_PAIR, _correlation_1d),
    "correlation_1d_swapped": Operation(_PAIR, _swapped),
    "leaky_correlation_1d": Operation(_PAIR, _leaky),
    "correlation_2d": Operation(_PAIR, _correlation_2d),
    "correlation_3d": Operation(_PAIR, _correlation_3d),
    "warp_by_shift_x": Operation(("features_b", "shift_x"), _shifted),
    "warp_by_flow": Operation(("features_b", "flow"), _warped),
    "resize_x4": Operation(("small_map",), _resized),
    "conv_transpose_x2": Operation(("small_map", "up_kernel"), _doubled),
    "conv_stride2": Operation(("stride2_input", "stride2_kernel"), _halved),
}
