"""What engines are compared on, and what is said of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scene_perception.engines.base import TensorSpec
from scene_perception.engines.build import specifications
from scene_perception.engines.frames import real_looking_frames
from scene_perception.engines.gate import (
    check,
    exact_float32,
    reference,
    reference_inputs,
    samples,
)
from scene_perception.engines.torch_engine import TorchEngine
from scene_perception.models import dwarf, omeganet
from scene_perception.models.dwarf import DWARF
from scene_perception.models.omeganet import OmegaNet

HEIGHT, WIDTH = 128, 128


class Mean(NamedTuple):
    mean: Tensor


class Encoder(nn.Module):
    def forward(self, image: Tensor) -> Mean:
        return Mean(image.mean((2, 3)))


class Change(NamedTuple):
    change: Tensor


class Decoder(nn.Module):
    def forward(self, mean_previous: Tensor, mean_current: Tensor, mean_next: Tensor) -> Change:
        return Change(mean_next - 2 * mean_current + mean_previous)


class Comparer(nn.Module):
    def forward(self, change: Tensor, mean: Tensor, image_next: Tensor) -> Mean:
        return Mean(change + mean + image_next.mean())


ROLES = ("previous", "current", "next")
SPECS = {
    "encoder": {"image": TensorSpec((1, 3, 8, 8))},
    "decoder": {f"mean_{role}": TensorSpec((1, 3)) for role in ROLES},
    "comparer": {
        "change": TensorSpec((1, 3)),
        "mean": TensorSpec((1, 3)),
        "image_next": TensorSpec((1, 3, 8, 8)),
    },
}


def specs_of(shapes: Mapping[str, Mapping[str, tuple[int, ...]]]) -> dict:
    return {part: specifications(given) for part, given in shapes.items()}


def test_later_parts_get_what_earlier_ones_made_of_each_frame() -> None:
    frames = tuple(torch.full((1, 3, 8, 8), float(n * n)) for n in range(3))
    parts = {"encoder": Encoder(), "decoder": Decoder(), "comparer": Comparer()}
    found = reference_inputs(parts, SPECS, frames)
    assert found["encoder"]["image"].unique().tolist() == [1.0]
    assert [found["decoder"][f"mean_{role}"][0, 0].item() for role in ROLES] == [0.0, 1.0, 4.0]
    # 4 - 2 + 0 = 2: what is not of a role is of the frame in the middle.
    assert found["comparer"]["change"].unique().tolist() == [2.0]
    assert found["comparer"]["mean"].unique().tolist() == [1.0]
    assert torch.equal(found["comparer"]["image_next"], frames[2])


def test_what_nobody_gives_is_made_up_the_same_at_every_call() -> None:
    specs = {"comparer": SPECS["comparer"]}
    first, again = (samples({"comparer": Comparer()}, specs) for _ in range(2))
    assert torch.equal(first["comparer"][0].inputs["change"], again["comparer"][0].inputs["change"])


def test_labels_that_nobody_gives_are_unknown() -> None:
    class Count(nn.Module):
        def forward(self, labels_next: Tensor, intrinsics: Tensor) -> Mean:
            return Mean(labels_next.float().mean() + intrinsics[:, 2, 2])

    specs = {"count": specifications({"labels_next": (1, 4, 4), "intrinsics": (1, 3, 3)})}
    (sample, _) = samples({"count": Count()}, specs)["count"]
    assert sample.outputs["mean"].item() == 256.0


def test_each_part_of_omeganet_is_given_what_the_whole_network_computes(network: OmegaNet) -> None:
    frames = real_looking_frames(HEIGHT, WIDTH)
    found = reference(network.parts(), specs_of(omeganet.part_inputs(HEIGHT, WIDTH)), frames)
    with torch.inference_mode():
        expected = network(*frames)
    for part, name in (
        ("dsnet", "labels"),
        ("flow_decoder", "flow"),
        ("rigid_motion", "rigid_flow"),
    ):
        torch.testing.assert_close(
            found[part].outputs[name], getattr(expected, name), rtol=1e-3, atol=1e-3
        )


def test_parts_for_two_cameras_get_pairs(stereo_network: DWARF) -> None:
    parts = {"stereo_encoder": stereo_network.parts()["stereo_encoder"]}
    shapes = dwarf.part_inputs(HEIGHT, WIDTH)
    (noise, street) = samples(parts, specs_of(shapes))["stereo_encoder"]
    for sample in (noise, street):
        left, right = sample.inputs["images"]
        assert not torch.equal(left, right)


def test_the_reference_passes_its_own_gate() -> None:
    sample = samples({"encoder": Encoder()}, SPECS)["encoder"][1]
    engine = TorchEngine(Encoder(), SPECS["encoder"])
    found = check("encoder", engine, sample.outputs, sample.inputs, "float32")
    assert (found.passed, found.worst) == (True, 0.0)


def test_an_engine_that_is_off_is_refused_with_the_output_s_name() -> None:
    sample = samples({"encoder": Encoder()}, SPECS)["encoder"][1]
    engine = TorchEngine(Encoder(), SPECS["encoder"])
    expected = {name: 1.1 * tensor for name, tensor in sample.outputs.items()}
    found = check("encoder", engine, expected, sample.inputs, "float32")
    assert not found.passed
    assert found.worst > 0.01
    assert found.text.startswith("encoder's mean is off by")


def test_what_float32_may_not_int8_may() -> None:
    sample = samples({"encoder": Encoder()}, SPECS)["encoder"][1]
    engine = TorchEngine(Encoder(), SPECS["encoder"])
    mean = sample.outputs["mean"]
    expected = {"mean": mean + 0.05 * (mean.max() - mean.min())}
    passed = {
        precision: check("encoder", engine, expected, sample.inputs, precision).passed
        for precision in ("float32", "int8")
    }
    assert passed == {"float32": False, "int8": True}


def test_other_outputs_are_refused() -> None:
    sample = samples({"encoder": Encoder()}, SPECS)["encoder"][1]
    engine = TorchEngine(Encoder(), SPECS["encoder"])
    found = check("encoder", engine, {"median": torch.ones(1)}, sample.inputs, "float32")
    assert (found.passed, found.worst) == (False, math.inf)
    assert found.text == "encoder gives mean where median was expected"


@pytest.mark.parametrize("before", [True, False])
def test_tf32_is_off_during_a_check_and_as_before_afterwards(before: bool) -> None:
    convolutions = torch.backends.cudnn
    kept = convolutions.allow_tf32
    convolutions.allow_tf32 = before
    try:
        with exact_float32():
            assert not convolutions.allow_tf32
            assert not torch.backends.cuda.matmul.allow_tf32
        assert convolutions.allow_tf32 is before
    finally:
        convolutions.allow_tf32 = kept
