"""A rectified stereo pair: what its disparities mean in metres."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scene_perception.geometry.camera import Intrinsics

_SAME_PX = 0.05
_SAME_FOCAL = 1e-3


@dataclass(frozen=True)
class StereoCamera:
    """Two rectified cameras side by side: rows match, and depth is ``fx * baseline / disparity``.

    Attributes:
        left: of the left image.
        right: of the right image, of the same size, focal lengths and row of the principal
            point; its column may differ.
        baseline_m: from the left camera to the right one along x, > 0.

    Raises:
        ValueError: naming both cameras' values where they are not those of a rectified pair.
    """

    left: Intrinsics
    right: Intrinsics
    baseline_m: float

    def __post_init__(self) -> None:
        left, right = self.left, self.right
        if (left.width, left.height) != (right.width, right.height):
            raise ValueError(
                f"left and right images must be of one size, got {left.width}x{left.height} px "
                f"and {right.width}x{right.height} px; let one driver resize both alike"
            )
        if not (
            math.isclose(left.fx, right.fx, rel_tol=_SAME_FOCAL)
            and math.isclose(left.fy, right.fy, rel_tol=_SAME_FOCAL)
            and abs(left.cy - right.cy) <= _SAME_PX
        ):
            raise ValueError(
                "a rectified pair must have equal fx, fy and cy, got "
                f"left fx={left.fx:.6g}, fy={left.fy:.6g}, cy={left.cy:.6g} and "
                f"right fx={right.fx:.6g}, fy={right.fy:.6g}, cy={right.cy:.6g}; "
                "calibrate both cameras together (camera_calibration with two cameras)"
            )
        if not (math.isfinite(self.baseline_m) and self.baseline_m > 0):
            raise ValueError(
                f"baseline_m must be > 0 m, got {self.baseline_m:.6g}: the right camera's "
                "P[3] must be -fx * baseline"
            )

    @property
    def zero_disparity_px(self) -> float:
        """Disparity of a point infinitely far away: the principal points' columns differ."""
        return self.left.cx - self.right.cx

    @property
    def focal_baseline(self) -> float:
        """Depth in m times disparity above that of infinity in px, px m."""
        return self.left.fx * self.baseline_m

    def projection(self) -> NDArray[np.float64]:
        """Return the matrix from points to where the pair sees them. # (4, 4).

        It maps ``X, Y, Z, 1`` in the left optical frame, m, to column, row and disparity, px,
        each times ``Z``, and ``Z`` itself.
        """
        left = self.left
        return np.array(
            [
                [left.fx, 0.0, left.cx, 0.0],
                [0.0, left.fy, left.cy, 0.0],
                [0.0, 0.0, self.zero_disparity_px, self.focal_baseline],
                [0.0, 0.0, 1.0, 0.0],
            ]
        )

    def scaled(self, width: int, height: int) -> StereoCamera:
        """Return the pair with both images resized to ``width x height`` pixels."""
        return StereoCamera(
            self.left.scaled(width, height), self.right.scaled(width, height), self.baseline_m
        )
