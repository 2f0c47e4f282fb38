"""What can run a network: one contract, and every backend by name.

A backend's own libraries are imported inside its methods, and its module when it is asked for:
a machine needs none of those that it does not use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

import torch
from torch import nn

from scene_perception.engines.base import Engine, TensorSpec

PRECISIONS = ("float32", "float16", "bfloat16", "int8")


class EngineError(RuntimeError):
    """An engine that cannot be built or loaded; the message names part, backend and why."""


@dataclass(frozen=True, eq=False)
class Request:
    """What is to be made ready to run.

    Attributes:
        part: its name, for messages and cache keys.
        module: the network in evaluation mode, float32. Others use it too: copy what is changed.
        inputs: name and specification of every input.
        precision: one of ``PRECISIONS``: arithmetic inside; inputs and outputs stay as they are.
        device: ``cpu`` or ``cuda``, where the module's weights are.
    """

    part: str
    module: nn.Module
    inputs: Mapping[str, TensorSpec]
    precision: str = "float32"
    device: str = "cpu"


class Backend(Protocol):
    """A way to run networks."""

    @property
    def name(self) -> str:
        """Key in ``BACKENDS`` and value of ``network.backend``."""

    @property
    def keeps_files(self) -> bool:
        """Whether ``compile`` writes what ``load`` reads; else ``load`` starts from the module."""

    def missing(self, request: Request) -> str:
        """Return why it cannot run this here (library, device, precision); empty if it can.

        Costs no more than an import.
        """

    def versions(self) -> dict[str, str]:
        """Return the libraries and the hardware that decide what is compiled, for cache keys."""

    def compile(self, request: Request, folder: Path) -> None:
        """Write everything that ``load`` needs into ``folder``, which is empty and private.

        Raises:
            EngineError: if it cannot.
        """

    def load(self, request: Request, folder: Path) -> Engine:
        """Return what runs, from ``folder`` as ``compile`` left it.

        Raises:
            EngineError: if it cannot.
        """


# Where each backend lives: module and class. A class takes no arguments.
_PLACES = {
    "tensorrt": ("tensorrt_engine", "TensorRTBackend"),
    "onnx-tensorrt": ("onnx_tensorrt_engine", "OnnxTensorRTBackend"),
    "cuda": ("cuda_engine", "CudaBackend"),
    "openvino": ("openvino_engine", "OpenVINOBackend"),
    "onnxruntime": ("onnxruntime_engine", "OnnxRuntimeBackend"),
    "torch": ("torch_engine", "TorchBackend"),
    "constant": ("constant_engine", "ConstantBackend"),
}
# What `auto` tries on a device. `cpu` is the fastest of `MEASURED`, part by part.
CPU = "cpu"
ORDER = {"cuda": ("tensorrt", "onnx-tensorrt", "cuda", "torch"), "cpu": (CPU, "torch")}
MEASURED = ("openvino", "onnxruntime", "torch")


class _Backends(Mapping[str, Backend]):
    """Every backend by name, its module imported at the first look."""

    def __getitem__(self, name: str) -> Backend:
        module, attribute = _PLACES[name]
        made = getattr(import_module(f"scene_perception.engines.{module}"), attribute)()
        return cast("Backend", made)

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


BACKENDS: Mapping[str, Backend] = _Backends()


def torch_versions() -> dict[str, str]:
    """Return what every backend that starts from PyTorch depends on."""
    versions = {"torch": str(torch.__version__)}
    if torch.version.cuda is not None:
        versions["cuda"] = torch.version.cuda
    return versions
