"""What goes into a pipeline and what comes out: frames and estimates.

Every estimate carries the ``stamp_ns`` and ``frame_id`` of the frame it describes, so that
consumers synchronise by stamp. Arrays are NumPy, C-contiguous, at the resolution that
``intrinsics`` (or the array's own shape) states, and must not be written to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera

UNKNOWN_LABEL = 255


@dataclass(frozen=True, eq=False)
class Frame:
    """One rectified camera image.

    Attributes:
        image: RGB, uint8. # (H, W, 3)
        stamp_ns: acquisition time, nanoseconds since the clock's epoch.
        frame_id: the camera's optical frame.
        intrinsics: of this image's size, or None where the camera's are unknown.

    Raises:
        ValueError: for an image that is not ``(H, W, 3)`` uint8 with H, W >= 1, a negative
            stamp, or intrinsics of another size.
    """

    image: NDArray[np.uint8]
    stamp_ns: int
    frame_id: str
    intrinsics: Intrinsics | None = None

    def __post_init__(self) -> None:
        shape, dtype = self.image.shape, self.image.dtype
        if len(shape) != 3 or shape[2] != 3 or min(shape) < 1 or dtype != np.uint8:
            raise ValueError(f"image must be (H, W, 3) uint8 with H, W >= 1, got {shape} {dtype}")
        if self.stamp_ns < 0:
            raise ValueError(f"stamp_ns must be >= 0, got {self.stamp_ns}")
        camera = self.intrinsics
        if camera is not None and (camera.height, camera.width) != shape[:2]:
            raise ValueError(
                f"intrinsics are for {camera.width}x{camera.height} px, "
                f"the image has {shape[1]}x{shape[0]} px"
            )


@dataclass(frozen=True, eq=False)
class StereoFrame:
    """One rectified stereo pair; its stamp and frame_id are the left image's.

    Attributes:
        left: the image that everything is described in.
        right: of the same moment.
        camera: calibration of the pair, at the images' size.

    Raises:
        ValueError: for images of another size than the calibration's.
    """

    left: Frame
    right: Frame
    camera: StereoCamera

    def __post_init__(self) -> None:
        expected = (self.camera.left.height, self.camera.left.width)
        for side, frame in (("left", self.left), ("right", self.right)):
            height, width = frame.image.shape[:2]
            if (height, width) != expected:
                raise ValueError(
                    f"{side} image must be {expected[1]}x{expected[0]} px as its calibration is, "
                    f"got {width}x{height} px"
                )


@dataclass(frozen=True)
class MetricScale:
    """Metres per unit of a network's depth.

    Attributes:
        factor: metres per unit; 1.0 while the scale is unknown.
        source: ``none``, ``fixed``, ``camera_height``, ``odometry`` or ``stereo``.
        is_metric: False while ``depth`` is relative: no source, or none has been seen yet.
    """

    factor: float = 1.0
    source: str = "none"
    is_metric: bool = False


@dataclass(frozen=True, eq=False)
class DepthEstimate:
    """Depth and semantics of one frame, ready when that frame arrives.

    Attributes:
        depth: along Z, metres if ``scale.is_metric`` and else relative; NaN where invalid,
            float32. # (H, W)
        labels: Cityscapes train ids 0..18, 255 unknown, uint8. # (H, W)
        image: the frame's RGB at the same resolution, uint8. # (H, W, 3)
        intrinsics: of ``depth``'s resolution, or None where the camera's are unknown.
    """

    stamp_ns: int
    frame_id: str
    depth: NDArray[np.float32]
    labels: NDArray[np.uint8]
    image: NDArray[np.uint8]
    intrinsics: Intrinsics | None
    scale: MetricScale


@dataclass(frozen=True, eq=False)
class EgoMotion:
    """The camera's own motion from one frame to another, usually the next.

    Attributes:
        next_from_current: rigid transform with points_next = next_from_current @
            points_current, next being the frame that the flow points into; translation in
            metres if ``scale.is_metric``, float64. # (4, 4)
        linear_m_s: velocity of the camera in its optical frame. # (3,)
        angular_rad_s: angular velocity of the camera in its optical frame. # (3,)
        scale: that the translation was multiplied with.
    """

    next_from_current: NDArray[np.float64]
    linear_m_s: NDArray[np.float64]
    angular_rad_s: NDArray[np.float64]
    scale: MetricScale


@dataclass(frozen=True, eq=False)
class MotionEstimate:
    """Motion at one frame, ready when the next frame arrives; None is what no network gives.

    Attributes:
        stamp_ns: of the frame that is described.
        next_stamp_ns: of the frame after it, which ``flow`` points into.
        flow: px from this frame to the next, channel 0 = x (right), 1 = y (down), at this
            array's resolution, float32. # (H, W, 2)
        motion_probability: 0 = moves as the camera's motion explains, 1 = does not,
            float32. # (H, W)
        motion_mask: 255 on moving objects, else 0, uint8. # (H, W)
        ego_motion: of the camera between the two frames.
        depth: the estimate of the same frame, for consumers that need both.
    """

    stamp_ns: int
    next_stamp_ns: int
    frame_id: str
    flow: NDArray[np.float32] | None
    motion_probability: NDArray[np.float32] | None
    motion_mask: NDArray[np.uint8] | None
    ego_motion: EgoMotion | None
    depth: DepthEstimate


@dataclass(frozen=True, eq=False)
class MovingObject:
    """Something that moves by itself, in the left optical frame of the frame described.

    Attributes:
        position_m: median of its points. # (3,)
        velocity_m_s: of its own, the camera's motion taken off. # (3,)
        size_m: extent of its points along x, y and z, outliers left out. # (3,)
        box: left, top, width and height in the image, px.
        pixels: number of its pixels.
    """

    position_m: NDArray[np.float64]
    velocity_m_s: NDArray[np.float64]
    size_m: NDArray[np.float64]
    box: tuple[int, int, int, int]
    pixels: int


@dataclass(frozen=True, eq=False)
class SceneFlowEstimate:
    """Motion of everything that a stereo pair sees.

    Attributes:
        stamp_ns: of the frame that is described.
        next_stamp_ns: of the frame that ``flow`` points into, the one before where the
            pipeline describes the newest.
        frame_id: the left camera's optical frame.
        flow: px to that frame, channel 0 = x (right), 1 = y (down), float32. # (H, W, 2)
        next_disparity: there, of the point seen here, px, NaN where unknown, float32. # (H, W)
        velocity: relative to the camera, m/s in the left optical frame, NaN where
            ``validity`` is not 0, float32. # (H, W, 3)
        validity: ``geometry.validity`` flags, 0 where everything is known, uint8. # (H, W)
        motion_mask: 255 on what moves by itself, else 0, uint8. # (H, W)
        objects: the mask's connected parts.
        ego_motion: of the camera; None where too few points agree on one.
        depth: the estimate of the same frame.
    """

    stamp_ns: int
    next_stamp_ns: int
    frame_id: str
    flow: NDArray[np.float32]
    next_disparity: NDArray[np.float32]
    velocity: NDArray[np.float32]
    validity: NDArray[np.uint8]
    motion_mask: NDArray[np.uint8]
    objects: tuple[MovingObject, ...]
    ego_motion: EgoMotion | None
    depth: DepthEstimate


@dataclass(frozen=True, eq=False)
class StereoEstimate:
    """Everything that is known about one stereo frame.

    Attributes:
        depth: metres; its ``scale.source`` is ``stereo``.
        disparity: px at this array's resolution, left column - right column, NaN where depth
            is, float32. # (H, W)
        camera: of the arrays' resolution.
        limits_px: smallest and largest disparity that is not invalid.
        negative_share: of pixels that the network gave a disparity below that of infinity;
            near 1 where left and right are swapped.
        motion: None where nobody asked for it.
    """

    depth: DepthEstimate
    disparity: NDArray[np.float32]
    camera: StereoCamera
    limits_px: tuple[float, float]
    negative_share: float
    motion: SceneFlowEstimate | None

    @property
    def stamp_ns(self) -> int:
        """Of the frame that is described."""
        return self.depth.stamp_ns

    @property
    def frame_id(self) -> str:
        """The left camera's optical frame."""
        return self.depth.frame_id
