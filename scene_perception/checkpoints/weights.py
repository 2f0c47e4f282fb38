"""Our own weights on disk: safetensors with a few words on what they are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

_FORMAT = "scene_perception 1"
_NAMED = 3


def save_weights(path: Path, state: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write a state dictionary so that ``path`` holds all of it or is left as it was.

    Args:
        path: file to make, its folder included.
        state: tensors by name.
        metadata: what they are; ``model`` is required.

    Raises:
        OSError: if the file cannot be written.
        ValueError: if ``metadata`` does not say which model.
    """
    if not metadata.get("model"):
        raise ValueError(f"metadata must name the model of the weights, got {dict(metadata)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        tensors = {name: tensor.contiguous() for name, tensor in state.items()}
        save_file(tensors, partial, {**metadata, "format": _FORMAT})
        partial.replace(path)
    except SafetensorError as error:
        raise OSError(f"weights {path} cannot be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the state dictionary and the metadata of a file made by ``save_weights``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: naming the file, if it is no safetensors file, is truncated, does not
            say which model it holds, or is of another version of the format.
    """
    with _opened(path) as file:
        metadata = _metadata(file.metadata(), path)
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return state, metadata


def model_in(path: Path) -> str:
    """Return which model a file made by ``save_weights`` holds, without reading its tensors.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: as ``load_weights``.
    """
    with _opened(path) as file:
        return _metadata(file.metadata(), path)["model"]


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a safetensors file; its errors name it."""
    if not path.is_file():
        raise FileNotFoundError(f"weights {path} do not exist")
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except SafetensorError as error:
        raise ValueError(
            f"weights {path} must be a whole .safetensors file, which this is not ({error}); "
            "make it with `python -m offline.convert`"
        ) from error


def _metadata(found: Mapping[str, str] | None, path: Path) -> dict[str, str]:
    metadata = dict(found or {})
    if "model" not in metadata:
        raise ValueError(
            f"weights {path} do not say which model they are for; "
            "make them with `python -m offline.convert`"
        )
    if metadata.get("format") != _FORMAT:
        raise ValueError(
            f"weights {path} must have the format {_FORMAT!r}, got {metadata.get('format')!r}; "
            "make them again with `python -m offline.convert`"
        )
    return metadata


def load_model(path: Path, models: Collection[str]) -> dict[str, Tensor]:
    """Return the state dictionary of a file that holds one of ``models``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: as ``load_weights``, or if it holds another model.
    """
    state, metadata = load_weights(path)
    if metadata["model"] not in models:
        raise ValueError(
            f"weights {path} must be of {' or '.join(models)}, they are of {metadata['model']}"
        )
    return state


def fill(module: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    """Load ``state`` into ``module``, every name and shape exactly.

    Raises:
        ValueError: naming the file and the first missing, unknown or misshapen tensor.
    """
    expected = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    problem = first_difference(expected, found)
    if problem:
        raise ValueError(f"weights {path} do not fit {type(module).__name__}: {problem}")
    module.load_state_dict(dict(state))


def first_difference(
    expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]
) -> str:
    """Say in words how two sets of named shapes differ, or return an empty string."""
    for kind, names in (
        ("missing", [name for name in expected if name not in found]),
        ("unknown", [name for name in found if name not in expected]),
    ):
        if names:
            return f"{names[0]} is {kind}" if len(names) == 1 else _listed(names, kind)
    for name, shape in expected.items():
        if found[name] != shape:
            return f"{name} must have shape {shape}, got {found[name]}"
    return ""


def _listed(names: Sequence[str], kind: str) -> str:
    """Return how many there are and the first few names."""
    more = ", ..." if len(names) > _NAMED else ""
    return f"{len(names)} are {kind}: {', '.join(names[:_NAMED])}{more}"


def sha256_of(*paths: Path) -> str:
    """Return the SHA-256 of files one after the other (``cat a b | sha256sum``)."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
