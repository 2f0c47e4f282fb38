"""A small OmegaNet with random weights, its parts as counted engines, and a few frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import cv2
import numpy as np
import pytest
from torch import Tensor

from scene_perception.engines.base import Engine, TensorSpec
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.constant_engine import ConstantEngine
from scene_perception.engines.random_weights import random_omeganet
from scene_perception.engines.torch_engine import TorchEngine
from scene_perception.frame import Frame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.models.omeganet import OmegaNet, part_inputs
from scene_perception.pipelines.config import MonoConfig, OutputConfig

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
def constant(engines: dict[str, Engine]) -> dict[str, Engine]:
    """The parts as engines that take no time, where numbers do not matter."""
    return {part: ConstantEngine.recorded(engine) for part, engine in engines.items()}


@pytest.fixture
def counts() -> Counter[str]:
    """How often each part ran in this test."""
    return Counter()


@pytest.fixture
def counted(constant: dict[str, Engine], counts: Counter[str]) -> dict[str, Engine]:
    return {part: CountedEngine(engine, part, counts) for part, engine in constant.items()}


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
