"""Averaging what a network says about an image and about its mirror image."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from offline.predictors.base import Images, Outputs, Predictor
from offline.predictors.memory import Recent

_AVERAGED = {"depth": "inverse_depth", "semantics": "logits"}
_BORDER = 0.05  # of the width

Float = NDArray[np.float32]


class Flipped:
    """A predictor whose depth and logits are averaged with those of the mirror image.

    Depth is averaged as inverse depth, with monodepth's treatment of the borders; logits are
    averaged everywhere. Other tasks are the predictor's own.

    Args:
        predictor: what is asked twice.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._mirrored = Recent(lambda image: np.ascontiguousarray(image[:, ::-1]))

    @property
    def model(self) -> str:
        """Name of the network."""
        return self._predictor.model

    @property
    def roles(self) -> Mapping[str, tuple[str, ...]]:
        """Images that each task takes."""
        return self._predictor.roles

    def __call__(self, task: str, images: Images) -> Outputs:
        """Return the outputs of a task; see ``Predictor``."""
        outputs = self._predictor(task, images)
        if task not in _AVERAGED:
            return outputs
        name = _AVERAGED[task]
        mirrored = {role: self._mirrored(images[role]) for role in self.roles[task]}
        other = self._predictor(task, mirrored)[name][..., ::-1]
        if task == "depth":
            return {name: average_with_mirrored(outputs[name], other)}
        return {name: (outputs[name] + other) * np.float32(0.5)}


def average_with_mirrored(inverse_depth: Float, mirrored: Float) -> Float:
    """Return the mean of two predictions, but one alone at each border. # (H, W).

    ``post_process_disparity`` of monodepth (Godard et al., CVPR 2017, section 4): the leftmost
    5 % of the width are the mirrored prediction's, the rightmost 5 % the other's, as each is
    worst where its own image has no neighbour to the left; the next 5 % go over to the mean.

    Args:
        inverse_depth: of the image. # (H, W)
        mirrored: of its mirror image, mirrored back. # (H, W)
    """
    columns = np.linspace(0, 1, inverse_depth.shape[1])
    left = 1 - np.clip((columns - _BORDER) / _BORDER, 0, 1)
    right = left[::-1]
    mean = 0.5 * (inverse_depth + mirrored)
    average = right * inverse_depth + left * mirrored + (1 - left - right) * mean
    return average.astype(np.float32)
