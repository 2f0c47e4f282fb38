"""Frames to compare engines on: a drawn street that a camera drives along, and noise.

Both are the same on every machine and at every call. They need not be beautiful: the street has
what networks react to (a road with markings, walls with windows, cars, a bright sky, fine and
coarse texture, motion, disparity), the noise has everything at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]

_FOCAL = 0.58  # of the width, as KITTI's cameras
_CAMERA_HEIGHT_M, _STEP_M, _BASELINE_M = 1.65, 0.8, 0.54
_STREET_M, _FAR_M = 8.0, 90.0  # half the street's width; where haze ends the view
# Cars: left edge, distance at the first frame, metres per frame, colour.
_CARS = (
    (-3.2, 14.0, -1.2, (0.75, 0.12, 0.10)),
    (1.2, 9.0, 1.0, (0.15, 0.22, 0.55)),
    (3.9, 12.0, 0.0, (0.85, 0.85, 0.88)),
)
_CAR_WIDTH_M, _CAR_HEIGHT_M = 1.8, 1.5
_HAZE = np.array((0.72, 0.80, 0.92))


def real_looking_frames(
    height: int, width: int, count: int = 3, stereo: bool = False
) -> tuple[Tensor, ...]:
    """Return consecutive frames of a drawn street, RGB in 0..1.

    Args:
        height: of every image, px.
        width: of every image, px.
        count: number of frames.
        stereo: whether a frame has the right camera's image beside the left one.

    Returns:
        One tensor per frame. # (1, 3, H, W), or (2, 3, H, W) with ``stereo``
    """
    eyes = (0.0, _BASELINE_M) if stereo else (0.0,)
    return tuple(
        _as_tensor([_street(height, width, index, eye_m) for eye_m in eyes])
        for index in range(count)
    )


def random_frames(
    height: int, width: int, count: int = 3, stereo: bool = False
) -> tuple[Tensor, ...]:
    """Return frames of noise, coarse and fine, uniform in 0..1; shaped as the street's."""
    generator = np.random.default_rng(0)
    eyes = 2 if stereo else 1
    return tuple(
        _as_tensor([_noise_image(generator, height, width) for _ in range(eyes)])
        for _ in range(count)
    )


def _as_tensor(images: Sequence[Array]) -> Tensor:
    batch = np.stack(images).transpose(0, 3, 1, 2).astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(batch))


