"""The only switch on backend: a module becomes an engine."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from scene_perception.engines.base import Engine, TensorSpec
from scene_perception.engines.constant_engine import ConstantEngine
from scene_perception.engines.torch_engine import TorchEngine


def resolve_backend(backend: str) -> str:
    """Return the backend that ``auto`` stands for; any other name as it is."""
    return "torch" if backend == "auto" else backend


def resolve_device(device: str) -> str:
    """Return the device that ``auto`` stands for on this machine; any other name as it is.

    Raises:
        ValueError: if CUDA is asked for and PyTorch sees no CUDA device.
    """
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        raise ValueError(
            "network.device must be auto or cpu on this machine, got cuda: "
            "PyTorch finds no CUDA device"
        )
    if device == "auto":
        return "cuda" if has_cuda else "cpu"
    return device


def build_engine(
    module: nn.Module, inputs: Mapping[str, TensorSpec], backend: str, device: str
) -> Engine:
    """Return ``module`` as an engine of ``backend`` on ``device``.

    Raises:
        ValueError: for a backend or device that this build does not have.
    """
    name, place = resolve_backend(backend), resolve_device(device)
    if name not in ("torch", "constant"):
        raise ValueError(f"network.backend must be one of auto, torch, constant, got {backend}")
    engine = TorchEngine(module, inputs, place)
    return ConstantEngine.recorded(engine) if name == "constant" else engine
