"""SGDepth's side of a golden case: the same arrays, computed by our network."""

from __future__ import annotations

import re

import torch
from torch import Tensor

from offline.golden import sgdepth_losses, sgdepth_metrics, sgdepth_training
from offline.golden.case import Array, Case, network_or_operations
from offline.golden.network_inputs import (
    Shapes,
    feature_statistics,
    frame,
    image_size,
    require_variables,
    weights,
)
from scene_perception.checkpoints.sgdepth import convert
from scene_perception.geometry.disparity import depth_from_inverse_depth
from scene_perception.geometry.se3 import axis_angle_matrix, inverse
from scene_perception.models.layers import check_image_size
from scene_perception.models.resnet import STRIDE
from scene_perception.models.sgdepth import EgoMotionNet, SGDepth
from scene_perception.models.sgdepth_scene import inverse_depth_from_sigmoid

_PUBLISHED_SIZE = (192, 640)
_TELLS_SIZE = re.compile(r"(scaled_)?(disp|depth)_(?P<n>\d)|seg_(logits|argmax)")


@torch.inference_mode()
def network_arrays(case: Case, shapes: Shapes, seed: int) -> dict[str, Array]:
    """Return our arrays for a case of the network's outputs, by its names.

    Args:
        case: says the images' size.
        shapes: of every published entry.
        seed: of the first of three frames.

    Raises:
        ValueError: if the entries do not make an SGDepth, or the arrays' size is none that it
            can take.
    """
    require_variables(shapes)
    size = image_size(case, _TELLS_SIZE) or _PUBLISHED_SIZE
    check_image_size(*size, multiple=STRIDE, minimum=2 * STRIDE)
    previous, current, following = (frame(seed + n, *size) for n in range(3))
    network = SGDepth()
    network.load_state_dict(convert(weights(shapes)))
    network.eval()
    pairs = {"prev": (previous, current), "next": (current, following)}
    tensors = _scene_arrays(network, current)
    for name, pair in pairs.items():
        tensors |= _pose_arrays(network.ego_motion, name, *pair)
    encoded = [_pose_features(network.ego_motion, *pair) for pair in pairs.values()]
    tensors["pose_encoder_stats"] = torch.stack([feature_statistics(f) for f in encoded])
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def _scene_arrays(network: SGDepth, image: Tensor) -> dict[str, Tensor]:
    scene = network.scene
    features = scene.encoder(scene.normalization(image))
    prediction = network.predict(image)
    disparities = {f"disp_{n}": disp[0, 0] for n, disp in enumerate(prediction.disparities)}
    inverse_depth = inverse_depth_from_sigmoid(disparities["disp_0"])
    return {
        **disparities,
        "scaled_disp_0": inverse_depth,
        "depth_0": depth_from_inverse_depth(inverse_depth),
        "seg_logits": prediction.logits[0],
        "seg_argmax": prediction.logits[0].argmax(0).to(torch.uint8),
        "shared_encoder_stats": feature_statistics(features),
    }


def _pose_arrays(
    network: EgoMotionNet, name: str, first: Tensor, second: Tensor
) -> dict[str, Tensor]:
    """Return vectors and the matrix from the current frame; the earlier pair's is inverted."""
    axis_angle, translation = network.vectors(first, second)
    matrix = axis_angle_matrix(axis_angle, translation)
    return {
        f"pose_{name}_axisangle": axis_angle[0],
        f"pose_{name}_translation": translation[0],
        f"pose_{name}_matrix": (inverse(matrix) if name == "prev" else matrix)[0],
    }


def _pose_features(network: EgoMotionNet, *pair: Tensor) -> tuple[Tensor, ...]:
    return network.net.encode(*(network.normalization(image) for image in pair))


SGDEPTH_CASES = network_or_operations(
    network_arrays, sgdepth_losses, sgdepth_metrics, step=sgdepth_training
)
