"""Runs a serialised TensorRT engine on PyTorch's tensors; both TensorRT backends end here.

Plain ``tensorrt`` 10 and 11, without pycuda and without torch_tensorrt: addresses of PyTorch's
CUDA tensors are all that an engine needs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scene_perception.engines.backends import EngineError, Request
from scene_perception.engines.base import Engine, Specified, TensorSpec, check_inputs
from scene_perception.engines.cuda_graphs import CudaGraph
from scene_perception.engines.gpu import missing_cuda, missing_library

_PLAN, _LAYOUT = "engine.plan", "layout.json"
_REMEDY = (
    "on a Jetson it comes with JetPack (python3-libnvinfer, visible to the virtual environment), "
    "elsewhere from NVIDIA's package repository"
)


@dataclass(frozen=True)
class Layout:
    """What an engine's bindings are called.

    Attributes:
        inputs: the binding of each input.
        outputs: the binding of each output.
        output_types: of each output, as the part gives it.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    output_types: Mapping[str, str]


def missing_tensorrt(request: Request) -> str:
    """Return why no TensorRT engine can run ``request`` here; empty if one can."""
    return missing_cuda(request) or missing_library("tensorrt", _REMEDY)


def write_engine(folder: Path, plan: bytes, layout: Layout) -> None:
    """Write what ``load_engine`` reads."""
    (folder / _PLAN).write_bytes(plan)
    text = json.dumps(vars(layout), default=dict, indent=1)
    (folder / _LAYOUT).write_text(text, encoding="utf-8")


def load_engine(request: Request, folder: Path) -> Engine:
    """Return the engine in ``folder``, captured as a CUDA graph.

    Raises:
        EngineError: if the files cannot be read or TensorRT refuses them.
    """
    try:
        layout = Layout(**json.loads((folder / _LAYOUT).read_text(encoding="utf-8")))
        plan = (folder / _PLAN).read_bytes()
        return TensorRTEngine(plan, request.inputs, layout)
    except EngineError:
        raise
    except Exception as error:
        raise EngineError(f"{request.part} cannot be loaded by TensorRT: {error}") from error


class TensorRTEngine(Specified):
    """A TensorRT engine of fixed shapes.

    Returned tensors are on the GPU and overwritten by the next call.

    Args:
        plan: serialised engine.
        inputs: name and specification of every input, as the part has them.
        layout: what its bindings are called.

    Raises:
        EngineError: if TensorRT refuses the plan, or its bindings are others.
    """

    def __init__(self, plan: bytes, inputs: Mapping[str, TensorSpec], layout: Layout) -> None:
        import tensorrt as trt  # noqa: PLC0415 (optional)

        self._inputs = dict(inputs)
        self._layout = layout
        self._runtime = trt.Runtime(trt.Logger(trt.Logger.WARNING))
        engine = self._runtime.deserialize_cuda_engine(plan)
        if engine is None:
            raise EngineError("TensorRT cannot read the engine: it was built by another version")
        self._engine: Any = engine
        self._context = engine.create_execution_context()
        self._buffers = self._allocated(trt)
        self._graph = CudaGraph(self._enqueue, inputs, torch.device("cuda"))
        self._outputs = {
            name: TensorSpec(tuple(self._buffers[binding].shape), _type(layout.output_types[name]))
            for name, binding in layout.outputs.items()
        }

    @torch.inference_mode()
    def __call__(self, **tensors: Tensor) -> dict[str, Tensor]:
        """Run the network once; see ``Engine``."""
        check_inputs(self._inputs, tensors)
        return self._graph(**tensors)

    def _allocated(self, trt: Any) -> dict[str, Tensor]:  # noqa: ANN401 (a module)
        """Return a tensor for each binding, whose address the engine is told."""
        names = [self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors)]
        expected = [*self._layout.inputs.values(), *self._layout.outputs.values()]
        check_bindings(names, expected)
        buffers = {}
        for name in names:
            kind = binding_type(str(self._engine.get_tensor_dtype(name)))
            shape = tuple(self._engine.get_tensor_shape(name))
            buffers[name] = torch.zeros(shape, dtype=kind, device="cuda")
            self._context.set_tensor_address(name, buffers[name].data_ptr())
        return buffers

    def _enqueue(self, **tensors: Tensor) -> dict[str, Tensor]:
        """Launch the engine on the current stream."""
        for name, binding in self._layout.inputs.items():
            self._buffers[binding].copy_(tensors[name], non_blocking=True)
        stream = torch.cuda.current_stream().cuda_stream
        if not self._context.execute_async_v3(stream):
            raise EngineError("TensorRT refused to run the engine")
        return {
            name: self._buffers[binding].to(_type(self._layout.output_types[name]))
            for name, binding in self._layout.outputs.items()
        }


def check_bindings(found: Sequence[str], expected: Sequence[str]) -> None:
    """Refuse an engine whose bindings are not the expected ones.

    Raises:
        EngineError: naming both.
    """
    if sorted(found) != sorted(expected):
        raise EngineError(f"the engine must bind {sorted(expected)}, it binds {sorted(found)}")


def binding_type(name: str) -> torch.dtype:
    """Return PyTorch's type for TensorRT's, such as ``DataType.HALF``.

    Raises:
        EngineError: for a type that no part has.
    """
    types = {
        "FLOAT": torch.float32,
        "HALF": torch.float16,
        "BF16": torch.bfloat16,
        "INT32": torch.int32,
        "INT64": torch.int64,
        "UINT8": torch.uint8,
        "BOOL": torch.bool,
    }
    short = name.rpartition(".")[2]
    if short not in types:
        raise EngineError(f"a binding must be one of {', '.join(types)}, got {name}")
    return types[short]


def _type(name: str) -> torch.dtype:
    kind = getattr(torch, name)
    if not isinstance(kind, torch.dtype):
        raise EngineError(f"an output's type must be one of PyTorch's, got {name}")
    return kind
