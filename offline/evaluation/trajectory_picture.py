"""A trajectory and its truth, seen from above."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_SIZE, _BORDER = 620, 40
_TRUE, _PREDICTED, _INK = (30, 140, 60), (230, 60, 40), (90, 90, 90)
_FONT = cv2.FONT_HERSHEY_SIMPLEX

Positions = NDArray[np.float64]


def draw_trajectories(true: Positions, predicted: Positions) -> NDArray[np.uint8]:
    """Return both paths, x to the right and z up, to one scale. # (N, 3) -> (H, W, 3).

    Args:
        true: camera positions in an optical frame's axes, m; drawn green.
        predicted: the same, aligned; drawn red.
    """
    points = np.vstack([true, predicted])[:, [0, 2]]
    low = points.min(axis=0)
    extent = max(float(np.ptp(points, axis=0).max()), 1e-6)
    scale = (_SIZE - 2 * _BORDER) / extent
    picture = np.full((_SIZE, _SIZE, 3), 255, np.uint8)
    for path, color in ((true, _TRUE), (predicted, _PREDICTED)):
        x, z = ((path[:, [0, 2]] - low) * scale).T
        pixels = np.stack([_BORDER + x, _SIZE - _BORDER - z], axis=1).round().astype(np.int32)
        cv2.polylines(picture, [pixels[:, None]], False, color, 2, cv2.LINE_AA)
        cv2.circle(picture, tuple(map(int, pixels[0])), 5, color, -1, cv2.LINE_AA)
    text = f"true green, predicted red; {extent:.1f} m across; a dot where they start"
    cv2.putText(picture, text, (10, 20), _FONT, 0.45, _INK, 1, cv2.LINE_AA)
    return picture
