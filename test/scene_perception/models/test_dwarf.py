from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from offline.macs import count_conv_macs
from scene_perception.models.dwarf import DWARF, PARTS, ROLES, DWARFOutputs, part_inputs

Features = dict[str, Tensor]
Images = Callable[[int, int], list[Tensor]]


def _encode(parts: dict[str, nn.Module], left: Tensor, right: Tensor) -> Features:
    return parts["stereo_encoder"](images=torch.cat([left, right]))._asdict()


def _decode(parts: dict[str, nn.Module], current: Features, following: Features) -> Features:
    """Outputs for the first of two pairs, from what a stream keeps of each."""
    known = {
        f"{name}_{role}": tensor
        for role, pair in zip(ROLES, (current, following), strict=True)
        for name, tensor in pair.items()
    }
    known |= parts["scene_flow_decoder"](**known)._asdict()
    outputs: Features = {}
    for part in PARTS[2:]:
        inputs = {name: known[name] for name in part_inputs(128, 384)[part]}
        outputs |= parts[part](**inputs)._asdict()
    return outputs


def test_every_array_is_what_the_published_network_computes(
    dwarf: DWARF, dwarf_golden: dict[str, np.ndarray], stereo_images: Images
) -> None:
    computed = dwarf.intermediates(*stereo_images(128, 384))
    for name, expected in dwarf_golden.items():
        final = name in {"disparity", "disparity_change", "flow"}
        actual = computed[name][0].permute(1, 2, 0).numpy().reshape(expected.shape)
        tolerance = 1e-3 if final else 1e-4 * np.ptp(expected)
        np.testing.assert_allclose(actual, expected, atol=tolerance, rtol=0, err_msg=name)


def test_disparities_leave_the_network_with_the_opposite_of_the_published_sign(
    dwarf_outputs: DWARFOutputs, dwarf_golden: dict[str, np.ndarray]
) -> None:
    published = {"disparity": "disparity", "next_disparity": "disparity_change"}
    for name, golden in published.items():
        ours = getattr(dwarf_outputs, name)[0, 0]
        np.testing.assert_allclose(ours, -dwarf_golden[golden], atol=1e-3, rtol=0)
    flow = dwarf_outputs.flow[0].permute(1, 2, 0)
    np.testing.assert_allclose(flow, dwarf_golden["flow"], atol=1e-3, rtol=0)


def test_streaming_equals_the_four_image_computation(
    dwarf: DWARF, stereo_images: Images, dwarf_outputs: DWARFOutputs
) -> None:
    left, right, next_left, next_right = stereo_images(128, 384)
    parts = dwarf.parts()
    streamed = _decode(parts, _encode(parts, left, right), _encode(parts, next_left, next_right))
    assert streamed.keys() == dwarf_outputs._asdict().keys()
    for name, expected in dwarf_outputs._asdict().items():
        assert torch.equal(streamed[name], expected), name


def test_a_stream_encodes_two_images_a_step(dwarf: DWARF) -> None:
    images: Counter[str] = Counter()

    def count(name: str) -> Callable[[nn.Module, tuple[Tensor], Any], None]:
        return lambda _, inputs, __: images.update({name: inputs[0].shape[0]})

    parts = dwarf.parts()
    layers = {
        name: layer
        for name, layer in parts["stereo_encoder"].named_modules()
        if isinstance(layer, nn.Conv2d)
    }
    handles = [layer.register_forward_hook(count(name)) for name, layer in layers.items()]
    steps = [torch.rand(2, 1, 3, 128, 384) for _ in range(3)]
    kept = [_encode(parts, left, right) for left, right in steps]
    for current, following in pairwise(kept):
        _decode(parts, current, following)
    for handle in handles:
        handle.remove()
    assert len(layers) == 18
    assert dict(images) == dict.fromkeys(layers, 2 * len(steps))


def test_a_streaming_step_costs_at_most_its_budget() -> None:
    with torch.device("meta"):  # counts without computing
        network = DWARF().eval()
        macs = sum(
            count_conv_macs(network.parts()[part], **{n: torch.rand(s) for n, s in ins.items()})
            for part, ins in part_inputs(192, 640).items()
        )
        whole = count_conv_macs(network, *(torch.rand(1, 3, 192, 640) for _ in range(4)))
    assert macs == 58_004_923_680
    assert whole - macs == 1_382_140_800  # the earlier pair's encoder


def test_each_image_of_a_batch_is_described_by_itself(dwarf: DWARF) -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(4, 2, 3, 64, 64, generator=generator)
    both = dwarf(*images)
    for n in range(2):
        for ours, alone in zip(both, dwarf(*images[:, n : n + 1]), strict=True):
            torch.testing.assert_close(ours[n : n + 1], alone, atol=1e-4, rtol=0)


def test_parts_take_and_give_what_their_names_and_shapes_say(dwarf: DWARF) -> None:
    assert list(part_inputs(64, 128)) == list(dwarf.parts()) == list(PARTS)
    given: dict[str, tuple[int, ...]] = {"images": (2, 3, 64, 128)}
    for part, shapes in part_inputs(64, 128).items():
        inputs = {name: torch.rand(shape) for name, shape in shapes.items()}
        given |= {
            name: tuple(tensor.shape)
            for name, tensor in dwarf.parts()[part](**inputs)._asdict().items()
        }
        for name, shape in shapes.items():
            source = name.removesuffix("_current").removesuffix("_next")
            assert shape == given.get(name, given.get(source)), name
    assert given["disparity"] == given["next_disparity"] == (1, 1, 64, 128)
    assert given["flow"] == (1, 2, 64, 128)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_exports_and_computes_the_same(dwarf: DWARF, part: str) -> None:
    module = dwarf.parts()[part]
    inputs = {name: torch.rand(shape) for name, shape in part_inputs(64, 64)[part].items()}
    program = torch.export.export(module, (), kwargs=inputs)
    assert not any("grid_sampler" in str(node.target) for node in program.graph.nodes)
    for exported, eager in zip(program.module()(**inputs), module(**inputs), strict=True):
        torch.testing.assert_close(exported, eager)


def test_every_weight_can_be_trained() -> None:
    network = DWARF().train()
    outputs = network(*(torch.rand(1, 3, 64, 64) for _ in range(4)))
    torch.stack([tensor.mean() for tensor in outputs]).sum().backward()
    still = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []


@pytest.mark.parametrize("size", [(192, 600), (0, 64)])
def test_an_image_of_another_size_is_refused(size: tuple[int, int]) -> None:
    rule = "multiples of 64 px and at least 64 px"
    with pytest.raises(ValueError, match=rule):
        DWARF()(*[torch.zeros(1, 3, *size)] * 4)
    with pytest.raises(ValueError, match=rule):
        part_inputs(*size)


def test_images_of_different_shapes_are_refused() -> None:
    image = torch.zeros(1, 3, 64, 64)
    with pytest.raises(ValueError, match=r"the four images must have one shape, got .*128\)"):
        DWARF()(image, image, image, torch.zeros(1, 3, 64, 128))
