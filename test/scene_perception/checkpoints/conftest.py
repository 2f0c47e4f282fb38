"""The published OmegaNet's variables with stand-in values."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from offline.golden.stand_ins import golden_weights

DATA = Path(__file__).resolve().parents[2] / "data" / "omeganet"


@pytest.fixture(scope="session")
def shapes() -> dict[str, tuple[int, ...]]:
    """Published name -> shape as stored, all 381."""
    listed = json.loads((DATA / "variables.json").read_text())
    return {name: tuple(shape) for name, shape in listed.items()}


@pytest.fixture(scope="session")
def published(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Stand-in values of all variables; do not change them in place."""
    return golden_weights(shapes, "HWIO")


@pytest.fixture
def variables(published: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A dictionary of one's own with all variables."""
    return dict(published)


@pytest.fixture
def tiny_checkpoint() -> Path:
    """The folder of a real TensorFlow 1 checkpoint with 74 of the variables."""
    return DATA / "tiny_checkpoint"
