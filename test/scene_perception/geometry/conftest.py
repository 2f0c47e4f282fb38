"""Golden inputs and outputs of single operations, as the networks see them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

DATA = Path(__file__).resolve().parents[2] / "data" / "omeganet"


@pytest.fixture(scope="session")
def unit() -> Callable[[str], Tensor]:
    """Array of ``units.npz`` by name; images become (1, C, H, W)."""
    with np.load(DATA / "units.npz") as arrays:
        units = {name: torch.from_numpy(arrays[name]) for name in arrays.files}

    def read(name: str) -> Tensor:
        array = units[name]
        is_vector = name.startswith("rigid") and name != "rigid_in_depth"
        if is_vector:
            return array
        return array[None, None] if array.ndim == 2 else array.movedim(-1, 0)[None]

    return read