def _noise_image(generator: np.random.Generator, height: int, width: int) -> Array:
    """Return blocks of 8 px under noise of single pixels. # (H, W, 3)."""
    blocks = generator.random((-(-height // 8), -(-width // 8), 3))
    coarse = blocks.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
    return 0.5 * coarse + 0.5 * generator.random((height, width, 3))


def _street(height: int, width: int, index: int, eye_m: float) -> Array:
    """Return one image of the street. # (H, W, 3).

    Args:
        height: px.
        width: px.
        index: of the frame; the camera drives ``_STEP_M`` per frame.
        eye_m: of the camera, to the right of the left one.
    """
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    right = (columns - 0.5 * width) / (_FOCAL * width)
    down = (rows - 0.45 * height) / (_FOCAL * width)
    travelled_m = _STEP_M * index
    with np.errstate(divide="ignore"):
        road_m = np.where(down > 0, _CAMERA_HEIGHT_M / down, np.inf)
        walls_m = (np.sign(right) * _STREET_M - eye_m) / right
    depth_m = np.minimum(np.minimum(road_m, walls_m), 4 * _FAR_M)
    x, y, z = depth_m * right + eye_m, depth_m * down, depth_m + travelled_m
    image = np.where((road_m <= walls_m)[..., None], _road(x, z), _wall(y, z))
    above = y < -6.0 - 3.0 * _hash(np.floor(z / 12), np.sign(x))
    image = np.where(above[..., None], _HAZE, image)
    haze = np.clip(depth_m / _FAR_M, 0, 1)[..., None]
    image = (1 - haze) * image + haze * _HAZE
    for left_m, distance_m, speed_m, colour in sorted(_CARS, key=lambda car: -car[1]):
        ahead_m = distance_m + speed_m * index - travelled_m
        _draw_car(image, right * ahead_m + eye_m - left_m, down * ahead_m, ahead_m, colour)
    clipped: Array = np.clip(image, 0, 1)
    return clipped


def _road(x: Array, z: Array) -> Array:
    """Return asphalt with a dashed line in the middle and kerbs. # (H, W, 3)."""
    grey = 0.28 + 0.10 * _texture(x, z, 0.15) + 0.05 * _texture(x, z, 1.3)
    dashed = (np.abs(x) < 0.12) & (np.mod(z, 6.0) < 3.0)
    grey = np.where(dashed | (np.abs(np.abs(x) - 5.5) < 0.15), 0.85, grey)
    pavement = np.abs(x) > 5.7
    light = np.where(pavement, grey + 0.2, grey)
    return _tinted(light, 1.0, np.where(pavement, 0.96, 1.0), np.where(pavement, 0.9, 1.0))


def _wall(y: Array, z: Array) -> Array:
    """Return house fronts, each with its colour, bricks and windows. # (H, W, 3)."""
    house = np.floor(z / 12)
    light = 0.45 + 0.3 * _hash(house, 1) + 0.12 * _texture(y, z, 0.3)
    windows = (np.mod(z, 3.0) < 1.2) & (np.mod(y, 2.8) < 1.5) & (y < 0.3)
    light = np.where(windows, 0.12 + 0.25 * _hash(np.floor(z / 3), np.floor(y / 2.8)), light)
    warmth = _hash(house, 2)
    return _tinted(light, 1.0, 0.75 + 0.2 * warmth, 0.55 + 0.4 * warmth)


def _draw_car(
    image: Array, across: Array, down: Array, ahead_m: float, colour: tuple[float, float, float]
) -> None:
    """Paint a car's front into ``image``; ``across`` and ``down`` are metres in its plane."""
    top = _CAMERA_HEIGHT_M - _CAR_HEIGHT_M
    body = (across > 0) & (across < _CAR_WIDTH_M) & (down > top) & (down < _CAMERA_HEIGHT_M)
    body &= ahead_m > 1.0
    shade = 0.85 + 0.3 * _texture(across, down, 0.1) - 0.3 * (down - top)
    painted = shade[..., None] * np.array(colour)
    glass = (np.abs(across - 0.9) < 0.7) & (down < top + 0.55) & (down > top + 0.1)
    lamps = (np.abs(np.abs(across - 0.9) - 0.7) < 0.13) & (np.abs(down - top - 0.85) < 0.09)
    painted = np.where(glass[..., None], 0.1, np.where(lamps[..., None], 0.95, painted))
    image[body] = painted[body]


def _tinted(light: Array, *tint: float | Array) -> Array:
    """Return a colour image of one brightness and a tint. # (H, W) -> (H, W, 3)."""
    return np.stack([light * channel for channel in tint], axis=-1)


def _texture(a: Array, b: Array, cell_m: float) -> Array:
    """Return smooth noise in -0.5..0.5 with cells of a size, over two coordinates in metres."""
    column, row = np.floor(a / cell_m), np.floor(b / cell_m)
    u, v = a / cell_m - column, b / cell_m - row
    upper = (1 - u) * _hash(column, row) + u * _hash(column + 1, row)
    lower = (1 - u) * _hash(column, row + 1) + u * _hash(column + 1, row + 1)
    return (1 - v) * upper + v * lower - 0.5


def _hash(a: Array, b: Array | float) -> Array:
    """Return a number in 0..1 that looks random, for each pair of whole numbers."""
    # Unsigned integers wrap alike everywhere; a sine of large numbers would not.
    mixed = np.asarray(a).astype(np.int64).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= np.asarray(b).astype(np.int64).astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    return (mixed & np.uint64(0xFFFF)).astype(np.float64) / 65535.0
