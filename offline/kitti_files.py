"""KITTI's disparity, flow and depth maps: 16-bit PNGs, as its development kits read them.

Disparity is one channel, ``256 d``, 0 where nothing is known; depth likewise, in metres. Flow
is RGB, ``64 u + 32768``, ``64 v + 32768`` and 1 where it is known. Fractions are cut off, not
rounded, as DWARF's published writer does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.png_files import read_png, write_png

_DISPARITY_SCALE = np.float32(256)
_FLOW_SCALE = np.float32(64)
_FLOW_ZERO = np.float32(32768)
_LARGEST = np.iinfo(np.uint16).max

Float = NDArray[np.float32]


def file_name(index: int) -> str:
    """Return the name of a map of the ``index``-th image pair.

    Raises:
        ValueError: for a negative index, or one that has more than KITTI's six digits.
    """
    if not 0 <= index <= 999_999:
        raise ValueError(f"index of a KITTI image pair must be 0 ... 999999, got {index}")
    return f"{index:06d}_10.png"


def encode_disparity(disparity: NDArray[Any]) -> NDArray[np.uint16]:
    """Return ``trunc(256 max(d, 0))``; what is not a number becomes 0, "not known". # (H, W).

    From 256 px on the largest value is kept; the published code wraps around there.

    Args:
        disparity: px, positive. # (H, W)

    Raises:
        ValueError: for another shape.
    """
    _check(disparity, 2, "disparity must be (H, W)")
    with np.errstate(invalid="ignore"):
        values = np.clip(disparity.astype(np.float32) * _DISPARITY_SCALE, 0, _LARGEST)
    return np.where(np.isnan(disparity), 0, values).astype(np.uint16)


def encode_flow(
    flow: NDArray[Any], valid: NDArray[np.bool_] | None = None, *, double: bool = False
) -> NDArray[np.uint16]:
    """Return ``trunc(64 u + 32768)``, ``trunc(64 v + 32768)``, valid. # (H, W, 3).

    Beyond -512 ... 511.98 px the nearest value is kept. Where flow is not known or not
    finite all three are 0.

    Args:
        flow: px. # (H, W, 2)
        valid: where flow is known; None: everywhere. # (H, W)
        double: compute in double precision, as OmegaNet's writer does; DWARF's, in single
            precision, rounds ``64 u + 32768`` to 1/256 before it is cut off.

    Raises:
        ValueError: for other shapes.
    """
    _check(flow, 3, "flow must be (H, W, 2)", channels=2)
    known = np.isfinite(flow[..., 0]) & np.isfinite(flow[..., 1])
    if valid is not None:
        if valid.shape != flow.shape[:2]:
            raise ValueError(f"valid must be {flow.shape[:2]} as flow is, got {valid.shape}")
        known &= valid.astype(bool)
    values: NDArray[Any] = flow.astype(np.float64 if double else np.float32)
    values[~known] = 0
    values *= _FLOW_SCALE
    values += _FLOW_ZERO
    encoded = np.empty((*known.shape, 3), np.uint16)
    encoded[..., :2] = np.clip(values, 0, _LARGEST, out=values)
    encoded[..., 2] = 1
    encoded[~known] = 0
    return encoded


def decode_disparity(encoded: NDArray[np.uint16]) -> Float:
    """Return what ``encode_disparity`` kept, px, NaN where it is not known. # (H, W)."""
    disparity = encoded.astype(np.float32) / _DISPARITY_SCALE
    return np.where(encoded > 0, disparity, np.float32(np.nan))


def decode_flow(encoded: NDArray[np.uint16]) -> tuple[Float, NDArray[np.bool_]]:
    """Return what ``encode_flow`` kept, px, 0 where it is not known, and where it is.

    # (H, W, 3) -> (H, W, 2), (H, W)
    """
    valid = encoded[..., 2] > 0
    flow = encoded[..., :2].astype(np.float32)
    flow -= _FLOW_ZERO
    flow /= _FLOW_SCALE
    flow[~valid] = 0
    return flow, valid


def write_disparity(path: Path, disparity: NDArray[Any]) -> None:
    """Write a disparity map. # (H, W).

    Raises:
        OSError: naming the file, if it cannot be written.
        ValueError: as ``encode_disparity``.
    """
    write_png(path, encode_disparity(disparity))


def write_depth(path: Path, depth: NDArray[Any]) -> None:
    """Write a depth map, m; what is not a number becomes 0, "not measured". # (H, W).

    Raises:
        OSError: naming the file, if it cannot be written.
        ValueError: for another shape.
    """
    write_disparity(path, depth)  # both store 256 times the value, 0 for none


def write_flow(path: Path, flow: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> None:
    """Write a flow map. # (H, W, 2).

    Raises:
        OSError: naming the file, if it cannot be written.
        ValueError: as ``encode_flow``.
    """
    write_png(path, encode_flow(flow, valid)[..., ::-1])  # OpenCV has blue first


def read_disparity(path: Path) -> Float:
    """Return a disparity map, px, NaN where it is not known. # (H, W).

    Raises:
        ValueError: naming the file, if it cannot be read or is no disparity map.
    """
    return decode_disparity(read_png(path, np.uint16))


def read_depth(path: Path) -> Float:
    """Return a depth map, m, 0 where it was not measured. # (H, W).

    Raises:
        ValueError: naming the file, if it cannot be read or is no depth map.
    """
    depth: Float = read_png(path, np.uint16).astype(np.float32) / _DISPARITY_SCALE
    return depth


def read_flow(path: Path) -> tuple[Float, NDArray[np.bool_]]:
    """Return a flow map, px, 0 where it is not known, and where it is. # (H, W, 2), (H, W).

    Raises:
        ValueError: naming the file, if it cannot be read or is no flow map.
    """
    return decode_flow(read_png(path, np.uint16, 3)[..., ::-1])  # OpenCV has blue first


def _check(values: NDArray[Any], axes: int, rule: str, channels: int | None = None) -> None:
    wrong_channels = channels is not None and values.shape[-1:] != (channels,)
    if values.ndim != axes or wrong_channels or min(values.shape) < 1:
        raise ValueError(f"{rule} with H, W >= 1, got {values.shape}")
