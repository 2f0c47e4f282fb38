"""A module as a graph of PyTorch operators, which compilers start from."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.export import ExportedProgram

from scene_perception.engines.backends import EngineError, Request
from scene_perception.engines.base import TensorSpec


def export_graph(request: Request) -> ExportedProgram:
    """Trace ``request.module`` at the shapes of ``request.inputs``.

    The module is in evaluation mode and left as it is. Inputs are keyword arguments by their names.

    Raises:
        EngineError: if the module cannot be traced, with PyTorch's reason.
    """
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # PyTorch's own use of what it deprecates itself.
            warnings.simplefilter("ignore", FutureWarning)
            return torch.export.export(request.module, (), example_inputs(request))
    except Exception as error:
        raise EngineError(f"{request.part} cannot be traced by torch.export: {error}") from error


def example_inputs(request: Request) -> dict[str, Tensor]:
    """Return zeros of the inputs' shapes and types, on the request's device."""
    return {
        name: torch.zeros(spec.shape, dtype=spec.dtype, device=request.device)
        for name, spec in request.inputs.items()
    }


def output_names(program: ExportedProgram) -> Sequence[str]:
    """Return the names of the ``NamedTuple`` that the traced module returns.

    Raises:
        EngineError: if it returns something else.
    """
    spec = program.call_spec.out_spec
    fields = getattr(spec.context, "_fields", None) if spec is not None else None
    if fields is None:
        raise EngineError("an engine's module must return a NamedTuple of tensors, it does not")
    return tuple(fields)


class Widened(NamedTuple):
    """A request without uint8, and what its module gave before.

    Attributes:
        request: int32 wherever there was uint8.
        outputs: name and specification of every output, as the module had them.
    """

    request: Request
    outputs: Mapping[str, TensorSpec]


def without_bytes(request: Request) -> Widened:
    """Return ``request`` with int32 wherever its inputs, outputs or arithmetic are uint8.

    TensorRT takes uint8 at an engine's border alone, and torch_tensorrt not at all. The caller
    casts; numbers stay the same, as nothing here counts beyond 255.

    Raises:
        EngineError: as ``export_graph`` and ``output_names``.
    """
    inputs = {
        name: TensorSpec(spec.shape, _wide(spec.dtype)) for name, spec in request.inputs.items()
    }
    wide = replace(request, inputs=inputs)
    program = export_graph(wide)
    outputs = _output_specs(program if inputs == request.inputs else export_graph(request))
    module = program.module()
    for node in list(module.graph.nodes):
        node.args = tuple(_wide(argument) for argument in node.args)
        node.kwargs = {name: _wide(argument) for name, argument in node.kwargs.items()}
        if node.target is torch.ops.aten._assert_tensor_metadata.default:
            module.graph.erase_node(node)
    module.recompile()
    return Widened(replace(wide, module=module), outputs)


def _output_specs(program: ExportedProgram) -> dict[str, TensorSpec]:
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    given = [values[name] for name in program.graph_signature.user_outputs if isinstance(name, str)]
    return {
        name: TensorSpec(tuple(value.shape), value.dtype)
        for name, value in zip(output_names(program), given, strict=True)
    }


def _wide(argument: Any) -> Any:  # noqa: ANN401 (whatever an operator takes)
    return torch.int32 if argument is torch.uint8 else argument
