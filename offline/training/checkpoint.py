"""What a run keeps in its folder: the state it goes on from, and weights that nodes load.

| file | content |
|---|---|
| ``state.pt`` | everything that going on needs |
| ``last.safetensors`` | the averaged weights of the last state |
| ``best.safetensors`` | those that validation found best |
| ``config.yaml`` | what was run |
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from offline.training.config import TrainConfig
from offline.training.ema import Average
from offline.training.recipe import Recipe
from scene_perception.checkpoints.weights import save_weights

STATE, LAST, BEST, CONFIG = "state.pt", "last.safetensors", "best.safetensors", "config.yaml"
_FORMAT = 1
# These may change between slices of a run: they do not change what is learned.
_FREE = ("workers", "device", "validation", "checkpoint_every", "log_every", "pictures_every",
         "output")  # fmt: skip


@dataclass(frozen=True)
class State:
    """Where a run is.

    Attributes:
        step: steps made.
        config: what decides what is learned, by setting.
        recipe: its state dictionary.
        optimizer: its state dictionary.
        average: averaged weights.
        scaler: of half precision's loss; empty without.
        best: error of the best weights; None before the first validation.
    """

    step: int
    config: Mapping[str, Any]
    recipe: Mapping[str, Any]
    optimizer: Mapping[str, Any]
    average: Mapping[str, Any]
    scaler: Mapping[str, Any]
    best: float | None = None


def write_state(folder: Path, state: State) -> None:
    """Write a state so that the folder holds it whole or keeps the one before.

    Raises:
        OSError: if it cannot be written.
    """
    path = folder / STATE
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            torch.save({"format": _FORMAT, **vars(state)}, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_state(folder: Path, config: TrainConfig) -> State | None:
    """Return the state in a folder, None where there is none.

    Raises:
        ValueError: for a damaged file, or the state of another run.
    """
    path = folder / STATE
    if not path.exists():
        return None
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(f"{path} must be a whole state of a run: {error}") from error
    if found.pop("format", None) != _FORMAT:
        raise ValueError(f"{path} must be a state of format {_FORMAT}; give another --output")
    state = State(**found)
    problem = _first_difference(state.config, decisive(config))
    if problem:
        raise ValueError(
            f"{folder} holds a run whose {problem}; give another --output, or the settings of "
            f"{folder / CONFIG}"
        )
    return state


def decisive(config: TrainConfig) -> dict[str, Any]:
    """Return the settings that decide what is learned, flat, by dotted name."""
    settings = asdict(config)
    for name in _FREE:
        del settings[name]
    return dict(_flat(settings))


def write_weights(path: Path, recipe: Recipe, average: Average, step: int, name: str) -> None:
    """Write the averaged weights as a file that nodes and tools load.

    Raises:
        OSError: if it cannot be written.
    """
    with average.applied():
        weights = {key: value.detach().cpu().clone() for key, value in recipe.weights().items()}
    metadata = {**recipe.weights_metadata(), "recipe": name, "steps": str(step)}
    save_weights(path, weights, metadata)


def _first_difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            return f"{name} is {before.get(name)!r}, not {now.get(name)!r}"
    return ""


def _flat(value: object, prefix: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        items = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, (list, tuple)):
        items = [(str(number), item) for number, item in enumerate(value)]
    else:
        return [(prefix, value)]
    inner = (_flat(item, f"{prefix}.{key}" if prefix else key) for key, item in items)
    return [pair for pairs in inner for pair in pairs] or [(prefix, "empty")]
