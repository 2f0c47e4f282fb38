"""Metres per unit of a monocular network's depth, from what the robot knows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scene_perception.cityscapes import ROAD, SIDEWALK
from scene_perception.frame import MetricScale
from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.ground_plane import fit_ground_plane
from scene_perception.pipelines.config import ScaleConfig
from scene_perception.pipelines.odometry import OdometryMatcher

_STRIDE = 4
_MIN_GROUND = 0.01
_MAX_STEP = 0.2


class SmoothedFactor:
    """A positive factor, averaged exponentially in the logarithm over stamps.

    A measurement moves the mean as if it lay at most 20 % from it (more after a silence
    longer than the time constant, in proportion), so that a single wrong one hardly counts
    and a lasting change still gets through.
    """

    def __init__(self, time_constant_s: float) -> None:
        self._time_constant_s = time_constant_s
        self._log_factor: float | None = None
        self._stamp_ns = 0

    @property
    def value(self) -> float | None:
        """The mean, or None before the first measurement."""
        return None if self._log_factor is None else math.exp(self._log_factor)

    def update(self, stamp_ns: int, factor: float) -> None:
        """Take one measurement; after a jump back in time the first only sets the clock."""
        elapsed_s = max(0.0, (stamp_ns - self._stamp_ns) * 1e-9)
        self._stamp_ns = stamp_ns
        if self._log_factor is None or self._time_constant_s == 0.0:
            self._log_factor = math.log(factor)
            return
        spans = elapsed_s / self._time_constant_s
        limit = _MAX_STEP * max(1.0, spans)
        step = min(limit, max(-limit, math.log(factor) - self._log_factor))
        self._log_factor += (1.0 - math.exp(-spans)) * step


class ScaleEstimator:
    """The scale of the frame at hand; one for its depth, points and ego-motion.

    It survives gaps and changes of the camera; a jump back in time drops only the odometry
    that was waiting. ``add_odometry`` may be called from another thread than the rest.

    Args:
        config: the source and its parameters.
    """

    def __init__(self, config: ScaleConfig) -> None:
        self._config = config
        self._smoothed = SmoothedFactor(config.smoothing_s)
        self._odometry = OdometryMatcher()
        self._status = self._first_status()

    @property
    def needs_ground(self) -> bool:
        """Whether ``observe_ground`` wants every frame (and with it the intrinsics)."""
        return self._config.source == "camera_height"

    @property
    def needs_translation(self) -> bool:
        """Whether ``observe_translation`` wants every pair of frames."""
        return self._config.source == "odometry"

    @property
    def status(self) -> str:
        """What the scale is or what it waits for, for people."""
        return self._status

    @property
    def current(self) -> MetricScale:
        """The scale as of the last observation."""
        source = self._config.source
        if source == "none":
            return MetricScale()
        if source == "fixed":
            return MetricScale(self._config.factor, source, is_metric=True)
        factor = self._smoothed.value
        return MetricScale(factor or 1.0, source, is_metric=factor is not None)

    def observe_ground(
        self,
        stamp_ns: int,
        inverse_depth: NDArray[np.float32],
        labels: NDArray[np.uint8],
        intrinsics: Intrinsics,
    ) -> None:
        """Compare the camera's height above road and sidewalk with the configured one.

        Args:
            stamp_ns: of the frame.
            inverse_depth: of the network, 1 / unit. # (H, W)
            labels: Cityscapes train ids. # (H, W)
            intrinsics: of this resolution.
        """
        points = _ground_points(inverse_depth, labels, intrinsics)
        sampled = labels[::_STRIDE, ::_STRIDE].size
        if len(points) < _MIN_GROUND * sampled:
            self._status = (
                f"camera_height: road and sidewalk cover {len(points) / sampled:.1%} of the "
                f"image, {_MIN_GROUND:.0%} are needed"
            )
            return
        plane = fit_ground_plane(points)
        if plane is None:
            self._status = "camera_height: road and sidewalk lie on no plane below the camera"
            return
        self._update(stamp_ns, self._config.camera_height_m / plane.height)

    def observe_translation(self, stamp_ns: int, next_stamp_ns: int, translation: float) -> None:
        """Compare the camera's predicted translation between two stamps with odometry's.

        A translation whose odometry has not come yet waits for it; one below
        ``min_translation_m`` keeps the scale.
        """
        self._odometry.expect(stamp_ns, next_stamp_ns, translation)
        for stamp, travelled_m, predicted in self._odometry.matches():
            if travelled_m >= self._config.min_translation_m and predicted > 0.0:
                self._update(stamp, travelled_m / predicted)

    def add_odometry(self, stamp_ns: int, position_m: NDArray[np.float64]) -> None:
        """Take one odometry position in metres; ignored unless the source is odometry. # (3,)."""
        if self.needs_translation:
            self._odometry.add(stamp_ns, position_m)

    def jump_back(self) -> None:
        """Drop waiting odometry: its stamps belong to the time before the jump."""
        self._odometry.clear()

    def reset(self) -> None:
        """Forget everything measured."""
        self._smoothed = SmoothedFactor(self._config.smoothing_s)
        self._odometry.clear()
        self._status = self._first_status()

    def _update(self, stamp_ns: int, factor: float) -> None:
        self._smoothed.update(stamp_ns, factor)
        self._status = f"{self._config.source}: {self._smoothed.value:.4g} m per unit of depth"

    def _first_status(self) -> str:
        source = self._config.source
        if source == "none":
            return "none: depth is relative"
        if source == "fixed":
            return f"fixed: {self._config.factor:.4g} m per unit of depth"
        return f"{source}: not measured yet, depth is relative"


def _ground_points(
    inverse_depth: NDArray[np.float32], labels: NDArray[np.uint8], intrinsics: Intrinsics
) -> NDArray[np.float64]:
    """Return every fourth row's and column's ground pixels as points. # (N, 3)."""
    sparse = inverse_depth[::_STRIDE, ::_STRIDE]
    classes = labels[::_STRIDE, ::_STRIDE]
    ground = ((classes == ROAD) | (classes == SIDEWALK)) & (sparse > 0) & np.isfinite(sparse)
    rows, columns = np.nonzero(ground)
    depth = 1.0 / sparse[rows, columns].astype(np.float64)
    x = (columns * _STRIDE - intrinsics.cx) / intrinsics.fx * depth
    y = (rows * _STRIDE - intrinsics.cy) / intrinsics.fy * depth
    return np.stack([x, y, depth], axis=1)
