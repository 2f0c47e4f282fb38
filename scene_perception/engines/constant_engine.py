"""An engine that takes no time, to measure everything but inference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from scene_perception.engines.backends import Request, torch_versions
from scene_perception.engines.base import Engine, Specified, TensorSpec, check_inputs
from scene_perception.engines.torch_engine import TorchEngine


class ConstantEngine(Specified):
    """Checks its inputs like any engine and returns the same tensors at every call.

    Args:
        inputs: name and specification of every input.
        constants: what each call returns.
    """

    def __init__(self, inputs: Mapping[str, TensorSpec], constants: Mapping[str, Tensor]) -> None:
        self._inputs = dict(inputs)
        self._constants = dict(constants)
        self._outputs = {
            name: TensorSpec(tuple(tensor.shape), tensor.dtype)
            for name, tensor in constants.items()
        }

    @classmethod
    def recorded(cls, engine: Engine) -> ConstantEngine:
        """Return a constant engine with what ``engine`` gives for one fixed noise input."""
        generator = torch.Generator().manual_seed(0)
        noise = {
            name: torch.rand(spec.shape, generator=generator).to(spec.dtype)
            for name, spec in engine.inputs.items()
        }
        constants = {name: tensor.clone() for name, tensor in engine(**noise).items()}
        return cls(engine.inputs, constants)

    def __call__(self, **tensors: Tensor) -> dict[str, Tensor]:
        """Return the constants; see ``Engine``."""
        check_inputs(self._inputs, tensors)
        return dict(self._constants)


class ConstantBackend:
    """Eager PyTorch once, its outputs ever after; of any precision."""

    name = "constant"
    keeps_files = False

    def missing(self, request: Request) -> str:
        """Return an empty string: it runs everywhere."""
        return ""

    def versions(self) -> dict[str, str]:
        """Return PyTorch's version."""
        return torch_versions()

    def compile(self, request: Request, folder: Path) -> None:
        """Do nothing: there is nothing to keep."""

    def load(self, request: Request, folder: Path) -> ConstantEngine:
        """Run the module once and return what repeats its outputs."""
        return ConstantEngine.recorded(TorchEngine(request.module, request.inputs, request.device))
