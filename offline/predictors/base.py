"""What every predictor promises: images of a sample in, a network's own outputs out.

Outputs keep the network's resolution and units; protocols differ in how they bring them to
the ground truth's, so that is theirs to do. By task:

| task | outputs |
|---|---|
| ``depth`` | ``inverse_depth`` float32 (h, w) > 0 |
| ``semantics`` | ``logits`` float32 (C, h, w), as the published network gives them |
| ``flow`` | ``flow`` float32 (h, w, 2), px of (h, w), to the next frame |
| ``motion`` | ``motion_probability`` float32 (h, w), ``labels`` uint8 (h, w) |
| ``pose`` | ``next_from_current`` float64 (4, 4) |
| ``scene_flow`` | ``disparity``, ``next_disparity`` float32 (H, W) px, ``flow`` float32 (H, W, 2) px, at the image's size |
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

TASKS = ("depth", "semantics", "flow", "motion", "pose", "scene_flow")

Images = Mapping[str, NDArray[np.uint8]]
Outputs = dict[str, NDArray[Any]]


class Predictor(Protocol):
    """A network ready to describe samples.

    Attributes:
        model: ``omeganet``, ``dsnet``, ``dwarf``, ``sgdepth`` or ``insta_dm``.
        roles: task -> the roles (``offline.datasets.samples``) of the images that it takes; a
            task that is missing is one that the network (or its weights) cannot do.
    """

    @property
    def model(self) -> str:
        """Name of the network."""
        ...

    @property
    def roles(self) -> Mapping[str, tuple[str, ...]]:
        """Images that each task takes."""
        ...

    def __call__(self, task: str, images: Images) -> Outputs:
        """Return the outputs of a task for RGB uint8 images (H, W, 3) of one size, by role.

        Raises:
            ValueError: for a task that the network cannot do.
        """
        ...


def require_task(predictor: Predictor, task: str) -> None:
    """Raise ValueError if ``predictor`` cannot do ``task``."""
    if task not in predictor.roles:
        raise ValueError(
            f"task of {predictor.model} must be one of {', '.join(predictor.roles)}, got {task!r}"
        )


def array(tensor: Tensor) -> NDArray[Any]:
    """Return a contiguous copy on the host."""
    return tensor.contiguous().cpu().numpy().copy()
