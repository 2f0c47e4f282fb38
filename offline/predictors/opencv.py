"""What a robot has without a network: OpenCV's Farneback flow and semi-global block matching.

Both are what networks are measured against. Their settings are those of OpenCV's own examples
for images of this size, kept fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from offline.metrics.hole_filling import fill_disparity
from offline.predictors.base import Images, Outputs, require_task

Map = NDArray[np.float32]
Pixels = NDArray[np.uint8]

_BLOCK = 5  # px, of semi-global matching
_UNIT = 16.0  # its disparities are in sixteenths of a pixel


class OpenCVPredictor:
    """Flow by Farneback (2003), disparity by Hirschmuller (2008), as OpenCV has them.

    Disparity at t+1 is that of the next pair where the flow ends.

    Args:
        largest: disparity that is looked for, px, a multiple of 16.
    """

    model = "opencv"
    roles: Mapping[str, tuple[str, ...]] = {
        "flow": ("current", "next"),
        "scene_flow": ("current", "right", "next", "next_right"),
    }

    def __init__(self, largest: int = 192) -> None:
        self._matcher = cv2.StereoSGBM.create(
            minDisparity=0,
            numDisparities=largest,
            blockSize=_BLOCK,
            P1=8 * _BLOCK**2,
            P2=32 * _BLOCK**2,
            disp12MaxDiff=1,
            uniquenessRatio=10,
            speckleWindowSize=100,
            speckleRange=2,
        )
        self._largest = largest

    def __call__(self, task: str, images: Images) -> Outputs:
        """Return ``flow``, for ``scene_flow`` with both disparities; see ``Predictor``.

        Raises:
            ValueError: for another task.
        """
        require_task(self, task)
        grey = {role: _grey(images[role]) for role in self.roles[task]}
        flow = farneback(grey["current"], grey["next"])
        if task == "flow":
            return {"flow": flow}
        following = self._disparity(grey["next"], grey["next_right"])
        return {
            "disparity": self._disparity(grey["current"], grey["right"]),
            "next_disparity": carried(following, flow),
            "flow": flow,
        }

    def _disparity(self, left: Pixels, right: Pixels) -> Map:
        """Return disparity, px; holes, the border that nothing matches included, are filled."""
        margin = ((0, 0), (self._largest, 0))
        padded = (np.pad(left, margin), np.pad(right, margin))
        found = self._matcher.compute(*padded)[:, self._largest :].astype(np.float32) / _UNIT
        return np.asarray(fill_disparity(np.where(found >= 0, found, np.nan)), np.float32)


def _grey(image: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def farneback(current: Pixels, following: Pixels) -> Map:
    """Return the flow between two grey images, px. # (H, W) -> (H, W, 2)."""
    flow = cv2.calcOpticalFlowFarneback(
        current, following, cast(Map, None), 0.5, 5, 15, 5, 7, 1.5, 0
    )
    return np.asarray(flow, np.float32)


def carried(following: Map, flow: Map) -> Map:
    """Return what a map of the next frame says where the flow ends, or nearest to it. # (H, W)."""
    height, width = following.shape
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    ends = (np.stack([columns, rows], 2) + flow).astype(np.float32)
    found = cv2.remap(
        following, ends[..., 0], ends[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(found, np.float32)
