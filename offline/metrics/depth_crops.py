"""The part of the image in which depth is scored."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# First and last row, first and last column, as shares of height and width.
_SHARES: Mapping[str, tuple[float, float, float, float]] = MappingProxyType(
    {
        "none": (0.0, 1.0, 0.0, 1.0),
        "garg": (0.40810811, 0.99189189, 0.03594771, 0.96405229),  # Garg et al., ECCV 2016
        "cityscapes": (0.1, 0.7, 0.1, 0.9),  # SGDepth, loaders/fns.py
        "semseg_cityscapes": (0.05, 0.8, 0.05, 0.99),  # Semseg, running score
    }
)
CROPS = tuple(_SHARES)


def crop_box(crop: str, height: int, width: int) -> tuple[slice, slice]:
    """Return the rows and columns of a crop; fractions of a pixel are cut off, as published.

    375 x 1242 px give rows 153:371 and columns 44:1197 for ``garg``.

    Raises:
        ValueError: for a crop that is not in ``CROPS``.
    """
    if crop not in _SHARES:
        raise ValueError(f"crop must be one of {', '.join(CROPS)}, got {crop!r}")
    top, bottom, left, right = _SHARES[crop]
    return slice(int(top * height), int(bottom * height)), slice(
        int(left * width), int(right * width)
    )
