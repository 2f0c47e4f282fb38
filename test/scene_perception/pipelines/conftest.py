"""Small networks with random weights, their parts as counted engines, and a few frames."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from scene_perception.engines.base import Engine, TensorSpec
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.constant_engine import ConstantEngine
from scene_perception.engines.load import load_mono_engines
from scene_perception.engines.random_weights import (
    random_dwarf,
    random_insta_dm,
    random_omeganet,
    random_sgdepth,
)
from scene_perception.engines.torch_engine import TorchEngine
from scene_perception.frame import Frame, StereoFrame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.models import dwarf
from scene_perception.models.dsnet import Labeller
from scene_perception.models.dwarf import DWARF
from scene_perception.models.insta_dm import InstaDM
from scene_perception.models.omeganet import OmegaNet, part_inputs
from scene_perception.models.sgdepth import SGDepth
from scene_perception.pipelines.config import MonoConfig, OutputConfig
from scene_perception.pipelines.stereo_config import StereoConfig

HEIGHT, WIDTH = 128, 192


class CountedEngine:
    """Passes calls on and counts them under its part's name."""

    def __init__(self, engine: Engine, part: str, counts: Counter[str]) -> None:
        self._engine, self._part, self._counts = engine, part, counts

    @property
    def inputs(self) -> Mapping[str, TensorSpec]:
        return self._engine.inputs

    @property
    def outputs(self) -> Mapping[str, TensorSpec]:
        return self._engine.outputs

    def __call__(self, **tensors: Tensor) -> dict[str, Tensor]:
        self._counts[self._part] += 1
        return self._engine(**tensors)


@pytest.fixture(scope="session")
def network() -> OmegaNet:
    return random_omeganet()


@pytest.fixture(scope="session")
def engines(network: OmegaNet) -> dict[str, Engine]:
    shapes = part_inputs(HEIGHT, WIDTH)
    return {
        part: TorchEngine(module, {name: TensorSpec(s) for name, s in shapes[part].items()})
        for part, module in network.parts().items()
    }


@pytest.fixture(scope="session")
def sgdepth() -> SGDepth:
    return random_sgdepth()


@pytest.fixture(scope="session")
def insta_dm() -> InstaDM:
    return random_insta_dm()


@pytest.fixture(scope="session")
def engines_of() -> Callable[[str], dict[str, Engine]]:
    """Return a model's parts as engines, with the weights of ``sgdepth`` and ``insta_dm``."""
    size = NetworkConfig(
        height=HEIGHT, width=WIDTH, random_weights=True, device="cpu", backend="torch"
    )
    return functools.cache(lambda model: dict(load_mono_engines(size, model).engines))


@pytest.fixture(scope="session")
def flow_engines(engines: dict[str, Engine]) -> dict[str, Engine]:
    """The parts of ``network`` that give flow, and what compares it with a pose."""
    return {part: engines[part] for part in ("flow_encoder", "flow_decoder", "rigid_motion")}


@pytest.fixture(scope="session")
def labeller(network: OmegaNet) -> Engine:
    """The labels of ``network`` alone."""
    return TorchEngine(Labeller(network.dsnet), {"image": TensorSpec((1, 3, HEIGHT, WIDTH))})


@pytest.fixture(scope="session")
def constant(engines: dict[str, Engine]) -> dict[str, Engine]:
    """The parts as engines that take no time, where numbers do not matter."""
    return {part: ConstantEngine.recorded(engine) for part, engine in engines.items()}


@pytest.fixture
def counts() -> Counter[str]:
    """How often each part ran in this test."""
    return Counter()


@pytest.fixture
def counting(counts: Counter[str]) -> Callable[[Mapping[str, Engine]], dict[str, Engine]]:
    """Return engines that take no time and whose calls are in ``counts``."""
    return lambda engines: {
        part: CountedEngine(ConstantEngine.recorded(engine), part, counts)
        for part, engine in engines.items()
    }


@pytest.fixture
def counted(
    constant: dict[str, Engine],
    counting: Callable[[Mapping[str, Engine]], dict[str, Engine]],
) -> dict[str, Engine]:
    return counting(constant)


@pytest.fixture
def config() -> MonoConfig:
    """Settings at the small network's size, outputs as the network gives them."""
    return MonoConfig(
        network=NetworkConfig(height=HEIGHT, width=WIDTH),
        output=OutputConfig(resolution="network"),
    )


@pytest.fixture(scope="session")
def frame_at() -> Callable[[float], Frame]:
    """Return the frame of a second: a smooth texture that moves, with intrinsics."""
    coarse = np.random.default_rng(0).integers(0, 256, (20, 40, 3), dtype=np.uint8)
    texture = cv2.resize(coarse, (640, 320), interpolation=cv2.INTER_CUBIC)
    camera = Intrinsics(150.0, 150.0, 95.5, 63.5, width=WIDTH, height=HEIGHT)

    def frame(seconds: float) -> Frame:
        shift = round(20 * seconds) % 100
        image = np.ascontiguousarray(texture[shift : shift + HEIGHT, 2 * shift : 2 * shift + WIDTH])
        return replace(Frame(image, 0, "camera", camera), stamp_ns=round(seconds * 1e9))

    return frame


@dataclass(frozen=True)
class StereoTruth:
    """An exact scene: what two pairs see, and what is true of it.

    Attributes:
        frames: the two pairs.
        constants: what a perfect network says about the first, at the cameras' size.
        depth: m. # (H, W)
        velocity: relative to the camera, m/s. # (H, W, 3)
        moving: of the object. # (H, W)
        next_from_current: the camera's motion. # (4, 4)
        object_velocity_m_s: of its own. # (3,)
    """

    frames: tuple[StereoFrame, StereoFrame]
    constants: dict[str, Tensor]
    depth: np.ndarray
    velocity: np.ndarray
    moving: np.ndarray
    next_from_current: np.ndarray
    object_velocity_m_s: np.ndarray


