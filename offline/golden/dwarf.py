"""DWARF's side of a golden case: the same arrays, computed by our network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from statistics import mode

import numpy as np
import torch
from torch import Tensor

from offline.golden.case import Array, Case, Network, published_layout
from offline.golden.dwarf_operations import operation_arrays, operation_inputs
from offline.golden.network_inputs import require_variables
from offline.golden.stand_ins import golden_image, golden_weights
from offline.kitti_files import encode_disparity, encode_flow
from scene_perception.checkpoints.dwarf import convert
from scene_perception.frame import Frame, StereoFrame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.models.dwarf import DWARF
from scene_perception.pipelines.stereo_input import Fit, choose_fit, to_camera, to_network

_MULTIPLE = 64
_PUBLISHED_SIZE = (384, 1280)
_SHIFT_PX = 6  # the right images are the left ones moved by as much to the left
_FULL_SIZE = ("disparity", "disparity_change", "flow")
_WRITTEN = ("kitti_disp_0", "kitti_disp_1", "kitti_flow_rgb")
_LEVEL = re.compile(r"(level|encoder_.*_level)(?P<level>\d)(?P<doubled>_up_)?.*")


def dwarf_arrays(case: Case, shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, Array]:
    """Return our arrays for a case, by its names.

    Args:
        case: outputs of the whole graph, or of single operations with their inputs, or both.
        shapes: of every published variable.
        seed: of the first of two frames.

    Raises:
        ValueError: if the variables do not make a DWARF, the images are too small to be padded
            to the next multiple of 64 px, or inputs of an operation do not fit together.
    """
    arrays = operation_arrays(case)
    known = arrays.keys() | operation_inputs(case)
    size = image_size({name: array for name, array in case.items() if name not in known})
    if arrays and size is None:
        return arrays
    return {**_network_arrays(shapes, seed, *(size or _PUBLISHED_SIZE)), **arrays}


def image_size(case: Case) -> tuple[int, int] | None:
    """Return height and width of the images that most arrays of a case would come from.

    Arrays of the levels have the padded images' size and count where no other array tells.
    None where none does.
    """
    final = [array.shape[:2] for name, array in case.items() if name in (*_FULL_SIZE, *_WRITTEN)]
    sizes = [shape for shape in final if len(shape) == 2] or _padded_sizes(case)
    return mode(sizes) if sizes else None


def _padded_sizes(case: Case) -> list[tuple[int, ...]]:
    sizes = []
    for name, array in case.items():
        match = _LEVEL.fullmatch(name)
        if match and array.ndim >= 2:
            halvings = int(match["level"]) - bool(match["doubled"])
            sizes.append(tuple(n << halvings for n in array.shape[:2]))
    return sizes


def _network_arrays(
    shapes: Mapping[str, tuple[int, ...]], seed: int, height: int, width: int
) -> dict[str, Array]:
    require_variables(shapes)
    padded = (width + -width % _MULTIPLE, height + -height % _MULTIPLE)
    fit = choose_fit((width, height), padded, "pad")
    network = DWARF()
    network.load_state_dict(convert(golden_weights(shapes, "HWIO")))
    images = [image for n in range(2) for image in _pair(seed + n, fit)]
    with torch.inference_mode():
        tensors = network.eval().intermediates(*images)
    arrays = {name: _as_in_case(tensor) for name, tensor in tensors.items()}
    cropped = {name: to_camera(arrays[name], fit) for name in _FULL_SIZE}
    return {**arrays, **cropped, **_kitti_arrays(cropped)}


def _pair(seed: int, fit: Fit) -> tuple[Tensor, Tensor]:
    """Return one moment's left and right image as the network takes them. # (1, 3, H, W)."""
    width, height = fit.camera
    left = golden_image(seed, height, width)
    camera = Intrinsics(width, width, width / 2, height / 2, width, height)
    right = np.roll(left, -_SHIFT_PX, axis=1)
    frame = StereoFrame(
        Frame(left, 0, "camera", camera),
        Frame(right, 0, "camera", camera),
        StereoCamera(camera, camera, 1.0),
    )
    pair = to_network(frame, fit)
    return pair[:1], pair[1:]


def _as_in_case(tensor: Tensor) -> Array:
    """Return an array as cases have it: no batch, channels last if there are several."""
    array = published_layout(tensor)
    return array[..., 0] if array.shape[2] == 1 else array


def _kitti_arrays(outputs: Mapping[str, Array]) -> dict[str, Array]:
    return {
        "kitti_disp_0": encode_disparity(-outputs["disparity"]),
        "kitti_disp_1": encode_disparity(-outputs["disparity_change"]),
        "kitti_flow_rgb": encode_flow(outputs["flow"]),
    }


DWARF_CASES = Network(dwarf_arrays, operation_inputs)
