"""A little street of boxes: where things stand and how they move.

World axes are those of an optical frame that looks along the road: x right, y down, z
forward, metres; the ground is the plane y = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scene_perception.cityscapes import BUILDING, CAR
from scene_perception.geometry.camera import Intrinsics

CAMERA_HEIGHT_M = 1.65
BASELINE_M = 0.54  # of KITTI's colour cameras
_SPEED_M_S = 8.0
LANE_M = 3.5
_STREET_M = 140.0
_CROSSING_M = (26.0, 32.0)  # along the road: a side street, free of buildings
_CAR_M = (1.8, 1.5, 4.2)
_KITTI_FOCAL, _KITTI_CY, _KITTI_SIZE = 721.5, 172.85, (375, 1242)

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Boxes:
    """Axis-aligned boxes at time 0.

    Attributes:
        low: corner of smallest coordinates. # (N, 3)
        high: corner of largest coordinates. # (N, 3)
        velocity: m/s. # (N, 3)
        colour: RGB 0..1. # (N, 3)
        labels: Cityscapes train ids. # (N,)
    """

    low: Array
    high: Array
    velocity: Array
    colour: Array
    labels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Scene:
    """A street, the camera that drives through it, and the waves of its surface patterns.

    Attributes:
        boxes: buildings and cars.
        intrinsics: of the camera.
        waves: wavelength (m), direction (rad), phase (rad) of each. # (K, 3)
    """

    boxes: Boxes
    intrinsics: Intrinsics
    waves: Array


def make_scene(seed: int, height: int, width: int) -> Scene:
    """Return the street of ``seed``, seen by a camera like KITTI's with that image size."""
    generator = np.random.default_rng(seed)
    scale = width / _KITTI_SIZE[1]
    intrinsics = Intrinsics(
        fx=_KITTI_FOCAL * scale,
        fy=_KITTI_FOCAL * scale,
        cx=(width - 1) / 2,
        cy=_KITTI_CY * height / _KITTI_SIZE[0],
        width=width,
        height=height,
    )
    wavelength = np.geomspace(0.3, 5.0, 6)
    angles = generator.uniform(0, 2 * np.pi, (2, len(wavelength)))
    return Scene(_boxes(generator), intrinsics, np.stack([wavelength, *angles], axis=1))


def world_from_camera(time_s: float) -> Array:
    """Return the camera's pose: driving in the right lane, swaying a little. # (4, 4)."""
    yaw = 0.03 * np.sin(0.9 * time_s)
    cos, sin = np.cos(yaw), np.sin(yaw)
    pose = np.eye(4)
    pose[:3, :3] = [[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]
    pose[:3, 3] = [
        LANE_M / 2 + 0.2 * np.sin(0.7 * time_s),
        -CAMERA_HEIGHT_M,
        _SPEED_M_S * time_s,
    ]
    return pose


def _boxes(generator: np.random.Generator) -> Boxes:
    rows = [*_buildings(generator, -1), *_buildings(generator, 1), *_parked(generator)]
    traffic = _traffic()
    velocity = np.zeros((len(rows) + len(traffic), 3))
    velocity[len(rows) :] = [speed for _, speed in traffic]
    rows += [row for row, _ in traffic]
    corners = np.array([row[0] for row in rows])
    colour = np.array([row[1] for row in rows])
    labels = np.array([row[2] for row in rows], np.uint8)
    return Boxes(corners[:, 0], corners[:, 1], velocity, colour, labels)


_Row = tuple[Array, tuple[float, ...], int]


def _traffic() -> list[tuple[_Row, Array]]:
    """Return what moves and its velocity, m/s; for six seconds nothing meets."""
    width, height, length = _CAR_M
    oncoming = _at(-LANE_M / 2, 54.0, _CAR_M), (0.75, 0.1, 0.1), CAR
    overtaking = _at(-1.2, 7.0, _CAR_M), (0.85, 0.65, 0.1), CAR
    crossing = _at(-4.5, 29.0, (length, height, width)), (0.1, 0.3, 0.75), CAR
    return [
        (oncoming, np.array([0.0, 0.0, -10.0])),
        (overtaking, np.array([1.0, 0.0, 14.0])),
        (crossing, np.array([7.0, 0.0, 0.0])),
    ]


def _buildings(generator: np.random.Generator, side: int) -> list[_Row]:
    rows: list[_Row] = []
    z = generator.uniform(2, 8)
    while z < _STREET_M:
        length, depth = generator.uniform(9, 18), generator.uniform(8, 14)
        size = (depth, generator.uniform(5, 13), length)
        x = side * (generator.uniform(8.5, 11) + depth / 2)
        colour = tuple(generator.uniform(0.35, 0.75) * generator.uniform(0.85, 1.15, 3))
        if not (z < _CROSSING_M[1] and z + length > _CROSSING_M[0]):
            rows.append((_at(x, z + length / 2, size), colour, BUILDING))
        z += length + generator.uniform(0, 6)
    return rows


def _parked(generator: np.random.Generator) -> list[_Row]:
    rows: list[_Row] = []
    for z in np.arange(14, _STREET_M, 22):
        x = generator.choice([-1, 1]) * generator.uniform(4.9, 5.3)
        colour = tuple(generator.uniform(0.1, 0.8, 3))
        rows.append((_at(x, z + generator.uniform(0, 8), _CAR_M), colour, CAR))
    return rows


def _at(x: float, z: float, size: tuple[float, float, float]) -> Array:
    """Return the corners of a box that stands on the ground. # (2, 3)."""
    half = np.array([size[0] / 2, 0, size[2] / 2])
    foot = np.array([x, 0, z])
    return np.stack([foot - half - [0, size[1], 0], foot + half])
