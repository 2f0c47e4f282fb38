"""What is not to be believed of a disparity and of a scene flow, as one flag per reason."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scene_perception.geometry.occlusion import hidden

OUT_OF_RANGE = 1
BEYOND_RIGHT = 2
HIDDEN_RIGHT = 4
NEXT_OUT_OF_RANGE = 8
BEYOND_NEXT = 16
HIDDEN_NEXT = 32

FLAGS = {
    "out_of_range": OUT_OF_RANGE,
    "beyond_right": BEYOND_RIGHT,
    "hidden_right": HIDDEN_RIGHT,
    "next_out_of_range": NEXT_OUT_OF_RANGE,
    "beyond_next": BEYOND_NEXT,
    "hidden_next": HIDDEN_NEXT,
}

# Neighbours on a surface may land on one column with disparities that differ by a pixel;
# where they differ by more, the right camera sees their order reversed.
_ONE_SURFACE_PX = 1.0

Float = NDArray[np.float32]
Flags = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def stereo_validity(disparity: Float, limits_px: tuple[float, float]) -> Flags:
    """Return why a disparity is not to be believed.

    Args:
        disparity: left column - right column, px, NaN where unknown. # (H, W)
        limits_px: smallest and largest disparity in range.

    Returns:
        Sum of ``OUT_OF_RANGE`` (NaN too), ``BEYOND_RIGHT`` (the right image does not show it)
        and ``HIDDEN_RIGHT`` (something nearer covers it there); 0 where valid. # (H, W)

    Raises:
        ValueError: for limits that are not in order.
    """
    in_range = _in_range(disparity, limits_px)
    columns, rows = _grid(disparity)
    right_x = columns - disparity
    flags = _flag(~in_range, OUT_OF_RANGE)
    flags |= _flag(_outside(right_x, disparity.shape[1]), BEYOND_RIGHT)
    flags |= _flag(_hidden(right_x, rows, disparity, in_range), HIDDEN_RIGHT)
    return flags


def motion_validity(
    disparity: Float, next_disparity: Float, flow: Float, limits_px: tuple[float, float]
) -> Flags:
    """Return why a scene flow is not to be believed, the flags of ``stereo_validity`` included.

    Args:
        disparity: px, NaN where unknown. # (H, W)
        next_disparity: of the same point in the pair that the flow points into, px. # (H, W)
        flow: px, channel 0 = x. # (H, W, 2)
        limits_px: smallest and largest disparity in range, of both pairs.

    Returns:
        Also ``NEXT_OUT_OF_RANGE``, ``BEYOND_NEXT`` (leaves the next left or right image, or its
        flow is NaN) and ``HIDDEN_NEXT`` (covered in one of them). # (H, W)

    Raises:
        ValueError: for shapes that differ, or limits that are not in order.
    """
    shape = disparity.shape
    if next_disparity.shape != shape or flow.shape != (*shape, 2):
        raise ValueError(
            f"next disparity and flow must be {shape} and {(*shape, 2)} as the disparity is, got "
            f"{next_disparity.shape} and {flow.shape}"
        )
    columns, rows = _grid(disparity)
    x, y = flow[..., 0] + columns, flow[..., 1] + rows
    with np.errstate(over="ignore", invalid="ignore"):
        right_x = x - next_disparity
    in_range = _in_range(next_disparity, limits_px)
    # Without a flow a pixel is nowhere; without a disparity it is only not known to be outside.
    beyond = ~(_inside(x, shape[1]) & _inside(y, shape[0])) | _outside(right_x, shape[1])
    covered = _hidden(x, y, next_disparity, in_range)
    covered |= _hidden(right_x, y, next_disparity, in_range)
    flags = stereo_validity(disparity, limits_px)
    flags |= _flag(~in_range, NEXT_OUT_OF_RANGE)
    flags |= _flag(beyond, BEYOND_NEXT)
    flags |= _flag(covered, HIDDEN_NEXT)
    return flags


def _grid(image: Float) -> tuple[Float, Float]:
    """Return the column of each pixel as a row vector and its row as a column vector."""
    height, width = image.shape
    return np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]


def _in_range(disparity: Float, limits_px: tuple[float, float]) -> Mask:
    smallest, largest = limits_px
    if not smallest <= largest:
        raise ValueError(f"limits_px must be smallest <= largest, got {limits_px}")
    result: Mask = (disparity >= smallest) & (disparity <= largest)
    return result


def _inside(coordinate: Float, size: int) -> Mask:
    result: Mask = (coordinate >= -0.5) & (coordinate <= size - 0.5)
    return result


def _outside(coordinate: Float, size: int) -> Mask:
    result: Mask = (coordinate < -0.5) | (coordinate > size - 0.5)
    return result


def _hidden(x: Float, y: Float, disparity: Float, in_range: Mask) -> Mask:
    nearness = np.where(in_range, disparity, np.float32(np.nan))
    return hidden(x, y, nearness, _ONE_SURFACE_PX)


def _flag(mask: Mask, bit: int) -> Flags:
    result: Flags = mask.view(np.uint8) * np.uint8(bit)
    return result
