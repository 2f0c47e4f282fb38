"""Every part of every network consists of operators that TensorRT has, on both ways to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import ExportedProgram

from scene_perception.engines.backends import Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.exported import export_graph, without_bytes
from scene_perception.engines.fusing import fused
from scene_perception.engines.onnx_export import to_onnx
from scene_perception.engines.operators import supported, unsupported_onnx, unsupported_torch
from scene_perception.engines.random_weights import random_insta_dm
from scene_perception.models import dwarf, insta_dm, omeganet, sgdepth
from scene_perception.models.dsnet import Labeller

HEIGHT, WIDTH = 128, 192
SHAPES: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    **omeganet.part_inputs(HEIGHT, WIDTH),
    "semantics": omeganet.part_inputs(HEIGHT, WIDTH)["dsnet"],
    **dwarf.part_inputs(HEIGHT, WIDTH),
    **sgdepth.part_inputs(HEIGHT, WIDTH),
    **insta_dm.part_inputs(HEIGHT, WIDTH),
}


@pytest.fixture(scope="module")
def parts(network, stereo_network, request) -> dict[str, nn.Module]:
    return {
        **network.parts(),
        "semantics": Labeller(network.dsnet),
        **stereo_network.parts(),
        **request.getfixturevalue("sgdepth").parts(),
        **random_insta_dm(seed=1).parts(),
    }


def has_bytes(graph: ExportedProgram) -> bool:
    """Whether anything is uint8: tracing a part takes seconds, nothing else needs it again."""
    values = (node.meta.get("val") for node in graph.graph.nodes)
    return any(getattr(value, "dtype", None) is torch.uint8 for value in values)


@pytest.mark.parametrize("part", SHAPES)
def test_both_lists_hold_every_operator(part, parts, tmp_path):
    inputs = {
        name: TensorSpec(shape, torch.uint8 if name.startswith("labels") else torch.float32)
        for name, shape in SHAPES[part].items()
    }
    request = Request(part, fused(parts[part]), inputs)
    graph = export_graph(request)
    if has_bytes(graph):
        request = without_bytes(request).request
        graph = export_graph(request)
    assert unsupported_torch(graph) == []
    pytest.importorskip("onnxscript", reason="needs onnx and onnxscript")
    to_onnx(request, tmp_path / "part.onnx", graph)
    assert unsupported_onnx(tmp_path / "part.onnx") == []


class Sampled(NamedTuple):
    sampled: Tensor


class Sampler(nn.Module):
    def forward(self, image: Tensor) -> Sampled:
        grid = image.permute(0, 2, 3, 1)[..., :2]
        return Sampled(F.grid_sample(image, grid, align_corners=True))


SAMPLER = Request("sampler", Sampler().eval(), {"image": TensorSpec((1, 3, 8, 8))})


def test_what_gives_wrong_numbers_is_named_in_pytorchs_graph():
    assert unsupported_torch(export_graph(SAMPLER)) == ["aten.grid_sampler_2d.default"]


def test_what_gives_wrong_numbers_is_named_in_an_onnx_file(tmp_path):
    pytest.importorskip("onnxscript", reason="needs onnx and onnxscript")
    to_onnx(SAMPLER, tmp_path / "sampler.onnx")
    assert unsupported_onnx(tmp_path / "sampler.onnx") == ["GridSample"]


class Masked(nn.Module):
    def forward(self, labels: Tensor) -> Sampled:
        return Sampled(labels.masked_fill(labels == 19, 255))


MASKED = Request("masked", Masked().eval(), {"labels": TensorSpec((1, 8, 8), torch.uint8)})


def test_a_type_that_an_operator_does_not_take_is_named(tmp_path):
    pytest.importorskip("onnxscript", reason="needs onnx and onnxscript")
    to_onnx(MASKED, tmp_path / "masked.onnx")
    assert "Equal(UINT8)" in unsupported_onnx(tmp_path / "masked.onnx")


def test_int32_in_place_of_bytes_gives_the_same_numbers():
    labels = torch.tensor([[3, 19], [255, 0]], dtype=torch.uint8).repeat(4, 4)[None]
    wide = without_bytes(MASKED)
    given = wide.request.module(labels=labels.int()).sampled
    assert given.dtype == torch.int32
    assert torch.equal(given.to(torch.uint8), MASKED.module(labels).sampled)
    assert wide.outputs == {"sampled": TensorSpec((1, 8, 8), torch.uint8)}


@pytest.mark.parametrize("name", ["onnx", "torch"])
def test_a_list_says_what_version_it_is_of_and_where_it_is_from(name):
    assert all(supported()[name][key] for key in ("version", "source", "refused"))
