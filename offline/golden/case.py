"""A golden case: named arrays, some of which are inputs of single operations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class Network:
    """A published network that cases can come from.

    Attributes:
        arrays: our arrays for a case, from the shapes of all variables and the first frame's
            seed.
        inputs: names of those arrays of a case that are inputs of single operations.
    """

    arrays: Callable[[Case, Mapping[str, tuple[int, ...]], int], dict[str, Array]]
    inputs: Callable[[Case], Collection[str]]


def batched(array: Array) -> Tensor:
    """Return (H, W) or (H, W, C) as a batch of one, channels first."""
    channels_last = array[..., None] if array.ndim == 2 else array
    return torch.from_numpy(np.ascontiguousarray(channels_last.transpose(2, 0, 1)))[None]


def published_layout(tensor: Tensor) -> Array:
    """Return the first of a batch, channels last if it has any."""
    first = tensor[0].numpy()
    return first.transpose(1, 2, 0) if first.ndim == 3 else first
