"""What the golden cases of networks start from: frames, weights, and the size of both."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import mode

import numpy as np
import torch
from torch import Tensor

from offline.golden.case import Case, batched
from offline.golden.stand_ins import golden_image, golden_weights

Shapes = Mapping[str, tuple[int, ...]]


def frame(seed: int, height: int, width: int) -> Tensor:
    """Return a golden image, RGB in 0..1. # (1, 3, height, width)."""
    image = golden_image(seed, height, width)
    return batched(image.astype(np.float32) / np.float32(255))


def require_variables(shapes: Shapes) -> None:
    """Refuse to compute a network without knowing its variables.

    Raises:
        ValueError: naming the option.
    """
    if not shapes:
        raise ValueError(
            "arrays of a network need its --variables, other arrays need their inputs in the case"
        )


def weights(shapes: Shapes) -> dict[str, Tensor]:
    """Return the stand-ins for a PyTorch network's entries.

    Raises:
        ValueError: if there are none.
    """
    require_variables(shapes)
    return {name: torch.from_numpy(array) for name, array in golden_weights(shapes, "OIHW").items()}


def image_size(case: Case, names: re.Pattern[str]) -> tuple[int, int] | None:
    """Return height and width of the images that most arrays of a case would come from.

    Args:
        case: channels first. # (..., H / 2^n, W / 2^n)
        names: of the arrays that tell; a group ``n`` is how often the size is halved.

    Returns:
        None where no array tells.
    """
    sizes = []
    for name, array in case.items():
        match = names.fullmatch(name)
        if match and array.ndim >= 2:
            halvings = int(match["n"] or 0)  # None where the name has no number
            sizes.append((array.shape[-2] << halvings, array.shape[-1] << halvings))
    return mode(sizes) if sizes else None


def feature_statistics(features: Sequence[Tensor]) -> Tensor:
    """Return mean, standard deviation and largest magnitude of each feature. # (features, 3)."""
    return torch.stack([torch.stack([f.mean(), f.std(), f.abs().max()]) for f in features])
