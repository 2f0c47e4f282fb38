"""Published PyTorch checkpoints as tensors, and these as our state dictionary, strict both ways."""

from __future__ import annotations

import pickle
import re
import struct
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from scene_perception.checkpoints.weights import first_difference

# Published networks that come as PyTorch files -> how names begin in theirs and in no other.
_SIGNATURES = {
    "SGDepth": "common.",
    "Insta-DM's dispnet": "decoder.upconvs0.",
    "Insta-DM's ego_pose": "decoder.convs_pose.",
    "Insta-DM's obj_pose": "decoder.convs_pose.",
}
# What PyTorch raises for files that are damaged or no checkpoints, beside what it says itself.
_DAMAGED = (RuntimeError, EOFError, LookupError, ValueError, TypeError, OSError, struct.error)
_TENSORFLOW = re.compile(r".*\.(index|meta|data-\d+-of-\d+)")
_REFUSED = re.compile(r"GLOBAL (\S+)")


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Return a checkpoint's tensors by their published names.

    The file holds a state dictionary, or one as ``state_dict`` beside what training leaves,
    which is passed over. Names lose the prefix ``module.`` that data-parallel training adds.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: naming the file, if it is of TensorFlow, damaged, holds code, or holds
            no state dictionary.
    """
    refuse_tensorflow(path)
    if not path.is_file():
        kind = "is a folder, name the file in it" if path.is_dir() else "does not exist"
        raise FileNotFoundError(f"checkpoint {path} {kind}")
    loaded = _load(path)
    state = loaded.get("state_dict", loaded) if isinstance(loaded, Mapping) else loaded
    if not isinstance(state, Mapping) or not state:
        raise ValueError(f"checkpoint {path} must hold a state dictionary, got {_said(state)}")
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise ValueError(
                f"checkpoint {path} must hold tensors by name, {name!r} is {_said(tensor)}"
            )
    prefix = "module." if all(name.startswith("module.") for name in state) else ""
    return {name.removeprefix(prefix): tensor for name, tensor in state.items()}


def refuse_tensorflow(path: Path) -> None:
    """Refuse the checkpoints that TensorFlow writes.

    Args:
        path: prefix, file or folder.

    Raises:
        ValueError: naming the path.
    """
    index = path.with_name(f"{path.name}.index")
    if (
        index.is_file()
        or _TENSORFLOW.fullmatch(path.name)
        or (path.is_dir() and any(path.glob("*.index")))
    ):
        raise ValueError(
            f"checkpoint {path} must be of PyTorch, this is one of TensorFlow; "
            "convert it as omeganet or dwarf"
        )


def names_of(modules: Iterable[tuple[str, str]], ours: Collection[str]) -> dict[str, str]:
    """Return published name -> our name of every entry of some modules.

    Args:
        modules: (published name, our name) of modules whose entries have the same names in both.
        ours: all names of our state dictionary.
    """
    return {
        published + name.removeprefix(module): name
        for published, module in modules
        for name in ours
        if name.startswith(f"{module}.")
    }


def state_of(
    entries: Mapping[str, Tensor],
    names: Mapping[str, str | None],
    shapes: Mapping[str, tuple[int, ...]],
    network: str,
) -> dict[str, Tensor]:
    """Return our state dictionary for entries that must be complete.

    Args:
        entries: published name -> tensor; batch norm's counters may have any type.
        names: published name -> ours; None is known and unused.
        shapes: of every entry that there must be.
        network: what the published network is called.

    Raises:
        ValueError: naming another network that they are of, or the first entries that are
            missing, unknown or misshapen, or hold anything but finite numbers.
    """
    found = {name: tuple(tensor.shape) for name, tensor in entries.items()}
    _refuse_another(found, network)
    problem = first_difference(shapes, found)
    if problem:
        raise ValueError(f"entries must be those of a whole {network}: {problem}")
    state = {}
    for name, tensor in entries.items():
        _require_finite(name, tensor)
        key = names[name]
        if key is not None:
            counter = key.endswith("num_batches_tracked")
            state[key] = tensor.detach().to(torch.int64 if counter else torch.float32).contiguous()
    return state


def _refuse_another(names: Collection[str], network: str) -> None:
    for other, prefix in _SIGNATURES.items():
        if prefix != _SIGNATURES[network] and any(name.startswith(prefix) for name in names):
            raise ValueError(f"entries must be those of {network}, got those of {other}")


def _load(path: Path) -> object:
    with path.open("rb") as file:
        try:
            loaded: object = torch.load(file, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            refused = _REFUSED.search(str(error))
            raise ValueError(
                f"checkpoint {path} must hold tensors and plain numbers alone, "
                f"{f'it holds {refused[1]}' if refused else 'it is something else'}, and reading "
                "that could run any code: if you trust the file, load it with PyTorch and save "
                "its state_dict alone"
            ) from error
        except _DAMAGED as error:
            reason = str(error).split("\n", maxsplit=1)[0].split(". ", maxsplit=1)[0]
            raise ValueError(
                f"checkpoint {path} must be a whole file of torch.save, which this is not "
                f"({reason or type(error).__name__}); fetch it again"
            ) from error
    return loaded


def _require_finite(name: str, tensor: Tensor) -> None:
    if tensor.is_complex() or tensor.is_quantized or tensor.is_sparse:
        raise ValueError(f"entry {name} must be a dense real tensor, got {_said(tensor)}")
    wrong = int(torch.count_nonzero(~torch.isfinite(tensor)))
    if wrong:
        raise ValueError(f"entry {name} must be finite, {wrong} of its elements are not")


def _said(value: object) -> str:
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{tuple(value.shape)}"
    return f"{len(value)} entries" if isinstance(value, Mapping) else type(value).__name__
