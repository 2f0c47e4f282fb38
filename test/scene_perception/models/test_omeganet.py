from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from offline.macs import count_conv_macs
from scene_perception.geometry.se3 import pose_matrix
from scene_perception.models.omeganet import ROLES, OmegaNet, OmegaNetOutputs, part_inputs

# Absolute; arrays that are not named agree to 1e-4 of their range. Flows have their own test.
TOLERANCES = {
    "disp": 2e-5,
    "depth": 2e-5,
    "pose": 1e-6,
    "rigid_flow": 1e-3,
    "motion_probability": 1e-3,
}
Features = dict[str, Tensor]


def _encode(parts: dict[str, nn.Module], image: Tensor) -> Features:
    return {
        **parts["camera_encoder"](image=image)._asdict(),
        **parts["flow_encoder"](image=image)._asdict(),
    }


def _decode(parts: dict[str, nn.Module], frames: list[Features], depth: Features) -> Features:
    """Outputs for the middle one of three frames, from what a stream keeps of each."""
    named = {
        f"{name}_{role}": tensor
        for role, frame in zip(ROLES, frames, strict=True)
        for name, tensor in frame.items()
    }
    camera = {name: tensor for name, tensor in named.items() if name.startswith("camera")}
    flow = {name: tensor for name, tensor in named.items() if name.startswith("flow")}
    motion = {
        **parts["camera_decoder"](**camera)._asdict(),
        **parts["flow_decoder"](**flow)._asdict(),
    }
    inputs = {**depth, **motion}
    compared = ("inverse_depth", "next_from_current", "intrinsics", "flow")
    outputs = parts["rigid_motion"](**{name: inputs[name] for name in compared})
    return {**inputs, **outputs._asdict()}


def test_every_array_is_what_the_published_network_computes(
    golden: dict[str, np.ndarray], computed: dict[str, np.ndarray]
) -> None:
    assert computed.keys() == golden.keys()
    for name, expected in golden.items():
        if expected.dtype == np.float32 and not name.startswith("flow_"):
            tolerance = TOLERANCES.get(name, 1e-4 * np.ptp(expected))
            np.testing.assert_allclose(
                computed[name], expected, atol=tolerance, rtol=0, err_msg=name
            )


def test_logits_are_the_published_ones_rounded_to_half_precision(
    golden: dict[str, np.ndarray], computed: dict[str, np.ndarray]
) -> None:
    expected = golden["semantic_logits"]
    error = np.abs(computed["semantic_logits"] - expected.astype(np.float32))
    assert (error <= np.spacing(expected).astype(np.float32) / 2 + 2e-5).all()


@pytest.mark.parametrize("name", ["semantic_labels", "dynamic_prior", "motion_mask"])
def test_maps_agree_on_nearly_every_pixel(
    golden: dict[str, np.ndarray], computed: dict[str, np.ndarray], name: str
) -> None:
    assert computed[name].dtype == golden[name].dtype
    assert np.mean(computed[name] == golden[name]) >= 0.999


def test_forward_gives_the_intermediates_that_somebody_reads(
    outputs: OmegaNetOutputs, computed: dict[str, np.ndarray]
) -> None:
    np.testing.assert_array_equal(outputs.inverse_depth[0, 0], computed["disp"])
    np.testing.assert_array_equal(outputs.labels[0], computed["semantic_labels"])
    np.testing.assert_array_equal(outputs.pose_previous, computed["pose"][:, 0])
    np.testing.assert_array_equal(outputs.pose_next, computed["pose"][:, 1])
    assert torch.equal(outputs.next_from_current, pose_matrix(outputs.pose_next))
    np.testing.assert_array_equal(outputs.intrinsics[0], computed["intrinsics"])
    # The intermediates refine both directions as one batch, which may round differently.
    flow = outputs.flow[0].permute(1, 2, 0)
    np.testing.assert_allclose(flow, computed["flow_fw"], atol=1e-5, rtol=0)
    rigid = outputs.rigid_flow[0].permute(1, 2, 0)
    np.testing.assert_array_equal(rigid, computed["rigid_flow"])
    probability = outputs.motion_probability[0, 0]
    np.testing.assert_allclose(probability, computed["motion_probability"], atol=1e-4, rtol=0)


