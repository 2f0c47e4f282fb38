"""Half precision where it is safe, float32 where it is not; bfloat16 and float16 run on a CPU."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.engines.backends import EngineError, Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.casting import half_nodes, in_half
from scene_perception.engines.exported import export_graph
from scene_perception.engines.frames import real_looking_frames
from scene_perception.models import omeganet
from scene_perception.models.correlation import correlation, l2_normalize
from scene_perception.models.layers import ReflectConv, SameConv

CONVOLUTION = torch.ops.aten.conv2d.default


class Outputs(NamedTuple):
    flow: Tensor
    costs: Tensor


class Matcher(nn.Module):
    """A feature, its correlation with itself, and a prediction in pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(ReflectConv(3, 8), SameConv(8, 8))
        self.flow = SameConv(8, 2, linear=True)

    def forward(self, image: Tensor) -> Outputs:
        features = self.features(image)
        normalized = l2_normalize(features)
        return Outputs(100 * self.flow(features), correlation(normalized, normalized, (1, 1)))


INPUTS = {"image": TensorSpec((1, 3, 16, 32))}


def request_for(module: nn.Module, precision: str) -> Request:
    return Request("matcher", module.eval(), INPUTS, precision)


@pytest.fixture
def matcher() -> Matcher:
    torch.manual_seed(0)
    return Matcher().eval()


@pytest.mark.parametrize(("precision", "rounding"), [("float16", 2**-11), ("bfloat16", 2**-8)])
def test_outputs_are_float32_and_within_a_few_roundings(matcher, precision, rounding):
    image = torch.rand(1, 3, 16, 32, generator=torch.Generator().manual_seed(1))
    cast = in_half(request_for(matcher, precision)).module
    with torch.no_grad():
        given, expected = cast(image=image), matcher(image)
    for one, other in zip(given, expected, strict=True):
        assert one.dtype == torch.float32
        assert float((one - other).abs().max() / other.abs().max()) < 8 * rounding


def test_features_are_cast_and_predictions_are_not(matcher):
    module = in_half(request_for(matcher, "float16")).module
    types = {
        tuple(module.get_buffer(node.args[1].target).shape)
        if node.args[1].target in dict(module.named_buffers())
        else tuple(module.get_parameter(node.args[1].target).shape): node.args[0].args[1:]
        for node in module.graph.nodes
        if node.target is CONVOLUTION
    }
    assert types[8, 3, 3, 3] == (torch.float16,)
    assert types[2, 8, 3, 3] == (torch.float32,)


def test_a_sum_of_squares_beyond_float16_is_no_problem(matcher):
    with torch.no_grad():
        matcher.features[1].conv.weight.mul_(300)
        matcher.features[1].conv.bias.fill_(200)
        image = torch.rand(1, 3, 16, 32, generator=torch.Generator().manual_seed(1))
        features = matcher.features(image)
        assert float(features.square().sum(1).max()) > 65504
        costs = in_half(request_for(matcher, "float16")).module(image=image).costs
        torch.testing.assert_close(costs, matcher(image).costs, rtol=0, atol=5e-3)


def test_an_activation_beyond_float16_ends_as_no_number(matcher):
    with torch.no_grad():
        matcher.features[1].conv.bias.fill_(7e4)
        flow = in_half(request_for(matcher, "float16")).module(image=torch.rand(1, 3, 16, 32)).flow
    assert not flow.isfinite().all()


def test_float32_is_returned_as_it_is(matcher):
    request = request_for(matcher, "float32")
    assert in_half(request) is request


def test_a_precision_that_is_no_cast_is_refused(matcher):
    with pytest.raises(EngineError, match="matcher cannot be cast to int8"):
        in_half(request_for(matcher, "int8"))


def test_the_original_keeps_its_weights(matcher):
    before = {name: tensor.clone() for name, tensor in matcher.state_dict().items()}
    in_half(request_for(matcher, "float16"))
    after = matcher.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(after[name].dtype == tensor.dtype for name, tensor in before.items())


class Residual(nn.Module):
    """A batch norm with a scale, and a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3)
        self.norm.running_mean.fill_(0.5)
        self.norm.weight.data.fill_(2.0)
        self.head = nn.Conv2d(3, 2, 1)

    def forward(self, image: Tensor) -> Outputs:
        features = F.relu(self.norm(self.conv(image)) + F.relu(self.conv(image)))
        return Outputs(self.head(features), features)


def test_batch_norm_is_in_the_weights_that_are_cast():
    torch.manual_seed(0)
    module, image = Residual().eval(), torch.rand(1, 3, 16, 32)
    cast = in_half(request_for(module, "float16")).module
    assert not any("batch_norm" in str(node.target) for node in cast.graph.nodes)
    with torch.no_grad():
        torch.testing.assert_close(cast(image=image).flow, module(image).flow, rtol=0, atol=5e-3)


def test_the_flow_encoder_is_half_on_a_street(network):
    inputs = {"image": TensorSpec(omeganet.part_inputs(128, 192)["flow_encoder"]["image"])}
    request = Request("flow_encoder", network.sd_ofnet.encoder.eval(), inputs, "float16")
    image = real_looking_frames(128, 192, count=1)[0]
    with torch.no_grad():
        given, expected = in_half(request).module(image=image), request.module(image)
    for one, other in zip(given, expected, strict=True):
        assert float((one - other).abs().max() / other.abs().max()) < 3e-3


def test_every_convolution_of_the_flow_decoder_but_the_predictions_is_half(network):
    shapes = omeganet.part_inputs(128, 192)["flow_decoder"]
    inputs = {name: TensorSpec(shape) for name, shape in shapes.items()}
    module = network.sd_ofnet.decoder.eval()
    graph = export_graph(Request("flow_decoder", module, inputs)).module().graph
    halves = half_nodes(graph)
    exact = [
        node.meta["val"].shape[1]
        for node in graph.nodes
        if node.target is CONVOLUTION and node not in halves
    ]
    assert set(exact) == {2}
