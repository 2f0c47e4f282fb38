"""What the GPU backends ask of a machine, in one voice."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from importlib.util import find_spec

import torch

from scene_perception.engines.backends import Request

HALF_OR_FLOAT = ("float32", "float16", "bfloat16")
_FIRST_WITH_BFLOAT16 = (8, 0)  # compute capability: Ampere


def missing_cuda(request: Request) -> str:
    """Return why ``request`` cannot run on a CUDA device here; empty if it can."""
    if request.device != "cuda":
        return f"it needs network.device cuda, got {request.device}"
    return "" if torch.cuda.is_available() else "PyTorch finds no CUDA device"


def missing_precision(request: Request, precisions: Collection[str] = HALF_OR_FLOAT) -> str:
    """Return why the precision cannot be had; empty if it can. Asks the device for bfloat16."""
    if request.precision not in precisions:
        return f"precision must be one of {', '.join(precisions)} here, got {request.precision}"
    if request.precision != "bfloat16" or not torch.cuda.is_available():
        return ""
    capability = torch.cuda.get_device_capability()
    if capability < _FIRST_WITH_BFLOAT16:
        return f"bfloat16 needs compute capability 8.0, the GPU has {capability[0]}.{capability[1]}"
    return ""


def missing_library(name: str, remedy: str) -> str:
    """Return why a library cannot be used, with what to do about it; empty if it can."""
    if find_spec(name) is None:
        return f"{name} is not installed: {remedy}"
    try:
        import_module(name)
    except (ImportError, OSError, RuntimeError) as error:
        # The packages called so on PyPI install without the libraries that they load.
        return f"{name} cannot be imported: {error}"
    return ""


def gpu_versions() -> dict[str, str]:
    """Return name and compute capability of the GPU; empty without one."""
    if not torch.cuda.is_available():
        return {}
    major, minor = torch.cuda.get_device_capability()
    return {"gpu": torch.cuda.get_device_name(), "compute capability": f"{major}.{minor}"}
