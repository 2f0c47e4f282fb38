"""OmegaNet's side of a golden case: the same arrays, computed by our network."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from statistics import mode

import numpy as np
import torch
from torch import Tensor

from offline.golden.case import Array, Case, Network, batched, published_layout
from offline.golden.network_inputs import require_variables
from offline.golden.omeganet_operations import operation_arrays, operation_inputs
from offline.golden.stand_ins import golden_image, golden_weights
from scene_perception.checkpoints.omeganet import convert, model_of
from scene_perception.models.layers import check_image_size
from scene_perception.models.omeganet import OmegaNet

_PUBLISHED_SIZE = (192, 640)
# How often the image is halved down to an array, where its name does not end in the number.
_HALVINGS = {
    **dict.fromkeys(("disp", "depth", "semantic_labels", "dynamic_prior", "motion_mask"), 0),
    **dict.fromkeys(("motion_probability", "rigid_flow", "flow_fw", "flow_bw"), 0),
    **{"semantic_logits": 1, "flow_fw_refined": 2, "flow_bw_refined": 2},
    **{"cam_bottleneck": 6, "pose_pred_map": 6},
}
_NUMBERED = re.compile(
    r"(disp_raw_scale|flow_[fb]w_level|feat_(dsnet|pose|flow)_tgt_|cost_volume_level)"
    r"(?P<halvings>\d)(_[fb]w)?"
)
_BORDER = {"pose_pred_map": 2}  # the published 1x1 convolution pads all the same


def omeganet_arrays(
    case: Case, shapes: Mapping[str, tuple[int, ...]], seed: int
) -> dict[str, Array]:
    """Return our arrays for a case, by its names.

    Args:
        case: outputs of the whole graph, or of single operations with their inputs, or both.
        shapes: of every published variable.
        seed: of the first of three frames.

    Raises:
        ValueError: if the variables do not make an OmegaNet, the arrays' size is none that it
            can take, or inputs of an operation do not fit together.
    """
    arrays = operation_arrays(case)
    known = arrays.keys() | operation_inputs(case)
    rest = {name: array for name, array in case.items() if name not in known}
    size = image_size(rest)
    if arrays and size is None:
        return arrays
    return {**_network_arrays(shapes, seed, *(size or _PUBLISHED_SIZE)), **arrays}


def image_size(case: Case) -> tuple[int, int] | None:
    """Return height and width of the images that most arrays of a case would come from.

    None where no array tells, as poses do not.
    """
    sizes = []
    for name, array in case.items():
        match = _NUMBERED.fullmatch(name)
        halvings = int(match["halvings"]) if match else _HALVINGS.get(name)
        if halvings is not None and array.ndim >= 2:
            border = _BORDER.get(name, 0)
            sizes.append(
                ((array.shape[0] - border) << halvings, (array.shape[1] - border) << halvings)
            )
    return mode(sizes) if sizes else None


def _network_arrays(
    shapes: Mapping[str, tuple[int, ...]], seed: int, height: int, width: int
) -> dict[str, Array]:
    require_variables(shapes)
    if model_of(shapes) != "omeganet":
        raise ValueError("variables must be those of the whole OmegaNet, got none of superflow/")
    check_image_size(height, width, multiple=64, minimum=128)
    network = OmegaNet()
    network.load_state_dict(convert(golden_weights(shapes, "HWIO")))
    frames = [golden_image(seed + n, height, width) for n in range(3)]
    images = [batched(frame.astype(np.float32) / np.float32(255)) for frame in frames]
    with torch.inference_mode():
        arrays = network.eval().intermediates(*images)
    checksums = np.array([zlib.crc32(frame.tobytes()) for frame in frames], np.uint32)
    return {
        "input_crc32": checksums,
        **{name: _as_in_case(name, tensor) for name, tensor in arrays.items()},
    }


def _as_in_case(name: str, tensor: Tensor) -> Array:
    """Return an array as cases have it: no batch (but for poses), channels last."""
    return tensor.numpy() if name == "pose" else published_layout(tensor)


OMEGANET_CASES = Network(omeganet_arrays, operation_inputs)
