"""Weights as one file, or as a folder of several that are small enough for a repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

SUFFIX = ".safetensors"


def files_of(path: Path) -> tuple[Path, ...]:
    """Return the file, or the files of a folder in the order of their names.

    Raises:
        FileNotFoundError: if there is no such file, or the folder has no weights.
    """
    if path.is_dir():
        files = tuple(sorted(path.glob(f"*{SUFFIX}")))
        if not files:
            raise FileNotFoundError(f"weights {path} must hold {SUFFIX} files, the folder has none")
        return files
    if not path.is_file():
        raise FileNotFoundError(f"weights {path} do not exist")
    return (path,)


def split(state: Mapping[str, Tensor], limit_bytes: int) -> list[dict[str, Tensor]]:
    """Cut a state dictionary, in its order, into pieces of at most ``limit_bytes`` of tensors.

    Raises:
        ValueError: naming a tensor that is larger than that alone.
    """
    pieces: list[dict[str, Tensor]] = [{}]
    room = limit_bytes
    for name, tensor in state.items():
        size = tensor.numel() * tensor.element_size()
        if size > limit_bytes:
            raise ValueError(f"{name} must be at most {limit_bytes} bytes, it has {size}")
        if size > room:
            pieces.append({})
            room = limit_bytes
        pieces[-1][name] = tensor
        room -= size
    return pieces


def halved(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a state dictionary whose floating-point tensors are float16, half the bytes.

    Raises:
        ValueError: naming a tensor with a value that float16 cannot hold.
    """
    halves = {}
    for name, tensor in state.items():
        half = tensor.half() if tensor.is_floating_point() else tensor
        if not torch.isfinite(half).all():
            raise ValueError(
                f"{name} must be finite and below 65504 to be kept as float16, its largest "
                f"magnitude is {float(tensor.abs().max())}"
            )
        halves[name] = half
    return halves
