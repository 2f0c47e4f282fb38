from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from offline.benchmarks.dwarf_plain import PlainDWARF, plain_costs
from offline.golden.stand_ins import golden_image, golden_weights
from offline.macs import count_conv_macs
from scene_perception.checkpoints.dwarf import convert
from scene_perception.models.dwarf import DWARF
from scene_perception.models.dwarf_blocks import cost_volume

DATA = Path(__file__).resolve().parents[2] / "data" / "dwarf"


def golden_state() -> dict[str, Tensor]:
    return convert(golden_weights(json.loads((DATA / "variables.json").read_text()), "HWIO"))


def network_of(state: dict[str, Tensor]) -> DWARF:
    network = DWARF().eval()
    network.load_state_dict(state)
    return network.requires_grad_(False)


def lively_state(seed: int) -> dict[str, Tensor]:
    """Weights under which warps leave the image, and no bias is 0."""
    random = torch.Generator().manual_seed(seed)
    state = golden_state()
    for name, tensor in state.items():
        if name.endswith("prediction.weight") and "level_2" not in name:
            tensor.mul_(40)
        if "upsample_motion" in name:
            tensor.mul_(10)
        if name.endswith("bias"):
            tensor.add_(0.05 * torch.randn(tensor.shape, generator=random))
    return state


def views(height: int, width: int, batch: int) -> list[Tensor]:
    images = [
        np.stack([golden_image(10 * n + view, height, width) for n in range(1, batch + 1)])
        for view in range(4)
    ]
    return [torch.from_numpy(image).permute(0, 3, 1, 2).float() / 255 for image in images]


@pytest.mark.parametrize(("height", "width", "batch"), [(64, 64, 2), (64, 192, 1), (192, 128, 1)])
def test_our_network_says_what_the_published_graph_says(height, width, batch):
    state = lively_state(height + width)
    images = views(height, width, batch)
    for ours, plain in zip(network_of(state)(*images), PlainDWARF(state)(*images), strict=True):
        spread = float(plain.max() - plain.min())
        assert spread > 1
        assert float((ours - plain).abs().max()) < 1e-4 * spread


def test_in_that_case_warps_leave_the_image():
    arrays = network_of(lively_state(256)).intermediates(*views(64, 192, 1))
    shifts_px = [arrays[f"level{n + 1}_up_motion"] * 20 / 2**n for n in (4, 3, 2)]
    assert [
        float(shift.abs().max()) > least for shift, least in zip(shifts_px, (1, 4, 12), strict=True)
    ] == [True] * 3


def test_costs_of_signed_features_are_the_same():
    random = torch.Generator().manual_seed(1)
    features = [torch.randn(2, 7, 5, 11, generator=random) for _ in range(4)]
    ours = cost_volume(*features)
    assert float((ours < 0).float().mean()) > 0.1
    torch.testing.assert_close(plain_costs(*features), ours, rtol=0, atol=1e-6)


def test_the_plain_graph_gives_the_golden_case():
    golden = np.load(DATA / "outputs_10.npz")
    left, next_left = (golden_image(seed, 128, 384) for seed in (10, 11))
    frames = (left, np.roll(left, -6, 1), next_left, np.roll(next_left, -6, 1))
    images = [
        torch.from_numpy(frame.copy()).permute(2, 0, 1)[None].float() / 255 for frame in frames
    ]
    outputs = PlainDWARF(golden_state())(*images)
    for tensor, name, sign in zip(
        outputs, ("disparity", "disparity_change", "flow"), (-1, -1, 1), strict=True
    ):
        expected = golden[name].reshape(128, 384, -1)
        np.testing.assert_allclose(sign * tensor[0].permute(1, 2, 0), expected, rtol=0, atol=1e-3)


class _Watched(dict[str, Tensor]):
    """A state dictionary that remembers what was read of it."""

    def __init__(self, state: dict[str, Tensor]) -> None:
        super().__init__(state)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Tensor:
        self.read.add(name)
        return super().__getitem__(name)


def test_every_weight_is_read():
    state = _Watched(golden_state())
    PlainDWARF(state)(*views(64, 64, 1))
    assert state.read == set(state)


def test_the_published_structure_costs_more_than_ours():
    state, images = golden_state(), views(64, 64, 1)
    plain = count_conv_macs(PlainDWARF(state), *images)
    assert plain > 0.9 * count_conv_macs(network_of(state), *images)
