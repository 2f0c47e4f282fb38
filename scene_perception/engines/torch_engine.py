"""Eager PyTorch as an engine: the reference that every other backend is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from scene_perception.engines.backends import Request, torch_versions
from scene_perception.engines.base import Specified, TensorSpec, check_inputs


class TorchEngine(Specified):
    """Runs a module whose forward takes named tensors and returns a ``NamedTuple`` of tensors.

    The module is put into evaluation mode and moved to ``device``; inputs are moved there at
    each call, outputs stay there. Specifications of the outputs come from one run on zeros.

    Args:
        module: the network, its forward's argument names equal to the keys of ``inputs``.
        inputs: name and specification of every input.
        device: where the module runs.

    Raises:
        ValueError: if the module's result has no field names.
    """

    def __init__(
        self, module: nn.Module, inputs: Mapping[str, TensorSpec], device: str = "cpu"
    ) -> None:
        self._module = module.eval().to(device)
        self._device = torch.device(device)
        self._inputs = dict(inputs)
        zeros = {name: torch.zeros(spec.shape, dtype=spec.dtype) for name, spec in inputs.items()}
        self._outputs = {
            name: TensorSpec(tuple(tensor.shape), tensor.dtype)
            for name, tensor in self(**zeros).items()
        }

    @torch.inference_mode()
    def __call__(self, **tensors: Tensor) -> dict[str, Tensor]:
        """Run the network once; see ``Engine``."""
        check_inputs(self._inputs, tensors)
        result = self._module(**{name: tensor.to(self._device) for name, tensor in tensors.items()})
        if not hasattr(result, "_asdict"):
            raise ValueError(
                f"an engine's module must return a NamedTuple of tensors, got {type(result)}"
            )
        return dict(result._asdict())


class TorchBackend:
    """Eager PyTorch in float32: always there, and what the others are compared with."""

    name = "torch"
    keeps_files = False

    def missing(self, request: Request) -> str:
        """Return why it cannot run this here; see ``Backend``."""
        if request.precision != "float32":
            return f"eager PyTorch is the float32 reference, it has no {request.precision}"
        return ""

    def versions(self) -> dict[str, str]:
        """Return PyTorch's version."""
        return torch_versions()

    def compile(self, request: Request, folder: Path) -> None:
        """Do nothing: the module runs as it is."""

    def load(self, request: Request, folder: Path) -> TorchEngine:
        """Return the module as an engine."""
        return TorchEngine(request.module, request.inputs, request.device)
