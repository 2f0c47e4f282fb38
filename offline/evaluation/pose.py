"""Camera motion against a drive's poses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Transform = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Step:
    """One frame's truth and the predicted motion to the next.

    Attributes:
        world_from_camera: truth, m. # (4, 4)
        next_from_current: prediction, any unit. # (4, 4)
    """

    world_from_camera: Transform
    next_from_current: Transform
