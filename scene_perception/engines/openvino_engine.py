"""OpenVINO: the fastest arithmetic on most CPUs, x86-64 and aarch64, from PyTorch's own graph.

A folder holds what OpenVINO compiled a part to for this processor, and nothing that it came from:
the cache's key names processor and version, so that what does not load is rather made again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from scene_perception.engines.backends import EngineError, Request
from scene_perception.engines.base import Specified, TensorSpec, check_inputs
from scene_perception.engines.exported import export_graph, output_names
from scene_perception.engines.fusing import fused
from scene_perception.engines.threads import thread_count

if TYPE_CHECKING:
    import openvino

COMPILED_FILE = "compiled.blob"
_MODEL_FILE = "model.xml"  # its weights lie beside it, in model.bin
_DEVICE = "CPU"
_DTYPES = {"f32": torch.float32, "u8": torch.uint8, "boolean": torch.bool, "i64": torch.int64}
# What a processor must say it can, and what OpenVINO then calls it. Without a hint it takes the
# lower precision by itself where there is one.
_CAPABILITIES = {"float32": "FP32", "float16": "FP16", "bfloat16": "BF16", "int8": "INT8"}
_HINTS = {"float32": "f32", "float16": "f16", "bfloat16": "bf16", "int8": "f32"}


class OpenVINOEngine(Specified):
    """A compiled model. Its outputs are buffers that the next call overwrites.

    Args:
        compiled: inputs and outputs have names.
        inputs: name and specification of every input.
    """

    def __init__(self, compiled: openvino.CompiledModel, inputs: Mapping[str, TensorSpec]) -> None:
        self._request = compiled.create_infer_request()
        self._inputs = dict(inputs)
        self._results: dict[str, Tensor] = {}
        for port in compiled.outputs:
            self._results[port.any_name] = _results_of(self._request, port)
        self._outputs = {
            name: TensorSpec(tuple(tensor.shape), tensor.dtype)
            for name, tensor in self._results.items()
        }

    def __call__(self, **tensors: Tensor) -> dict[str, Tensor]:
        """Run the network once; see ``Engine``."""
        check_inputs(self._inputs, tensors)
        arrays = {name: t.detach().cpu().contiguous().numpy() for name, t in tensors.items()}
        self._request.infer(arrays, share_inputs=True, share_outputs=True)
        return dict(self._results)


class OpenVINOBackend:
    """Intel's compiler for CPUs, which runs on ARM as well."""

    name = "openvino"
    keeps_files = True

    def missing(self, request: Request) -> str:
        """Return why it cannot run this here; see ``Backend``."""
        if request.device != "cpu":
            return f"openvino runs on the CPU, network.device is {request.device}"
        try:
            capabilities = _core().get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")
        except ImportError as error:
            return f"{error}; pip install 'scene_perception[cpu]'"
        if _CAPABILITIES[request.precision] not in capabilities:
            return f"this processor has no {request.precision}, it has {' '.join(capabilities)}"
        return ""

    def versions(self) -> dict[str, str]:
        """Return OpenVINO's and PyTorch's version, and the processor that is compiled for."""
        core = _core()
        capabilities = core.get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")
        return {
            "torch": str(torch.__version__),
            "openvino": core.get_versions(_DEVICE)[_DEVICE].build_number,
            "processor": core.get_property(_DEVICE, "FULL_DEVICE_NAME"),
            "capabilities": " ".join(sorted(capabilities)),
        }

    def compile(self, request: Request, folder: Path) -> None:
        """Convert and compile a part; see ``Backend``.

        int8 needs real inputs to take ranges from: ``quantize.compile_int8`` makes it.
        """
        if request.precision == "int8":
            raise EngineError(
                f"{request.part} must be calibrated to run in int8: python -m offline.export "
                "with --precision int8 --calibrate"
            )
        write(request, to_openvino(request), folder)

    def load(self, request: Request, folder: Path) -> OpenVINOEngine:
        """Return what runs, from a folder that ``write`` has filled; see ``Backend``."""
        settings = dict(_settings(request.precision))
        try:
            blob = (folder / COMPILED_FILE).read_bytes()
            return OpenVINOEngine(_core().import_model(blob, _DEVICE, settings), request.inputs)
        except (OSError, RuntimeError) as error:
            raise EngineError(f"{request.part} does not load with openvino: {error}") from error


def to_openvino(request: Request) -> openvino.Model:
    """Return a part as OpenVINO's model, inputs and outputs named as the part's.

    Raises:
        EngineError: if the part cannot be exported or converted.
    """
    import openvino  # noqa: PLC0415

    program = export_graph(replace(request, module=fused(request.module)))
    try:
        model = openvino.convert_model(program)
        model.reshape({name: list(spec.shape) for name, spec in request.inputs.items()})
    except Exception as error:  # its converter has errors of its own, which are plain ones
        raise EngineError(f"openvino cannot convert {request.part}: {error}") from error
    for port, name in zip(model.outputs, output_names(program), strict=True):
        port.get_tensor().set_names({name})
    return model


def write(request: Request, model: openvino.Model, folder: Path) -> None:
    """Write what a model compiles to here into ``folder``.

    Raises:
        EngineError: if it does not compile.
    """
    import openvino  # noqa: PLC0415

    with tempfile.TemporaryDirectory(dir=folder) as converted:
        # From a file, as weights that are still PyTorch's memory are not shared with others.
        path = Path(converted) / _MODEL_FILE
        openvino.save_model(model, path, compress_to_fp16=False)
        try:
            compiled = _core().compile_model(path, _DEVICE, _settings(request.precision))
            blob = compiled.export_model().getbuffer()
        except RuntimeError as error:
            raise EngineError(f"openvino cannot compile {request.part}: {error}") from error
        (folder / COMPILED_FILE).write_bytes(blob)


@lru_cache(maxsize=1)
def _core() -> openvino.Core:
    import openvino  # noqa: PLC0415

    return openvino.Core()


def _settings(precision: str) -> dict[str, str | int | bool]:
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
        "INFERENCE_NUM_THREADS": thread_count(),
        # Pinned threads of two nodes would share one core while others idle.
        "ENABLE_CPU_PINNING": False,
    }


def _results_of(request: openvino.InferRequest, port: openvino.ConstOutput) -> Tensor:
    """Let an output be written into a tensor of PyTorch's, and return that."""
    import openvino  # noqa: PLC0415

    dtype = _DTYPES[port.get_element_type().get_type_name()]
    result = torch.zeros(tuple(port.shape), dtype=dtype)
    request.set_tensor(port, openvino.Tensor(result.numpy(), shared_memory=True))
    return result
