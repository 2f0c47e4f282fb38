"""Half precision with float32 where half precision breaks things.

Convolutions of features and the products of a correlation take 16 bits, with what only carries
their results on. Everything else is a float32 island, cast to and from explicitly:

- inputs and outputs of a part, so that the parts' contracts hold;
- convolutions that predict (nothing but arithmetic between them and an island): flow, disparity,
  logits, poses. 16 bits of a flow of 100 px are steps of 1/16 px;
- sampling coordinates, reciprocals, means over an image, L2 normalisation (a sum of squares
  overflows float16 at 65504, and the floor 1e-12 of its divisor underflows to zero).

The rule is applied to the graph that ``torch.export`` gives, so that every compiler sees the
casts and none has to agree with another one's lists. An activation beyond float16's range ends
as infinity in the outputs, where the gate refuses it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, fx

from scene_perception.engines.backends import EngineError, Request
from scene_perception.engines.exported import export_graph

HALVES = {"float16": torch.float16, "bfloat16": torch.bfloat16}

_aten = torch.ops.aten
_CONVOLUTIONS = (_aten.conv2d.default, _aten.conv_transpose2d.input)
_PRODUCTS = (*_CONVOLUTIONS, _aten.bmm.default)
# What makes features of a convolution's result. Sigmoid and softplus make predictions.
_ACTIVATIONS = {
    _aten.relu.default,
    _aten.relu_.default,
    _aten.leaky_relu.default,
    _aten.leaky_relu_.default,
    _aten.elu.default,
    _aten.elu_.default,
}
# What stays in 16 bits where everything that it takes is: no rounding but that of a sum.
_CARRIERS = {
    _aten.add.Tensor,
    _aten.cat.default,
    _aten.chunk.default,
    _aten.contiguous.default,
    _aten.flatten.using_ints,
    _aten.max_pool2d.default,
    _aten.narrow.default,
    _aten.pad.default,
    _aten.permute.default,
    _aten.pixel_shuffle.default,
    _aten.reshape.default,
    _aten.slice.Tensor,
    _aten.stack.default,
    _aten.sub.Tensor,
    _aten.tensor_split.indices,
    _aten.transpose.int,
    _aten.unsqueeze.default,
    _aten.upsample_nearest2d.vec,
    _aten.view.default,
}


def in_half(request: Request) -> Request:
    """Return ``request`` with a module that computes as ``request.precision`` says, cast itself.

    float32 is returned as it is. The module that is given is not changed.

    Raises:
        EngineError: for a precision that is not of 16 bits, or a module that cannot be traced.
    """
    if request.precision == "float32":
        return request
    if request.precision not in HALVES:
        raise EngineError(f"{request.part} cannot be cast to {request.precision}: it is no cast")
    module = export_graph(request).module()
    _drop_assertions(module)
    _fold_batch_norm(module)
    _split_convolutions(module)
    _cast(module, HALVES[request.precision])
    _fold_constants(module)
    module.graph.lint()
    module.recompile()
    return replace(request, module=module)


def half_nodes(graph: fx.Graph) -> set[fx.Node]:
    """Return the operators of ``graph`` that may run in 16 bits."""
    halves: set[fx.Node] = set()
    for node in graph.nodes:
        if node.target in _PRODUCTS:
            if not _predicts(node):
                halves.add(node)
        elif _carries(node) and all(source in halves for source in node.all_input_nodes):
            halves.add(node)
    return halves


def _carries(node: fx.Node) -> bool:
    target: Any = node.target
    named = target in _CARRIERS or target in _ACTIVATIONS
    return bool(node.all_input_nodes) and (named or getattr(target, "__name__", "") == "getitem")


def _predicts(node: fx.Node) -> bool:
    """Whether a result gets out of the half-precision operators as it is, not as a feature."""
    for user in node.users:
        if user.target in _ACTIVATIONS or user.target in _PRODUCTS:
            continue
        if not _carries(user) or _predicts(user):
            return True
    return False


def _cast(module: fx.GraphModule, half: torch.dtype) -> None:
    """Insert casts wherever a value crosses between 16 bits and float32."""
    graph, halves = module.graph, half_nodes(module.graph)
    casts: dict[tuple[fx.Node, torch.dtype], fx.Node] = {}

    def cast(source: fx.Node, kind: torch.dtype) -> fx.Node:
        now = half if source in halves else torch.float32
        if now == kind or not (source in halves or _is_float(module, source)):
            return source
        if (source, kind) not in casts:
            with graph.inserting_after(source):
                casts[source, kind] = graph.call_function(_aten.to.dtype, (source, kind))
        return casts[source, kind]

    for node in list(graph.nodes):
        kind = half if node in halves else torch.float32
        for source in node.all_input_nodes:
            node.replace_input_with(source, cast(source, kind))


def _is_float(module: fx.GraphModule, node: fx.Node) -> bool:
    if node.op == "get_attr":
        return _constant(module, node).is_floating_point()
    value = node.meta.get("val")
    return isinstance(value, Tensor) and value.is_floating_point()


def _drop_assertions(module: fx.GraphModule) -> None:
    """Take out what checks types that are about to change."""
    for node in list(module.graph.nodes):
        if node.target is _aten._assert_tensor_metadata.default:
            module.graph.erase_node(node)


def _fold_batch_norm(module: fx.GraphModule) -> None:
    """Move what follows a convolution alone into its weights: they are cast, statistics not."""
    for node in list(module.graph.nodes):
        if node.target is not _aten.batch_norm.default:
            continue
        convolution = node.args[0]
        if convolution.target is not _aten.conv2d.default or len(convolution.users) > 1:
            raise EngineError(f"batch norm {node.name} must follow a convolution to be cast")
        weight, bias = (*convolution.args, None)[1:3]
        scale, offset, mean, variance = (
            None if argument is None else _constant(module, argument).double()
            for argument in node.args[1:5]
        )
        factor = (variance + node.args[7]).rsqrt() * (1 if scale is None else scale)
        shift = (0 if offset is None else offset) - mean * factor
        if bias is not None:
            shift = shift + _constant(module, bias).double() * factor
        old = _constant(module, weight)
        new = (old.double() * factor.view(-1, 1, 1, 1)).to(old.dtype)
        with module.graph.inserting_before(convolution):
            folded = [_added(module, tensor.to(old.dtype)) for tensor in (new, shift)]
        arguments = list(convolution.args)
        arguments[1:3] = folded
        convolution.args = tuple(arguments)
        node.replace_all_uses_with(convolution)
        module.graph.erase_node(node)


def _split_convolutions(module: fx.GraphModule) -> None:
    """Compute apart what a convolution's only reader takes apart: heads that run as one.

    Otherwise all of it would have to be float32 where one head predicts.
    """
    for node in list(module.graph.nodes):
        users = list(node.users)
        if node.target is not _aten.conv2d.default or len(users) != 1:
            continue
        (split,) = users
        if split.target is not _aten.tensor_split.indices or split.args[2:] != (1,):
            continue
        _fold_constants(module)
        weight, bias = (_constant(module, argument) for argument in node.args[1:3])
        pieces = zip(
            weight.tensor_split(split.args[1]), bias.tensor_split(split.args[1]), strict=True
        )
        with module.graph.inserting_before(split):
            parts = [
                module.graph.call_function(
                    node.target,
                    (node.args[0], *(_added(module, tensor) for tensor in piece), *node.args[3:]),
                )
                for piece in pieces
            ]
        for user in list(split.users):
            part = parts[user.args[1]]
            part.meta = dict(user.meta)
            user.replace_all_uses_with(part)
            module.graph.erase_node(user)
        module.graph.erase_node(split)
        module.graph.erase_node(node)


@torch.no_grad()
def _fold_constants(module: fx.GraphModule) -> None:
    """Compute what depends on weights alone, casts of weights among it."""
    known: dict[fx.Node, Any] = {}
    for node in list(module.graph.nodes):
        if node.op == "get_attr":
            known[node] = _constant(module, node)
        sources = node.all_input_nodes
        if node.op != "call_function" or not sources or not all(map(known.__contains__, sources)):
            continue
        arguments, named = fx.map_arg((node.args, node.kwargs), known.__getitem__)
        known[node] = node.target(*arguments, **named)
        if isinstance(known[node], Tensor):
            with module.graph.inserting_before(node):
                folded = _added(module, known[node].contiguous())
            known[folded] = known[node]
            node.replace_all_uses_with(folded)
            module.graph.erase_node(node)
    module.graph.eliminate_dead_code()


def _constant(module: fx.GraphModule, node: fx.Node) -> Tensor:
    if node.op != "get_attr":
        raise EngineError(f"{node.name} must be a weight to be cast, it is computed")
    value: Any = module
    for name in str(node.target).split("."):
        value = getattr(value, name)
    tensor: Tensor = value.detach()
    return tensor


def _added(module: fx.GraphModule, value: Tensor) -> fx.Node:
    name = f"folded_{sum(1 for _ in module.named_buffers(remove_duplicate=False))}"
    module.register_buffer(name, value)
    node = module.graph.get_attr(name)
    node.meta["val"] = value
    return node
