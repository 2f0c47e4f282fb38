"""Networks with their golden case's stand-in weights, built once, and the arrays of the cases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from offline.golden.stand_ins import golden_image, golden_weights
from scene_perception.checkpoints.dwarf import convert as convert_dwarf
from scene_perception.checkpoints.omeganet import convert
from scene_perception.models.dwarf import DWARF, DWARFOutputs
from scene_perception.models.omeganet import OmegaNet, OmegaNetOutputs

DATA = Path(__file__).resolve().parents[2] / "data" / "omeganet"
DWARF_DATA = DATA.with_name("dwarf")


@pytest.fixture(scope="session")
def omeganet() -> OmegaNet:
    shapes = json.loads((DATA / "variables.json").read_text())
    network = OmegaNet().eval()
    network.load_state_dict(convert(golden_weights(shapes, "HWIO")))
    return network.requires_grad_(False)


@pytest.fixture(scope="session")
def images() -> Callable[[int, int], list[Tensor]]:
    """Previous, current and next image of a size, RGB in 0..1. # (1, 3, H, W) each."""

    def make(height: int, width: int) -> list[Tensor]:
        frames = [torch.from_numpy(golden_image(seed, height, width)) for seed in (10, 11, 12)]
        return [frame.permute(2, 0, 1)[None].float() / 255 for frame in frames]

    return make


@pytest.fixture(scope="session")
def golden() -> dict[str, np.ndarray]:
    """Arrays of the published graph at 192x640, without batch, channels last."""
    with np.load(DATA / "outputs_10.npz") as arrays:
        return {name: arrays[name] for name in arrays.files if name != "input_crc32"}


@pytest.fixture(scope="session")
def computed(
    omeganet: OmegaNet, images: Callable[[int, int], list[Tensor]]
) -> dict[str, np.ndarray]:
    """The same arrays of our network in the same layout."""
    tensors = omeganet.intermediates(*images(192, 640))
    arrays = {name: tensor[0].numpy() for name, tensor in tensors.items() if name != "pose"}
    channels_last = {
        name: array.transpose(1, 2, 0) if array.ndim == 3 else array
        for name, array in arrays.items()
    }
    return {**channels_last, "pose": tensors["pose"].numpy()}


@pytest.fixture(scope="session")
def outputs(omeganet: OmegaNet, images: Callable[[int, int], list[Tensor]]) -> OmegaNetOutputs:
    """What our network answers to the images of the golden case."""
    result: OmegaNetOutputs = omeganet(*images(192, 640))
    return result


@pytest.fixture(scope="session")
def unit() -> Callable[[str], Tensor]:
    """Array of ``units.npz`` by name as (1, C, H, W)."""
    with np.load(DATA / "units.npz") as arrays:
        units = {name: torch.from_numpy(arrays[name]) for name in arrays.files}

    def read(name: str) -> Tensor:
        array = units[name]
        return array[None, None] if array.ndim == 2 else array.movedim(-1, 0)[None]

    return read


@pytest.fixture(scope="session")
def dwarf() -> DWARF:
    """DWARF with the golden case's stand-in weights."""
    shapes = json.loads((DWARF_DATA / "variables.json").read_text())
    network = DWARF().eval()
    network.load_state_dict(convert_dwarf(golden_weights(shapes, "HWIO")))
    return network.requires_grad_(False)


@pytest.fixture(scope="session")
def stereo_images() -> Callable[[int, int], list[Tensor]]:
    """Left, right, next left and next right image of a size. # (1, 3, H, W) each."""

    def make(height: int, width: int) -> list[Tensor]:
        lefts = [torch.from_numpy(golden_image(seed, height, width)) for seed in (10, 11)]
        views = [view for left in lefts for view in (left, left.roll(-6, 1))]
        return [view.permute(2, 0, 1)[None].float() / 255 for view in views]

    return make


@pytest.fixture(scope="session")
def dwarf_golden() -> dict[str, np.ndarray]:
    """Arrays of the published DWARF at 128x384, without batch, channels last."""
    with np.load(DWARF_DATA / "outputs_10.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="session")
def dwarf_outputs(dwarf: DWARF, stereo_images: Callable[[int, int], list[Tensor]]) -> DWARFOutputs:
    """What our network answers to the images of the golden case."""
    result: DWARFOutputs = dwarf(*stereo_images(128, 384))
    return result


@pytest.fixture(scope="session")
def dwarf_operation() -> Callable[[str], Tensor]:
    """Array of ``operations.npz`` by name as (1, C, H, W)."""
    with np.load(DWARF_DATA / "operations.npz") as arrays:
        operations = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    return lambda name: operations[name].movedim(-1, 0)[None]
