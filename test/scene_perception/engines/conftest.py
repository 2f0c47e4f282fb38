"""Networks with random weights, and their weights in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from scene_perception.checkpoints.weights import save_weights
from scene_perception.engines.random_weights import random_dwarf, random_omeganet, random_sgdepth
from scene_perception.models.dwarf import DWARF
from scene_perception.models.omeganet import OmegaNet
from scene_perception.models.sgdepth import SGDepth


@pytest.fixture(scope="session")
def network() -> OmegaNet:
    return random_omeganet(seed=1)


@pytest.fixture(scope="session")
def omeganet_weights(network: OmegaNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "omeganet.safetensors"
    save_weights(path, network.state_dict(), {"model": "omeganet", "source": "test"})
    return path


@pytest.fixture(scope="session")
def sgdepth() -> SGDepth:
    return random_sgdepth(seed=1)


@pytest.fixture(scope="session")
def sgdepth_weights(sgdepth: SGDepth, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "sgdepth.safetensors"
    save_weights(path, sgdepth.state_dict(), {"model": "sgdepth", "source": "test"})
    return path


@pytest.fixture(scope="session")
def stereo_network() -> DWARF:
    return random_dwarf(seed=1)


@pytest.fixture(scope="session")
def dwarf_weights(stereo_network: DWARF, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "dwarf.safetensors"
    save_weights(path, stereo_network.state_dict(), {"model": "dwarf", "source": "test"})
    return path