@pytest.fixture(scope="session")
def stereo_network() -> DWARF:
    return random_dwarf()


@pytest.fixture(scope="session")
def stereo_engines(stereo_network: DWARF) -> dict[str, Engine]:
    shapes = dwarf.part_inputs(HEIGHT, WIDTH)
    return {
        part: TorchEngine(module, {name: TensorSpec(s) for name, s in shapes[part].items()})
        for part, module in stereo_network.parts().items()
    }


@pytest.fixture(scope="session")
def stereo_constant(stereo_engines: dict[str, Engine]) -> dict[str, Engine]:
    """The parts of DWARF as engines that take no time."""
    return {part: ConstantEngine.recorded(engine) for part, engine in stereo_engines.items()}


@pytest.fixture
def stereo_counted(
    stereo_constant: dict[str, Engine],
    counting: Callable[[Mapping[str, Engine]], dict[str, Engine]],
) -> dict[str, Engine]:
    return counting(stereo_constant)


@pytest.fixture
def stereo_config() -> StereoConfig:
    return StereoConfig(network=NetworkConfig(height=HEIGHT, width=WIDTH))


@pytest.fixture(scope="session")
def stereo_camera() -> StereoCamera:
    left = Intrinsics(150.0, 150.0, 95.5, 63.5, width=WIDTH, height=HEIGHT)
    return StereoCamera(left, replace(left, cx=93.5), baseline_m=0.5)


@pytest.fixture(scope="session")
def pair_at(
    frame_at: Callable[[float], Frame], stereo_camera: StereoCamera
) -> Callable[[float], StereoFrame]:
    """Return the pair of a second; the right image shows the left one 6 px further left."""

    def pair(seconds: float) -> StereoFrame:
        left = frame_at(seconds)
        right = replace(left, image=np.roll(left.image, -6, axis=1), frame_id="right")
        return StereoFrame(left, right, stereo_camera)

    return pair


@pytest.fixture(scope="session")
def stereo_truth(
    pair_at: Callable[[float], StereoFrame], stereo_camera: StereoCamera
) -> StereoTruth:
    """A slanted ground, a wall, and a box that crosses while the camera drives and turns."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    depth = np.where(y > 75, 150.0 * 1.5 / np.maximum(y - 63.5, 1), 20.0 + 0.02 * x)
    moving = (x >= 60) & (x < 110) & (y >= 40) & (y < 90)
    depth[moving] = 8.0
    left, interval_s = stereo_camera.left, 0.1
    points = np.stack([(x - left.cx) / left.fx * depth, (y - left.cy) / left.fy * depth, depth], -1)
    own = np.array([3.0, 0.0, 1.0])
    yaw = 0.01
    motion = np.eye(4)
    motion[:3, :3] = [
        [np.cos(yaw), 0, np.sin(yaw)],
        [0, 1, 0],
        [-np.sin(yaw), 0, np.cos(yaw)],
    ]
    motion[:3, 3] = [0.02, 0.0, -0.6]
    moved = points + np.where(moving[..., None], own * interval_s, 0.0)
    following = moved @ motion[:3, :3].T + motion[:3, 3]
    z = following[..., 2]
    flow = np.stack(
        [
            left.fx * following[..., 0] / z + left.cx - x,
            left.fy * following[..., 1] / z + left.cy - y,
        ]
    )
    focal_baseline = left.fx * stereo_camera.baseline_m
    disparity = focal_baseline / depth + stereo_camera.zero_disparity_px
    next_disparity = focal_baseline / z + stereo_camera.zero_disparity_px
    constants = {"disparity": disparity[None], "next_disparity": next_disparity[None], "flow": flow}
    return StereoTruth(
        frames=(pair_at(1.0), pair_at(1.0 + interval_s)),
        constants={n: torch.from_numpy(a.astype(np.float32))[None] for n, a in constants.items()},
        depth=depth,
        velocity=(following - points) / interval_s,
        moving=moving,
        next_from_current=motion,
        object_velocity_m_s=own,
    )


@pytest.fixture
def engines_saying(
    stereo_constant: dict[str, Engine],
) -> Callable[[Mapping[str, Tensor]], dict[str, Engine]]:
    """Return engines whose outputs are the given tensors, and zero where none is given."""

    def engines(said: Mapping[str, Tensor]) -> dict[str, Engine]:
        return {
            part: ConstantEngine(
                engine.inputs,
                {name: said.get(name, zeros(spec)) for name, spec in engine.outputs.items()},
            )
            for part, engine in stereo_constant.items()
        }

    return engines


@pytest.fixture
def perfect_engines(
    engines_saying: Callable[[Mapping[str, Tensor]], dict[str, Engine]], stereo_truth: StereoTruth
) -> dict[str, Engine]:
    """Engines whose last parts say exactly what is true of ``stereo_truth``."""
    return engines_saying(stereo_truth.constants)


@pytest.fixture(scope="session")
def within() -> Callable[[object, object, float], bool]:
    """Return whether arrays differ by at most a fraction of the expected array's range."""

    def compare(actual: object, expected: object, fraction: float) -> bool:
        expected = np.asarray(expected)
        span = float(expected.max() - expected.min()) or 1.0
        return float(np.nanmax(np.abs(np.asarray(actual) - expected))) <= fraction * span

    return compare


def zeros(spec: TensorSpec) -> Tensor:
    return torch.zeros(spec.shape, dtype=spec.dtype)
