"""Our own weights on disk: safetensors with a few words on what they are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from scene_perception.checkpoints.shards import SUFFIX, files_of, split

_FORMAT = "scene_perception 1"
_NAMED = 3
_RANDOM = (Tensor.uniform_, Tensor.normal_)  # what functions of nn.init end in


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


def save_shards(
    folder: Path, state: Mapping[str, Tensor], metadata: Mapping[str, str], limit_bytes: int
) -> tuple[Path, ...]:
    """Write a state dictionary as files of at most about ``limit_bytes``, each as ``save_weights``.

    Raises:
        OSError, ValueError: as ``save_weights`` and ``shards.split``.
    """
    pieces = split(state, limit_bytes)
    paths = [folder / f"{n}_of_{len(pieces)}{SUFFIX}" for n in range(1, len(pieces) + 1)]
    for path, piece in zip(paths, pieces, strict=True):
        save_weights(path, piece, {**metadata, "shards": str(len(pieces))})
    return tuple(paths)


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the state dictionary and the metadata of what ``save_weights`` made.

    Args:
        path: a file, or a folder made by ``save_shards``. float16 is read as float32.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: naming the file, if it is no safetensors file, is truncated, does not
            say which model it holds, or is of another version of the format; if a folder
            lacks a shard, or its files are of different weights.
    """
    state: dict[str, Tensor] = {}
    metadata: dict[str, str] = {}
    files = files_of(path)
    for file in files:
        with _opened(file) as opened:
            found = _metadata(opened.metadata(), file)
            _require_one_set(found, metadata or found, len(files), file)
            metadata = found
            for name in opened.keys():  # noqa: SIM118
                tensor = opened.get_tensor(name)
                state[name] = tensor.float() if tensor.dtype == torch.float16 else tensor
    return state, metadata


def _require_one_set(
    found: Mapping[str, str], first: Mapping[str, str], files: int, path: Path
) -> None:
    """Refuse a shard that is not of the first one's weights, or one of more or fewer files."""
    if found != first:
        different = [name for name in {*found, *first} if found.get(name) != first.get(name)]
        raise ValueError(
            f"weights {path} must belong to the files beside it, it differs in "
            f"{', '.join(sorted(different))}; copy the whole folder again"
        )
    expected = int(found.get("shards", 1))
    if files != expected:
        raise ValueError(
            f"weights {path.parent} must hold {expected} files, got {files}; copy the whole "
            "folder again"
        )


def model_in(path: Path) -> str:
    """Return which model weights made by ``save_weights`` hold, without reading their tensors.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: as ``load_weights``.
    """
    first = files_of(path)[0]
    with _opened(first) as file:
        return _metadata(file.metadata(), first)["model"]


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a safetensors file; its errors name it."""
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


class Uninitialised(TorchFunctionMode):
    """Modules that are made inside get no initial weights, for whoever then calls ``fill``.

    Random numbers for all parameters of a network take longer than its weights to read.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Collection[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 (whatever a function of PyTorch returns)
        """Call ``func``, unless it initialises a tensor in place."""
        given = dict(kwargs or {})
        if func in _RANDOM or getattr(func, "__module__", "") == nn.init.__name__:
            return args[0] if args else given["tensor"]
        return func(*args, **given)


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
