"""How the street looks: smooth procedural colours that do not alias from frame to frame."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.synthetic import raycast
from offline.synthetic.raycast import View
from offline.synthetic.scene import LANE_M, Scene
from scene_perception.cityscapes import BUILDING, ROAD, SIDEWALK, SKY, TERRAIN

Array = NDArray[np.floating[Any]]  # float32 from the caller: only colours depend on it

_GROUND_COLOURS = {
    ROAD: (0.34, 0.34, 0.36),
    SIDEWALK: (0.55, 0.52, 0.5),
    TERRAIN: (0.3, 0.42, 0.2),
}
_HORIZON = np.array([0.85, 0.9, 0.95], np.float32)
_ZENITH = np.array([0.45, 0.65, 0.9], np.float32)
_FACE_SHADES = np.array([0.8, 1.15, 1.0], np.float32)  # faces across x, y (roofs) and z


def paint(scene: Scene, view: View) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the image (H, W, 3), RGB, and the train ids (H, W) of what is seen."""
    downward = view.rays[1].astype(np.float32)
    pixel_m = (view.depth / scene.intrinsics.fx).astype(np.float32)
    colour = _sky_colour(downward)
    labels = np.full(view.surface.shape, SKY, np.uint8)
    ground, boxes = view.surface == raycast.GROUND, view.surface >= 0

    x, z = (view.points[axis][ground].astype(np.float32) for axis in (0, 2))
    covered_m = pixel_m[ground] / _facing(downward[ground])
    colour[ground], labels[ground] = _ground(scene, x, z, covered_m)

    index = view.surface[boxes]
    low = scene.boxes.low + scene.boxes.velocity * view.time_s
    local = (view.points[:, boxes] - low.T[:, index]).astype(np.float32)
    directions = view.rays.astype(np.float32)[:, boxes]
    colour[boxes] = _box_colour(scene, index, local, directions, pixel_m[boxes])
    labels[boxes] = scene.boxes.labels[index]
    return (np.clip(colour, 0, 1) * 255 + 0.5).astype(np.uint8), labels


def _facing(component: Array) -> Array:
    """Return how squarely rays meet a surface; ``component`` is theirs along its normal."""
    result: Array = np.clip(np.abs(component), 0.02, 1.0)
    return result


def _sky_colour(downward: Array) -> Array:
    """Return the sky's RGB 0..1 for the downward component of rays. # (H, W, 3)."""
    height = np.clip(-downward * 2, 0, 1)[..., None]
    result: Array = (1 - height) * _HORIZON + height * _ZENITH
    return result


def _ground(scene: Scene, x: Array, z: Array, covered_m: Array) -> tuple[Array, NDArray[np.uint8]]:
    """Return the RGB 0..1 (N, 3) and the train ids (N,) of points on the ground.

    Args:
        scene: gives the pattern.
        x: to the right of the road's middle, m. # (N,)
        z: along the road, m. # (N,)
        covered_m: size of what a pixel covers there. # (N,)
    """
    distance = np.abs(x)
    kinds = np.digitize(distance, [1.05 * LANE_M, 2.2 * LANE_M])
    labels = np.array(list(_GROUND_COLOURS), np.uint8)[kinds]
    colour = np.array(list(_GROUND_COLOURS.values()), np.float32)[kinds]
    colour = colour * (1 + 0.1 * _pattern(scene, x, z, covered_m)[:, None])
    dashes = _step(np.sin(2 * math.pi * z / 9.0), covered_m, 0.3)
    middle = _step(0.1 - distance, covered_m, 0.04) * dashes
    edges = _step(0.08 - np.abs(distance - 0.95 * LANE_M), covered_m, 0.04)
    paint = np.maximum(middle, edges)[:, None]
    return colour * (1 - paint) + 0.9 * paint, labels


def _box_colour(
    scene: Scene, index: NDArray[np.int64], local: Array, rays: Array, pixel_m: Array
) -> Array:
    """Return the RGB 0..1 of points on boxes. # (N, 3).

    Args:
        scene: has the boxes and the pattern.
        index: which box each point is on. # (N,)
        local: the points less their box's low corner, m. # (3, N)
        rays: directions they are seen in. # (3, N)
        pixel_m: size of a pixel at their depth. # (N,)
    """
    boxes = scene.boxes
    size = (boxes.high - boxes.low).astype(np.float32)[index].T
    face = np.minimum(np.abs(local), np.abs(size - local)).argmin(axis=0)
    u = np.where(face == 0, local[2], local[0])
    v = np.where(face == 1, local[2], local[1])
    covered_m = pixel_m / _facing(np.choose(face, rays))
    shade = _FACE_SHADES[face] * (
        1 + 0.1 * _pattern(scene, u + 7 * index.astype(np.float32), v, covered_m)
    )
    columns, rows = (_step(np.sin(2 * math.pi * axis / 2.2), covered_m, 0.15) for axis in (u, v))
    windows = np.where(boxes.labels[index] == BUILDING, columns * rows, 0.0)
    result: Array = boxes.colour.astype(np.float32)[index] * (shade * (1 - 0.5 * windows))[:, None]
    return result


def _pattern(scene: Scene, u: Array, v: Array, covered_m: Array) -> Array:
    """Return a pattern, about -1 .. 1, at surface points (metres). # (N,).

    Waves too short for what a pixel covers are faded out.
    """
    total: Array = np.zeros(len(u), np.float32)
    for wavelength, direction, phase in scene.waves.tolist():
        along = u * math.cos(direction) + v * math.sin(direction)
        visible = np.clip(wavelength / (4 * covered_m) - 0.5, 0, 1)
        total += visible * np.sin(2 * math.pi * along / wavelength + phase)
    total /= math.sqrt(len(scene.waves) / 2)
    return total


def _step(inside: Array, covered_m: Array, width: float) -> Array:
    """Return a step from 0 to 1 where ``inside`` turns positive, as wide as pixels need."""
    result: Array = 0.5 + 0.5 * np.tanh(inside / (width + 2 * covered_m))
    return result
