"""One training step of SGDepth as in a golden case: losses, gradients, statistics after it.

The case gives the camera's motion, so that the pose network is left out. Depth samples have the
images ``seed + 3 i`` to ``seed + 3 i + 2`` in time, segmentation samples those after.
"""

from __future__ import annotations

import torch
from torch import Tensor

from offline.golden.case import Array, Case
from offline.golden.network_inputs import Shapes, require_variables, weights
from offline.golden.training_steps import batch_of_images, buffers, gradients, tensor
from offline.losses.segmentation import segmentation_loss
from offline.losses.sgdepth import DepthLossSettings, depth_loss
from offline.training.sgdepth_step import GradientScales, JointPrediction, predict_jointly, views
from scene_perception.checkpoints.sgdepth import convert, name_map
from scene_perception.models.sgdepth import SGDepth

_GIVEN = ("K", "cam_T_cam_prev", "cam_T_cam_next", "seg_target")
_NAMES = ("grad_names",)
_FIRST_LAYER = "common.encoder.encoder.conv1.weight"


def inputs(case: Case) -> set[str]:
    """Return the names of a step's arrays that are given; none for another case."""
    return {*_GIVEN, *_NAMES} if is_step(case) else set()


def is_step(case: Case) -> bool:
    """Return whether a case is a training step."""
    return case.keys() >= {*_GIVEN, *_NAMES}


def arrays(case: Case, shapes: Shapes, seed: int) -> dict[str, Array]:
    """Return our arrays for a training step, by its names.

    Args:
        case: with what is given; its segmentation maps say the images' size.
        shapes: of every published entry.
        seed: of the first sample's previous image.

    Raises:
        ValueError: if the entries do not make an SGDepth, or what is given does not fit.
    """
    require_variables(shapes)
    try:
        step = _Step(case, shapes, seed)
        alone = {
            f"conv1_grad_norm_{task}_only": step.first_layer(loss)
            for task, loss in (("depth", step.depth), ("seg", step.segmentation))
        }
        torch.autograd.backward(step.depth + step.segmentation)
    except RuntimeError as error:
        raise ValueError(f"inputs of the step do not fit together: {error}") from error
    results = {
        "loss_depth": step.depth,
        "loss_seg": step.segmentation,
        "seg_logits": step.prediction.logits,
        **{f"disp_{n}": disparity for n, disparity in enumerate(step.prediction.disparities)},
        **alone,
    }
    names = name_map()
    return {
        **{name: value.detach().numpy() for name, value in results.items()},
        **gradients(step.network, names, case),
        **buffers(step.network, names, case),
    }


class _Step:
    """The forward pass, before any backward."""

    def __init__(self, case: Case, shapes: Shapes, seed: int) -> None:
        self.network = SGDepth()
        self.network.load_state_dict(convert(weights(shapes)))
        self.network.train()
        transforms = [tensor(case, name) for name in _GIVEN[1:3]]
        targets = torch.from_numpy(case["seg_target"])
        count, size = len(transforms[0]), (targets.shape[1], targets.shape[2])
        previous, current, following = (
            batch_of_images([seed + 3 * n + frame for n in range(count)], *size)
            for frame in range(3)
        )
        first = seed + 3 * count
        labelled = batch_of_images(range(first, first + len(targets)), *size)
        self.prediction: JointPrediction = predict_jointly(
            self.network.scene,
            torch.cat([current, labelled]),
            slice(0, count),
            slice(count, None),
            GradientScales(),
        )
        intrinsics = tensor(case, "K")[..., :3, :3].expand(count, 3, 3)
        disparities, sources = self.prediction.disparities, (previous, following)
        seen = views(sources, disparities, transforms, intrinsics)
        settings = DepthLossSettings()
        self.depth: Tensor = depth_loss(current, sources, disparities, seen, settings).total
        self.segmentation: Tensor = segmentation_loss(self.prediction.logits, targets)

    def first_layer(self, loss: Tensor) -> Tensor:
        """Return the length of the first layer's gradient by one loss alone."""
        layer = self.network.get_parameter(name_map()[_FIRST_LAYER])
        (gradient,) = torch.autograd.grad(loss, layer, retain_graph=True)
        length: Tensor = gradient.norm()
        return length
