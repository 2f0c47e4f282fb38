"""Two CameraInfo messages become a stereo camera, or a refusal that names the cause.

``P`` of a rectified camera holds ``P[3] = -fx * x``, x being where the camera is on the axis
of the pair, in metres to the right. Most drivers put the left camera at 0; KITTI's colour
cameras are both placed relative to a third one. Only the difference counts here.
"""

from __future__ import annotations

import math

from sensor_msgs.msg import CameraInfo

from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.recordings.camera_messages import intrinsics_from_camera_info

SHORTEST_M, LONGEST_M = 1e-3, 10.0
_AT_ORIGIN_PX_M = 1e-6
_TRANSLATION, _VERTICAL = 3, 7  # places in the row-major 3x4 matrix P
_MONOCULAR = (
    "calibrate both cameras together (camera_calibration with two cameras) or set baseline_m"
)


def stereo_camera(
    left_info: CameraInfo,
    right_info: CameraInfo,
    width: int,
    height: int,
    baseline_m: float = 0.0,
) -> StereoCamera:
    """Return the calibration of a rectified pair of images of ``width x height`` px.

    Args:
        left_info: of the left image; binning and region of interest are applied.
        right_info: of the right image.
        width: of both images, px.
        height: of both images, px.
        baseline_m: where it is above 0 it stands in for the baseline of ``P``.

    Raises:
        ValueError: naming the side, the values and what to do, where one camera is not
            calibrated (``conversions.intrinsics_from_camera_info``), the two are no rectified
            pair (``StereoCamera``), or ``P`` gives no plausible baseline.
    """
    left = _intrinsics("left", left_info, width, height)
    right = _intrinsics("right", right_info, width, height)
    if not baseline_m > 0:
        baseline_m = baseline(left_info, right_info)
    return StereoCamera(left, right, baseline_m)


def baseline(left_info: CameraInfo, right_info: CameraInfo) -> float:
    """Return the distance from the left camera to the right one by their ``P``, m.

    Raises:
        ValueError: where it is 0, negative, not finite, or not of a camera's size in metres.
    """
    left, right = _position_m(left_info), _position_m(right_info)
    told = (
        f"left P[3] = {left_info.p[_TRANSLATION]:.6g} and "
        f"right P[3] = {right_info.p[_TRANSLATION]:.6g}"
    )
    if not (math.isfinite(left) and math.isfinite(right)):
        raise ValueError(f"P[3] must be finite, got {told}; {_MONOCULAR}")
    if abs(right - left) * right_info.p[0] <= _AT_ORIGIN_PX_M:
        raise ValueError(
            f"right P[3] must be -fx * baseline, got {told}: {_no_baseline(right_info)}"
        )
    if right < left:
        raise ValueError(
            f"right P[3] must be -fx * baseline, below left P[3], got {told}: the right camera "
            "would be left of the left one; swap the left and right topics, or set baseline_m if "
            "only the sign is wrong"
        )
    return _plausible(right - left, told)


def _intrinsics(side: str, info: CameraInfo, width: int, height: int) -> Intrinsics:
    try:
        return intrinsics_from_camera_info(info, width, height)
    except ValueError as error:
        raise ValueError(f"{side} {error}") from error


def _position_m(info: CameraInfo) -> float:
    """Return where a camera is on the pair's axis, to the right; 0 without ``P``."""
    translation, focal = float(info.p[_TRANSLATION]), float(info.p[0])
    return -translation / focal if focal else 0.0


def _no_baseline(right_info: CameraInfo) -> str:
    if right_info.p[_TRANSLATION]:
        return "both are of one camera; publish each camera's own camera_info"
    if abs(right_info.p[_VERTICAL]) > _AT_ORIGIN_PX_M:
        return (
            f"with right P[7] = {right_info.p[_VERTICAL]:.6g} one camera is above the other; turn "
            "the images so that they lie side by side"
        )
    return f"the cameras were calibrated one by one; {_MONOCULAR}"


def _plausible(baseline_m: float, told: str) -> float:
    if SHORTEST_M <= baseline_m <= LONGEST_M:
        return baseline_m
    cause = (
        "the calibration may be in millimetres"
        if baseline_m > LONGEST_M
        else "P[3] may be the baseline itself or in kilometres"
    )
    raise ValueError(
        f"baseline must be {SHORTEST_M:g} .. {LONGEST_M:g} m, got {baseline_m:.6g} m from {told}: "
        f"{cause}; P[3] is -fx [px] * baseline [m]; correct it or set baseline_m"
    )
