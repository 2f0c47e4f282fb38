"""A module as a graph of PyTorch operators, which compilers start from."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.export import ExportedProgram

from scene_perception.engines.backends import EngineError, Request


def export_graph(request: Request) -> ExportedProgram:
    """Trace ``request.module`` at the shapes of ``request.inputs``.

    The module is left as it is. Inputs are keyword arguments by their names.

    Raises:
        EngineError: if the module cannot be traced, with PyTorch's reason.
    """
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # PyTorch's own use of what it deprecates itself.
            warnings.simplefilter("ignore", FutureWarning)
            return torch.export.export(request.module.eval(), (), example_inputs(request))
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
