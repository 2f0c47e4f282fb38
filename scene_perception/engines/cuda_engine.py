"""PyTorch on a GPU: channels last, half precision where asked, one CUDA graph per part."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, fx, nn

from scene_perception.engines.backends import EngineError, Request, torch_versions
from scene_perception.engines.base import Engine, Specified, TensorSpec, check_inputs
from scene_perception.engines.casting import HALVES, in_half
from scene_perception.engines.cuda_graphs import CudaGraph
from scene_perception.engines.fusing import fused
from scene_perception.engines.gate import exact_float32
from scene_perception.engines.gpu import gpu_versions, missing_cuda, missing_precision


class CudaBackend:
    """Eager PyTorch's kernels without Python between them.

    Args:
        compiles: run ``torch.compile`` first, which fuses what is between the convolutions. It
            needs a C compiler and Triton at run time, and minutes at the first call.
    """

    name = "cuda"
    keeps_files = False

    def __init__(self, *, compiles: bool = False) -> None:
        self._compiles = compiles

    def missing(self, request: Request) -> str:
        """Return why it cannot run ``request`` here; empty if it can."""
        return missing_cuda(request) or missing_precision(request)

    def versions(self) -> dict[str, str]:
        """Return PyTorch's versions and the GPU."""
        return {**torch_versions(), **gpu_versions()}

    def compile(self, request: Request, folder: Path) -> None:
        """Write nothing: a captured graph lives as long as its process."""

    def load(self, request: Request, folder: Path) -> Engine:
        """Return the captured part.

        Raises:
            EngineError: if it cannot be cast or captured.
        """
        absent = self.missing(request)
        if absent:
            raise EngineError(f"{request.part} cannot run on cuda: {absent}")
        return CudaEngine(prepared(request), request.inputs, compiles=self._compiles)


class CudaEngine(Specified):
    """A captured module.

    Returned tensors are on the GPU and overwritten by the next call. Inputs are copied from
    wherever they are; without waiting where they are on the GPU or in pinned memory.

    Args:
        module: ready to run, on the GPU, returning a ``NamedTuple`` of tensors.
        inputs: name and specification of every input.
        compiles: run ``torch.compile`` first.

    Raises:
        EngineError: if it cannot be captured.
    """

    def __init__(
        self, module: nn.Module, inputs: Mapping[str, TensorSpec], *, compiles: bool = False
    ) -> None:
        self._inputs = dict(inputs)
        run = torch.compile(module, dynamic=False) if compiles else module

        def step(**tensors: Tensor) -> Mapping[str, Tensor]:
            outputs: Mapping[str, Tensor] = run(**tensors)._asdict()
            return outputs

        # What is captured keeps the settings of its capture: no TF32 in what is to be float32.
        try:
            with torch.inference_mode(), exact_float32():
                self._graph = CudaGraph(step, inputs, torch.device("cuda"))
                zeros = {
                    name: torch.zeros(spec.shape, dtype=spec.dtype, device="cuda")
                    for name, spec in inputs.items()
                }
                outputs = self._graph(**zeros)
        except Exception as error:
            raise EngineError(f"cuda cannot capture {list(inputs)}: {error}") from error
        self._outputs = {
            name: TensorSpec(tuple(tensor.shape), tensor.dtype) for name, tensor in outputs.items()
        }

    @torch.inference_mode()
    def __call__(self, **tensors: Tensor) -> dict[str, Tensor]:
        """Run the network once; see ``Engine``."""
        check_inputs(self._inputs, tensors)
        return self._graph(**tensors)


def prepared(request: Request) -> nn.Module:
    """Return a copy of the module on the request's device as the GPU likes it.

    Batch norm is folded, 16 bits are cast to, weights are channels last.

    Raises:
        EngineError: as ``casting.in_half``.
    """
    if request.precision in HALVES:
        module = in_half(request).module
    elif isinstance(request.module, fx.GraphModule):
        module = copy.deepcopy(request.module)
    else:
        module = fused(request.module)
    module.to(request.device)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.ndim == 4:
            tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)
    return module
