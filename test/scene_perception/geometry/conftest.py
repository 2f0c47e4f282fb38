"""Golden inputs and outputs of single operations, and an exact scene before a stereo camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera

DATA = Path(__file__).resolve().parents[2] / "data" / "omeganet"


@pytest.fixture(scope="session")
def unit() -> Callable[[str], Tensor]:
    """Array of ``units.npz`` by name; images become (1, C, H, W)."""
    with np.load(DATA / "units.npz") as arrays:
        units = {name: torch.from_numpy(arrays[name]) for name in arrays.files}

    def read(name: str) -> Tensor:
        array = units[name]
        is_vector = name.startswith("rigid") and name != "rigid_in_depth"
        if is_vector:
            return array
        return array[None, None] if array.ndim == 2 else array.movedim(-1, 0)[None]

    return read


@dataclass(frozen=True)
class StereoScene:
    """A street seen twice by a driving and turning camera, every number known.

    Attributes:
        camera: of the first pair; infinity lies at 3 px.
        next_camera: of the second pair, calibrated otherwise.
        interval_s: from the first to the second.
        points: of each pixel, m in the first left optical frame, float64. # (H, W, 3)
        next_points: the same points in the second left optical frame. # (H, W, 3)
        disparity: of the first pair, px, float32. # (H, W)
        next_disparity: of the second pair, at the same points. # (H, W)
        flow: from the first left image to the second, px. # (H, W, 2)
        moving: the pixels of the two boxes that move. # (H, W)
        velocity_m_s: of those boxes. # (3,)
        next_from_current: of the camera. # (4, 4)
    """

    camera: StereoCamera
    next_camera: StereoCamera
    interval_s: float
    points: np.ndarray
    next_points: np.ndarray
    disparity: np.ndarray
    next_disparity: np.ndarray
    flow: np.ndarray
    moving: np.ndarray
    velocity_m_s: np.ndarray
    next_from_current: np.ndarray

    @property
    def observed(self) -> np.ndarray:
        """Column, row and disparity at which each point is seen next, px. # (H, W, 3)."""
        y, x = np.mgrid[: self.disparity.shape[0], : self.disparity.shape[1]]
        return np.dstack([x + self.flow[..., 0], y + self.flow[..., 1], self.next_disparity])


@pytest.fixture(scope="session")
def stereo_camera() -> StereoCamera:
    left = Intrinsics(240.0, 250.0, 158.3, 52.6, width=320, height=120)
    return StereoCamera(left, replace(left, cx=155.3), baseline_m=0.5)


@pytest.fixture(scope="session")
def stereo_scene(stereo_camera: StereoCamera) -> StereoScene:
    """A road, a wall, a standing box, and two boxes that drive to the right and away."""
    left = replace(stereo_camera.left, fx=244.0, fy=249.0, cx=160.0, cy=53.0)
    next_camera = StereoCamera(left, replace(left, cx=155.5), baseline_m=0.52)
    y, x = np.mgrid[0:120, 0:320].astype(np.float64)
    rays = np.dstack(_rays(x, y, stereo_camera.left))
    depth = np.minimum(30.0, 1.5 / np.maximum(rays[..., 1], 1e-3))
    depth[(x >= 200) & (x < 260) & (y >= 30) & (y < 90)] = 9.0
    moving = np.zeros(depth.shape, bool)
    for columns, rows, box_depth in (((40, 110), (35, 95), 7.0), ((130, 180), (45, 75), 12.0)):
        inside = (x >= columns[0]) & (x < columns[1]) & (y >= rows[0]) & (y < rows[1])
        depth[inside] = box_depth
        moving |= inside
    points, interval_s, velocity = rays * depth[..., None], 0.1, np.array([3.0, 0.0, 2.0])
    motion = rigid_motion([0.004, -0.02, 0.003], [0.05, -0.01, -0.9])
    moved = points + np.where(moving[..., None], velocity * interval_s, 0.0)
    next_points = moved @ motion[:3, :3].T + motion[:3, 3]
    seen = seen_by(next_points, next_camera)
    return StereoScene(
        camera=stereo_camera,
        next_camera=next_camera,
        interval_s=interval_s,
        points=points,
        next_points=next_points,
        disparity=seen_by(points, stereo_camera)[..., 2].astype(np.float32),
        next_disparity=seen[..., 2].astype(np.float32),
        flow=(seen[..., :2] - np.dstack([x, y])).astype(np.float32),
        moving=moving,
        velocity_m_s=velocity,
        next_from_current=motion,
    )


@pytest.fixture(scope="session")
def project_stereo() -> Callable[[np.ndarray, StereoCamera], np.ndarray]:
    """Return column, row and disparity at which a stereo camera sees points."""
    return seen_by


@pytest.fixture(scope="session")
def make_motion() -> Callable[[list[float], list[float]], np.ndarray]:
    """Return the 4x4 transform of a rotation vector (rad) and a translation (m)."""
    return rigid_motion


def seen_by(points: np.ndarray, camera: StereoCamera) -> np.ndarray:
    x, y, z = np.moveaxis(points, -1, 0)
    column = camera.left.fx * x / z + camera.left.cx
    right_column = camera.right.fx * (x - camera.baseline_m) / z + camera.right.cx
    row = camera.left.fy * y / z + camera.left.cy
    return np.stack([column, row, column - right_column], axis=-1)


def rigid_motion(rotation: list[float], translation: list[float]) -> np.ndarray:
    motion = np.eye(4)
    motion[:3, :3] = cv2.Rodrigues(np.array(rotation, np.float64))[0]
    motion[:3, 3] = translation
    return motion


def _rays(x: np.ndarray, y: np.ndarray, camera: Intrinsics) -> list[np.ndarray]:
    return [(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, np.ones_like(x)]


@pytest.fixture(scope="session")
def dwarf_operation() -> Callable[[str], Tensor]:
    """Array of DWARF's ``operations.npz`` by name as (1, C, H, W)."""
    with np.load(DATA.with_name("dwarf") / "operations.npz") as arrays:
        operations = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    return lambda name: operations[name].movedim(-1, 0)[None]