def test_streaming_equals_the_three_frame_computation(
    omeganet: OmegaNet, images: Callable[[int, int], list[Tensor]], outputs: OmegaNetOutputs
) -> None:
    frames, parts = images(192, 640), omeganet.parts()
    depth = parts["dsnet"](image=frames[1])._asdict()
    streamed = _decode(parts, [_encode(parts, frame) for frame in frames], depth)
    assert streamed.keys() == outputs._asdict().keys()
    for name, expected in outputs._asdict().items():
        assert torch.equal(streamed[name], expected), name


def test_a_stream_encodes_each_frame_once(omeganet: OmegaNet) -> None:
    runs: Counter[str] = Counter()

    def count(name: str) -> Callable[[nn.Module, Any, Any], None]:
        return lambda *_: runs.update([name])

    parts = omeganet.parts()
    layers = {
        f"{part}.{name}": layer
        for part, module in parts.items()
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Conv2d) and "encoder" in f"{part}.{name}"
    }
    handles = [layer.register_forward_hook(count(name)) for name, layer in layers.items()]
    frames = [torch.rand(1, 3, 128, 128) for _ in range(4)]
    kept: list[Features] = []
    for frame in frames:
        depth = parts["dsnet"](image=frame)._asdict()
        kept.append(_encode(parts, frame))
        if len(kept) >= 3:
            _decode(parts, kept[-3:], depth)
    for handle in handles:
        handle.remove()
    assert len(layers) == 10 + 8 + 12
    assert set(runs.values()) == {len(frames)}
    assert runs.keys() == layers.keys()


def test_a_streaming_step_costs_at_most_its_budget() -> None:
    with torch.device("meta"):  # counts without computing
        parts = OmegaNet().eval().parts()
        macs = sum(
            count_conv_macs(parts[part], **{name: torch.rand(shape) for name, shape in ins.items()})
            for part, ins in part_inputs(192, 640).items()
        )
    assert macs == 20_454_642_304
    assert macs <= 22.9e9


def test_parts_take_and_give_what_their_names_and_shapes_say(omeganet: OmegaNet) -> None:
    given: dict[str, tuple[int, ...]] = {"image": (1, 3, 128, 192)}
    for part, shapes in part_inputs(128, 192).items():
        inputs = {name: torch.rand(shape) for name, shape in shapes.items()}
        given |= {
            name: tuple(tensor.shape)
            for name, tensor in omeganet.parts()[part](**inputs)._asdict().items()
        }
        for name, shape in shapes.items():
            source = name.removesuffix("_previous").removesuffix("_current").removesuffix("_next")
            assert shape == given.get(name, given.get(source)), name


@pytest.mark.parametrize("part", list(part_inputs(128, 128)))
def test_every_part_exports_and_computes_the_same(omeganet: OmegaNet, part: str) -> None:
    module = omeganet.parts()[part]
    inputs = {name: torch.rand(shape) for name, shape in part_inputs(128, 128)[part].items()}
    program = torch.export.export(module, (), kwargs=inputs)
    operators = {str(node.target) for node in program.graph.nodes}
    assert not any("grid_sampler" in name or "linalg" in name for name in operators)
    for exported, eager in zip(program.module()(**inputs), module(**inputs), strict=True):
        torch.testing.assert_close(exported, eager)


def test_every_weight_can_be_trained() -> None:
    network = OmegaNet().train()
    images = [torch.rand(1, 3, 128, 128) for _ in range(3)]
    logits = network.dsnet.decode(network.dsnet.encode(images[1])).logits
    tensors = [logits, *(tensor for tensor in network(*images) if tensor.is_floating_point())]
    torch.stack([tensor.mean() for tensor in tensors]).sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("size", [(192, 600), (64, 640)])
def test_an_image_of_another_size_is_refused(size: tuple[int, int]) -> None:
    image = torch.zeros(1, 3, *size)
    rule = "multiples of 64 px and at least 128 px"
    with pytest.raises(ValueError, match=rule):
        OmegaNet()(image, image, image)
    with pytest.raises(ValueError, match=rule):
        part_inputs(*size)


def test_images_of_different_shapes_are_refused() -> None:
    image = torch.zeros(1, 3, 128, 128)
    with pytest.raises(ValueError, match="previous, current and next must have one shape"):
        OmegaNet()(image, image, torch.zeros(1, 3, 128, 192))
