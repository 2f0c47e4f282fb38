"""One CUDA graph of a module: every kernel launched at once, from and into fixed buffers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from scene_perception.engines.base import TensorSpec

# Runs before a capture: cuDNN chooses its algorithms, cuBLAS takes its workspace.
_WARM_UP = 3

Run = Callable[..., Mapping[str, Tensor]]


class CudaGraph:
    """Captures a function once and replays it.

    Outputs are buffers that the next call overwrites, on the stream of the caller. Graphs of one
    process share one memory pool, as they run one after the other in one thread; what one still
    holds (its outputs) is not given to another.

    Args:
        run: takes tensors by name, launches kernels of fixed shapes, waits for nothing.
        inputs: name and specification of every input.
        device: a CUDA device.
    """

    _pool: Any = None

    def __init__(self, run: Run, inputs: Mapping[str, TensorSpec], device: torch.device) -> None:
        self._inputs = {
            name: torch.zeros(spec.shape, dtype=spec.dtype, device=device)
            for name, spec in inputs.items()
        }
        self._graph = torch.cuda.CUDAGraph()
        side: Any = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(side):
            for _ in range(_WARM_UP):
                run(**self._inputs)
        torch.cuda.current_stream(device).wait_stream(side)
        if CudaGraph._pool is None:
            CudaGraph._pool = torch.cuda.graph_pool_handle()
        with torch.cuda.graph(self._graph, pool=CudaGraph._pool):
            self._outputs = dict(run(**self._inputs))

    def __call__(self, **tensors: Tensor) -> dict[str, Tensor]:
        """Copy ``tensors`` into the graph's inputs, replay it and return its outputs."""
        for name, buffer in self._inputs.items():
            buffer.copy_(tensors[name], non_blocking=True)
        self._graph.replay()
        return dict(self._outputs)
