"""Whether a recording moves: depth is learnt from parallax alone, and flow from flow."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from offline.adaptation.footage import Footage

_WIDTH = 320  # px that motion is measured at
_STEP = 4  # every 16th pixel tells enough
_RANSAC_PX = 0.5
_PARALLAX_PERCENTILE = 90

Float = NDArray[np.float32]


@dataclass(frozen=True)
class MotionLimits:
    """What counts as motion, in px of images 320 px wide.

    Attributes:
        flow_px: median length of the flow between neighbours.
        parallax_px: what is left of the flow without the best homography, which is all that a
            camera that only turns shows; 90th percentile.
        pairs: share of neighbours that must have both.
    """

    flow_px: float = 0.3
    parallax_px: float = 0.3
    pairs: float = 0.2


@dataclass(frozen=True, eq=False)
class Motion:
    """Of each frame to its next one, px of images 320 px wide. # (N - 1,)."""

    flow_px: Float
    parallax_px: Float

    def moves(self, limits: MotionLimits) -> NDArray[np.bool_]:
        """Return which pairs have enough of both."""
        moving: NDArray[np.bool_] = self.flow_px >= limits.flow_px
        return moving & (self.parallax_px >= limits.parallax_px)


def measure_motion(footage: Footage) -> Motion:
    """Measure all pairs of frames by dense inverse search (Kroeger et al., ECCV 2016)."""
    greys = [_grey(image) for image in footage.images]
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flows = (
        np.asarray(estimator.calc(one, other, np.zeros((*one.shape, 2), np.float32)), np.float32)
        for one, other in pairwise(greys)
    )
    measured = [_flow_and_parallax(flow) for flow in flows]
    flow, parallax = np.array(measured, np.float32).reshape(-1, 2).T
    return Motion(flow, parallax)


def require_motion(motion: Motion, limits: MotionLimits, name: str) -> NDArray[np.bool_]:
    """Return which pairs of frames move; refuse a recording of which too few do.

    Raises:
        ValueError: with what was measured.
    """
    moves = motion.moves(limits)
    if moves.mean() >= limits.pairs:
        return moves
    flow, parallax = np.median(motion.flow_px), np.median(motion.parallax_px)
    turns = flow >= limits.flow_px
    raise ValueError(
        f"footage {name} must show a camera that drives: the median flow between frames is "
        f"{flow:.2f} px and the parallax {parallax:.2f} px at {_WIDTH} px width, at least "
        f"{limits.flow_px} and {limits.parallax_px} px are needed in {limits.pairs:.0%} of the "
        f"frames, got {moves.mean():.0%}; "
        f"{'the camera seems to turn on the spot' if turns else 'the camera seems to stand'}: "
        "give a recording of a drive"
    )


def _grey(image: Tensor) -> NDArray[np.uint8]:
    pixels = image.permute(1, 2, 0).numpy()
    height, width = pixels.shape[:2]
    size = (_WIDTH, max(1, round(height * _WIDTH / width)))
    grey = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.uint8)


def _flow_and_parallax(flow: Float) -> tuple[float, float]:
    sparse = flow[::_STEP, ::_STEP].reshape(-1, 2)
    rows, columns = np.mgrid[: flow.shape[0] : _STEP, : flow.shape[1] : _STEP]
    start = np.stack([columns, rows], -1).reshape(-1, 2).astype(np.float32)
    length = float(np.median(np.linalg.norm(sparse, axis=1)))
    homography, _ = cv2.findHomography(start, start + sparse, cv2.RANSAC, _RANSAC_PX)
    if homography is None:  # no four points agree: nothing that a turn explains
        return length, length
    turned = cv2.perspectiveTransform(start[None], homography)[0]
    apart = np.linalg.norm(start + sparse - turned, axis=1)
    return length, float(np.percentile(apart, _PARALLAX_PERCENTILE))
