"""A published TensorFlow network's variables as our state dictionary, strict both ways."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from scene_perception.checkpoints.tensorflow import to_torch
from scene_perception.checkpoints.weights import first_difference

# What an optimiser leaves beside a variable, and the counters of training; TensorFlow calls a
# step counter that was given no name Variable.
_TRAINING = re.compile(r"(.*/)?(Adam(_1)?|Momentum|beta[12]_power|global_step)|Variable")


def network_variables(
    variables: Mapping[str, NDArray[Any]], known: Collection[str], model: str
) -> dict[str, NDArray[Any]]:
    """Return ``variables`` without what training leaves: slots of known ones and counters.

    Args:
        variables: published name -> array as stored.
        known: published names of the network's own variables.
        model: what the network is called.

    Raises:
        ValueError: naming a variable that is unknown.
    """
    own = {name: array for name, array in variables.items() if not _is_training(name, known)}
    for name, array in own.items():
        if name not in known:
            raise ValueError(f"variable {name} {np.shape(array)} is not one of {model}'s")
    return own


def state_of(
    variables: Mapping[str, NDArray[Any]],
    names: Mapping[str, str | None],
    shapes: Mapping[str, tuple[int, ...]],
    what: str,
) -> dict[str, Tensor]:
    """Return our state dictionary for variables that must be complete.

    Args:
        variables: published name -> float array as stored (kernels HWIO).
        names: published name -> ours; None is known and unused.
        shapes: of every variable that there must be, as stored.
        what: they must be, for the message.

    Raises:
        ValueError: naming the first variables that are missing or misshapen, or hold anything
            but finite numbers.
    """
    found = {name: np.shape(array) for name, array in variables.items()}
    problem = first_difference(shapes, found)
    if problem:
        raise ValueError(f"variables must be those of {what}: {problem}")
    for name, array in variables.items():
        _require_finite(name, array)
    return {key: to_torch(array) for name, array in variables.items() if (key := names[name])}


def stored_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape that TensorFlow stores for a tensor of ours.

    Kernels go from OIHW to HWIO, transposed ones from IOHW to HWOI: the same permutation.
    """
    return (*shape[2:], shape[1], shape[0]) if len(shape) == 4 else shape


def _is_training(name: str, known: Collection[str]) -> bool:
    match = _TRAINING.fullmatch(name)
    variable = (match[1] or "").removesuffix("/") if match else ""
    return bool(match) and (not variable or variable in known)


def _require_finite(name: str, array: NDArray[Any]) -> None:
    if array.dtype.kind != "f":
        raise ValueError(f"variable {name} must hold floats, got {array.dtype}")
    wrong = int(np.count_nonzero(~np.isfinite(array)))
    if wrong:
        raise ValueError(f"variable {name} must be finite, {wrong} of its elements are not")
