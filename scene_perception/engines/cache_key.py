"""What a compiled engine depends on, as a small table of texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from scene_perception.engines.backends import Backend, Request

_PACKAGE = Path(__file__).resolve().parents[1]
# What turns weights into numbers; checkpoints only fill in weights, which are hashed themselves.
_SOURCES = ("models", "geometry", "engines")
_PLAIN = (bool, int, float, str, type(None))
# A request's module does not change, and each backend that is tried asks for a key.
_known: WeakKeyDictionary[Request, Mapping[str, str]] = WeakKeyDictionary()


def key_of(request: Request, backend: Backend) -> Mapping[str, str]:
    """Return everything that decides what ``backend`` compiles from ``request``.

    That is the part's name, structure and numbers, the text of our own sources, the inputs,
    precision and device, the backend, its libraries and the hardware.
    """
    inputs = {
        name: f"{list(spec.shape)} {_type_name(spec.dtype)}"
        for name, spec in sorted(request.inputs.items())
    }
    return {
        "part": request.part,
        **_module_digests(request),
        "sources": sources_digest(),
        "inputs": json.dumps(inputs),
        "precision": request.precision,
        "device": request.device,
        "backend": backend.name,
        **{f"version of {name}": version for name, version in backend.versions().items()},
    }


def weights_digest(module: nn.Module) -> str:
    """Return the SHA-256 of all parameters and buffers: names, shapes, types and numbers.

    Buffers that are left out of the state dictionary count as well: they are compiled too.
    """
    digest = hashlib.sha256()
    for name, tensor in _tensors(module):
        heading = f"{name} {list(tensor.shape)} {_type_name(tensor.dtype)}\n"
        digest.update(heading.encode())
        numbers = tensor.detach().cpu().contiguous().flatten().view(torch.uint8)
        digest.update(numbers.numpy().data)
    return digest.hexdigest()


def structure_digest(module: nn.Module) -> str:
    """Return the SHA-256 of what modules there are and how each is set.

    Two networks of one class and with equal weights differ here if a dilation, a mode or any
    other plain attribute differs.
    """
    lines = [repr(module)]
    for name, child in module.named_modules():
        kind = type(child)
        lines.append(f"{name}: {kind.__module__}.{kind.__qualname__} {_settings(child)}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@lru_cache(maxsize=1)
def sources_digest() -> str:
    """Return the SHA-256 of the sources that make a graph: networks, geometry and engines."""
    digest = hashlib.sha256()
    for folder in _SOURCES:
        for path in sorted((_PACKAGE / folder).rglob("*.py")):
            text = path.read_bytes()
            digest.update(f"{path.relative_to(_PACKAGE).as_posix()} {len(text)}\n".encode())
            digest.update(text)
    return digest.hexdigest()


def _module_digests(request: Request) -> Mapping[str, str]:
    if request not in _known:
        _known[request] = {
            "structure": structure_digest(request.module),
            "weights": weights_digest(request.module),
        }
    return _known[request]


def _tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters()
    yield from module.named_buffers()


def _settings(module: nn.Module) -> str:
    """Return a module's plain public attributes."""
    settings = {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and name != "training" and _is_plain(value)
    }
    return repr(sorted(settings.items()))


def _is_plain(value: object) -> bool:
    if isinstance(value, (tuple, list)):
        return all(_is_plain(item) for item in value)
    return isinstance(value, _PLAIN)


def _type_name(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")
