"""ONNX Runtime: runs exported ONNX on CPUs, for processors that OpenVINO has no plugin for."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from scene_perception.engines.backends import EngineError, Request, torch_versions
from scene_perception.engines.base import Specified, TensorSpec, check_inputs
from scene_perception.engines.fusing import fused
from scene_perception.engines.onnx_export import missing_onnx, to_onnx
from scene_perception.engines.threads import thread_count, threads_spin

if TYPE_CHECKING:
    import onnxruntime

MODEL_FILE = "model.onnx"
OPTIMISED_FILE = "optimised.onnx"
_PROVIDERS = ["CPUExecutionProvider"]
_DTYPES = {
    "tensor(float)": torch.float32,
    "tensor(uint8)": torch.uint8,
    "tensor(int64)": torch.int64,
    "tensor(bool)": torch.bool,
}


class OnnxRuntimeEngine(Specified):
    """A session. Its outputs are buffers that the next call overwrites.

    Args:
        session: of a model of fixed shapes.
        inputs: name and specification of every input.
    """

    def __init__(
        self, session: onnxruntime.InferenceSession, inputs: Mapping[str, TensorSpec]
    ) -> None:
        self._session = session
        self._inputs = dict(inputs)
        self._outputs = {
            port.name: TensorSpec(tuple(port.shape), _DTYPES[port.type])
            for port in session.get_outputs()
        }
        self._binding = session.io_binding()
        self._results = {
            name: torch.zeros(spec.shape, dtype=spec.dtype) for name, spec in self._outputs.items()
        }
        for name, result in self._results.items():
            self._binding.bind_output(name, **_buffer(result))

    def __call__(self, **tensors: Tensor) -> dict[str, Tensor]:
        """Run the network once; see ``Engine``."""
        check_inputs(self._inputs, tensors)
        given = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
        for name, tensor in given.items():
            self._binding.bind_input(name, **_buffer(tensor))
        self._session.run_with_iobinding(self._binding)
        return dict(self._results)


class OnnxRuntimeBackend:
    """Microsoft's runtime for ONNX, on the CPU."""

    name = "onnxruntime"
    keeps_files = True

    def missing(self, request: Request) -> str:
        """Return why it cannot run this here; see ``Backend``."""
        if request.device != "cpu":
            return f"onnxruntime runs on the CPU, network.device is {request.device}"
        if request.precision != "float32":
            return f"onnxruntime runs in float32, network.precision is {request.precision}"
        if find_spec("onnxruntime") is None:
            return "onnxruntime not installed: pip install onnxruntime"
        return missing_onnx()

    def versions(self) -> dict[str, str]:
        """Return the libraries' versions, and the processor that is optimised for."""
        import onnx  # noqa: PLC0415
        import onnxruntime  # noqa: PLC0415

        return {
            **torch_versions(),
            "onnx": onnx.__version__,
            "onnxruntime": onnxruntime.__version__,
            "processor": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
        }

    def compile(self, request: Request, folder: Path) -> None:
        """Export and optimise a part; see ``Backend``."""
        to_onnx(replace(request, module=fused(request.module)), folder / MODEL_FILE)
        try:
            _session(folder / MODEL_FILE, optimised=folder / OPTIMISED_FILE)
        except Exception as error:  # its errors are plain exceptions
            raise EngineError(f"onnxruntime cannot take {request.part}: {error}") from error
        (folder / MODEL_FILE).unlink()

    def load(self, request: Request, folder: Path) -> OnnxRuntimeEngine:
        """Return what runs, from a folder that ``compile`` has filled; see ``Backend``."""
        try:
            return OnnxRuntimeEngine(_session(folder / OPTIMISED_FILE), request.inputs)
        except Exception as error:  # its errors are plain exceptions
            raise EngineError(f"{request.part} does not load with onnxruntime: {error}") from error


def _session(path: Path, optimised: Path | None = None) -> onnxruntime.InferenceSession:
    """Return a session of a file, and write what it is optimised to where that is asked for."""
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns of its own optimised files
    options.intra_op_num_threads = thread_count()
    options.inter_op_num_threads = 1
    options.add_session_config_entry(
        "session.intra_op.allow_spinning", "1" if threads_spin() else "0"
    )
    if optimised is None:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    else:
        options.optimized_model_filepath = str(optimised)
    return onnxruntime.InferenceSession(str(path), options, providers=_PROVIDERS)


def _buffer(tensor: Tensor) -> dict[str, object]:
    """Return how ONNX Runtime is told to use a tensor's memory."""
    return {
        "device_type": "cpu",
        "device_id": 0,
        "element_type": tensor.numpy().dtype.type,
        "shape": tuple(tensor.shape),
        "buffer_ptr": tensor.data_ptr(),
    }
