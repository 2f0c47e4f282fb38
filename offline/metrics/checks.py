"""What every metric refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class NoTruth(ValueError):
    """Ground truth without a single pixel that counts: nothing to compare with."""


def check_numbers(what: str, values: NDArray[Any], *, finite: bool = False) -> None:
    """Refuse a prediction that is not a number somewhere.

    Args:
        what: name for the message.
        values: # (H, W) or (H, W, C)
        finite: infinity is no number either; depth may be infinite.

    Raises:
        ValueError: naming how many pixels are not.
    """
    unknown = ~np.isfinite(values) if finite else np.isnan(values)
    if unknown.any():
        pixels = unknown if unknown.ndim == 2 else unknown.any(axis=2)
        found = "NaN or infinity" if finite else "NaN"
        raise ValueError(
            f"{what} must be numbers, got {found} at {np.count_nonzero(pixels)} of {pixels.size} "
            "pixels"
        )


def check_size(what: str, values: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Refuse a map that has not the shape of its ground truth.

    Raises:
        ValueError: naming both shapes.
    """
    if values.shape != shape:
        raise ValueError(f"{what} must be {shape} as its ground truth is, got {values.shape}")


def transforms(what: str, values: NDArray[Any]) -> NDArray[np.float64]:
    """Return a row of rigid transforms in double precision. # (N, 4, 4).

    Raises:
        ValueError: for another shape, or what is not finite.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 3 or values.shape[1:] != (4, 4):
        raise ValueError(f"{what} must be (N, 4, 4), got {values.shape}")
    if not np.isfinite(values).all():
        bad = np.count_nonzero(~np.isfinite(values).all(axis=(1, 2)))
        raise ValueError(f"{what} must be finite, {bad} of {len(values)} are not")
    return values
