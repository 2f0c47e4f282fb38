"""The engine protocol: named tensors in, named tensors out, inputs checked in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class TensorSpec:
    """The exact shape and type that an engine takes or gives."""

    shape: tuple[int, ...]
    dtype: torch.dtype = torch.float32


class Engine(Protocol):
    """A network ready to run.

    Returned tensors may be buffers that the next call overwrites; clone what is kept.
    """

    @property
    def inputs(self) -> Mapping[str, TensorSpec]:
        """Name and specification of every input."""

    @property
    def outputs(self) -> Mapping[str, TensorSpec]:
        """Name and specification of every output."""

    def __call__(self, **tensors: Tensor) -> dict[str, Tensor]:
        """Run the network once.

        Raises:
            ValueError: naming the input that is missing, unknown, misshapen or mistyped.
        """


class Specified:
    """What every engine says of itself; its constructor sets both."""

    _inputs: Mapping[str, TensorSpec]
    _outputs: Mapping[str, TensorSpec]

    @property
    def inputs(self) -> Mapping[str, TensorSpec]:
        """Name and specification of every input."""
        return self._inputs

    @property
    def outputs(self) -> Mapping[str, TensorSpec]:
        """Name and specification of every output."""
        return self._outputs


def check_inputs(specs: Mapping[str, TensorSpec], tensors: Mapping[str, Tensor]) -> None:
    """Refuse a call whose tensors differ from ``specs`` in name, shape or type.

    Raises:
        ValueError: naming the input, what was expected and what came.
    """
    if specs.keys() != tensors.keys():
        missing = sorted(specs.keys() - tensors.keys())
        unknown = sorted(tensors.keys() - specs.keys())
        raise ValueError(f"engine inputs differ: missing {missing}, unknown {unknown}")
    for name, spec in specs.items():
        tensor = tensors[name]
        if tuple(tensor.shape) != spec.shape or tensor.dtype != spec.dtype:
            raise ValueError(
                f"engine input {name} must be {spec.shape} {spec.dtype}, "
                f"got {tuple(tensor.shape)} {tensor.dtype}"
            )
