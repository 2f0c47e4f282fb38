"""TensorRT through torch_tensorrt: a whole-graph engine straight from PyTorch's graph.

Versions 2.8 to 2.14 differ in how types are chosen. What they have in common is used: the module
is cast before (``casting``), types are then taken from the graph. The result is a serialised
engine, which needs torch_tensorrt no more; any operator without a converter fails the build.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scene_perception.engines.backends import EngineError, Request, torch_versions
from scene_perception.engines.base import Engine
from scene_perception.engines.casting import in_half
from scene_perception.engines.exported import example_inputs, without_bytes
from scene_perception.engines.fusing import fused
from scene_perception.engines.gpu import gpu_versions, missing_library, missing_precision
from scene_perception.engines.tensorrt_runtime import (
    Layout,
    load_engine,
    missing_tensorrt,
    write_engine,
)

WORKSPACE = 2 << 30  # bytes that a layer may use while it runs; builds on an Orin need the rest
_REMEDY = "pip install torch_tensorrt (no wheel for JetPack 7.2 on Orin: use onnx-tensorrt there)"


class TensorRTBackend:
    """Engines that torch_tensorrt builds."""

    name = "tensorrt"
    keeps_files = True

    def missing(self, request: Request) -> str:
        """Return why it cannot run ``request`` here; empty if it can."""
        return (
            missing_tensorrt(request)
            or missing_library("torch_tensorrt", _REMEDY)
            or missing_precision(request)
        )

    def versions(self) -> dict[str, str]:
        """Return the libraries and the GPU that an engine is bound to."""
        import tensorrt  # noqa: PLC0415 (optional)
        import torch_tensorrt  # noqa: PLC0415 (optional)

        libraries = {
            "tensorrt": str(tensorrt.__version__),
            "torch_tensorrt": str(torch_tensorrt.__version__),
        }
        return {**torch_versions(), **libraries, **gpu_versions()}

    def compile(self, request: Request, folder: Path) -> None:
        """Build the engine; minutes on a Jetson.

        Raises:
            EngineError: if torch_tensorrt is missing or refuses the module.
        """
        absent = self.missing(request)
        if absent:
            raise EngineError(f"{request.part} cannot be built by tensorrt: {absent}")
        import torch_tensorrt  # noqa: PLC0415 (optional)

        convert = torch_tensorrt.dynamo.convert_exported_program_to_serialized_trt_engine
        wide = without_bytes(in_half(fused_request(request)))
        module = Positional(wide.request.module, tuple(request.inputs))
        inputs = tuple(example_inputs(wide.request).values())
        try:
            with torch.no_grad():
                program = torch.export.export(module, inputs)
            plan = convert(program, **conversion_arguments(convert, inputs))
        except Exception as error:
            raise EngineError(f"{request.part} cannot be built by tensorrt: {error}") from error
        bindings = program.graph_signature.user_inputs
        layout = Layout(
            inputs=dict(zip(request.inputs, map(str, bindings), strict=True)),
            outputs={name: f"output{index}" for index, name in enumerate(wide.outputs)},
            output_types=type_names(wide.outputs),
        )
        write_engine(folder, bytes(plan), layout)

    def load(self, request: Request, folder: Path) -> Engine:
        """Return the engine that ``compile`` wrote.

        Raises:
            EngineError: if TensorRT refuses it.
        """
        return load_engine(request, folder)


class Positional(nn.Module):
    """A module of named tensors as one of tensors in a row, as torch_tensorrt expects it.

    Args:
        module: to be called with tensors by name.
        names: of its inputs, in the order in which they are given.
    """

    def __init__(self, module: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.module = module
        self.names = names

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs in their order."""
        named = dict(zip(self.names, tensors, strict=True))
        return tuple(self.module(**named))


def conversion_arguments(convert: Callable[..., Any], inputs: tuple[Tensor, ...]) -> dict[str, Any]:
    """Return what to call torch_tensorrt's converter with: all differences of 2.8 to 2.14.

    Decided by its signature: some versions swallow unknown arguments without effect. Types are
    the graph's everywhere: 2.8 to 2.12 are told so, later ones know nothing else;
    ``enabled_precisions`` is given to none. TF32 is off: what is to be less exact is cast.

    Args:
        convert: the installed version's ``convert_exported_program_to_serialized_trt_engine``.
        inputs: tensors of the module's inputs, in their order.

    Raises:
        EngineError: if it takes no ``arg_inputs``: a version before 2.8, or one after 2.14.
    """
    known = inspect.signature(convert).parameters
    if "arg_inputs" not in known:
        raise EngineError(f"torch_tensorrt must be 2.8 to 2.14, its converter takes {list(known)}")
    wanted: Mapping[str, Any] = {
        "arg_inputs": list(inputs),
        "use_explicit_typing": True,
        "disable_tf32": True,
        "workspace_size": WORKSPACE,
        "require_full_compilation": True,
        "immutable_weights": True,
    }
    return {name: value for name, value in wanted.items() if name in known}


def fused_request(request: Request) -> Request:
    """Return ``request`` with batch norm folded into its module's copy."""
    return replace(request, module=fused(request.module))


def type_names(outputs: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of the outputs' types, such as ``float32``."""
    return {name: str(spec.dtype).removeprefix("torch.") for name, spec in outputs.items()}
