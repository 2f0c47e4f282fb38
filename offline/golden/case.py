"""A golden case: named arrays, some of which are inputs of single operations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[Any]
Case = Mapping[str, Array]


@dataclass(frozen=True)
class Operation:
    """What a case must hold to compute an array, and how.

    Attributes:
        inputs: names of the case's arrays that are read.
        compute: from the case, and from height and width where ``sized``.
        sized: whether the array's name ends in its size, as in ``mask_out_75x249``.
    """

    inputs: tuple[str, ...]
    compute: Callable[..., Array]
    sized: bool = False

    def can_read(self, case: Case) -> bool:
        """Return whether ``case`` has every input."""
        return case.keys() >= set(self.inputs)

    @torch.inference_mode()
    def apply(self, name: str, case: Case, *size: int) -> Array:
        """Return the array ``name`` of ``case``.

        Raises:
            ValueError: naming the array, if its inputs do not fit together.
        """
        try:
            return self.compute(case, *size)
        except (ValueError, RuntimeError) as error:
            inputs = ", ".join(f"{n} {case[n].dtype}{case[n].shape}" for n in self.inputs)
            raise ValueError(f"{name} cannot be computed from {inputs}: {error}") from error


NetworkArrays = Callable[[Case, Mapping[str, tuple[int, ...]], int], dict[str, Array]]


@dataclass(frozen=True)
class Network:
    """A published network that cases can come from.

    Attributes:
        arrays: our arrays for a case, from the shapes of all variables and the first frame's
            seed.
        inputs: names of those arrays of a case that are inputs of single operations.
        beside: pattern of files in the case's folder that hold more inputs; empty: none.
    """

    arrays: NetworkArrays
    inputs: Callable[[Case], Collection[str]]
    beside: str = ""


class Operations(Protocol):
    """A module that computes what cases of one kind hold from what they give."""

    def arrays(self, case: Case, seed: int, /) -> dict[str, Array]:
        """Return our arrays for a case, by its names; none for another kind."""

    def inputs(self, case: Case, /) -> Collection[str]:
        """Return the names of the arrays that the case gives; none for another kind."""


class TrainingStep(Protocol):
    """A module that computes what cases of one training step hold."""

    def is_step(self, case: Case, /) -> bool:
        """Return whether a case is a training step."""

    def arrays(
        self, case: Case, shapes: Mapping[str, tuple[int, ...]], seed: int, /
    ) -> dict[str, Array]:
        """Return our arrays for a case, by its names."""

    def inputs(self, case: Case, /) -> Collection[str]:
        """Return the names of the arrays that the case gives; none for another kind."""


def network_or_operations(
    network_arrays: NetworkArrays,
    *kinds: Operations,
    given: Collection[str] = (),
    step: TrainingStep | None = None,
) -> Network:
    """Return a network whose cases are each of one kind: of its outputs, or of operations.

    Args:
        network_arrays: our arrays for a case of the network's outputs.
        kinds: of other cases.
        given: names that are inputs in a case of the network's outputs.
        step: of cases of a training step, which are of no other kind.
    """

    def arrays(case: Case, shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, Array]:
        if step is not None and step.is_step(case):
            return step.arrays(case, shapes, seed)
        computed: dict[str, Array] = {}
        for kind in kinds:
            computed |= kind.arrays(case, seed)
        return computed or network_arrays(case, shapes, seed)

    def inputs(case: Case) -> set[str]:
        if step is not None and step.is_step(case):
            return set(step.inputs(case))
        return {name for kind in kinds for name in kind.inputs(case)} | (set(given) & case.keys())

    return Network(arrays, inputs)


def batched(array: Array) -> Tensor:
    """Return (H, W) or (H, W, C) as a batch of one, channels first."""
    channels_last = array[..., None] if array.ndim == 2 else array
    return torch.from_numpy(np.ascontiguousarray(channels_last.transpose(2, 0, 1)))[None]


def published_layout(tensor: Tensor) -> Array:
    """Return the first of a batch, channels last if it has any."""
    first = tensor[0].numpy()
    return first.transpose(1, 2, 0) if first.ndim == 3 else first
