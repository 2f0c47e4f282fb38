"""What every metric refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_numbers(what: str, values: NDArray[Any]) -> None:
    """Refuse a prediction that is not a number somewhere.

    Args:
        what: name for the message.
        values: # (H, W) or (H, W, C)

    Raises:
        ValueError: naming how many pixels are NaN.
    """
    unknown = np.isnan(values)
    if unknown.any():
        pixels = unknown if unknown.ndim == 2 else unknown.any(axis=2)
        raise ValueError(
            f"{what} must be numbers, got NaN at {np.count_nonzero(pixels)} of {pixels.size} pixels"
        )


def check_size(what: str, values: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Refuse a map that has not the shape of its ground truth.

    Raises:
        ValueError: naming both shapes.
    """
    if values.shape != shape:
        raise ValueError(f"{what} must be {shape} as its ground truth is, got {values.shape}")
