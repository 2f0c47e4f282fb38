"""Rendered samples as a split of KITTI 2015 scene flow, for its readers and its development kit.

A split holds, for scene 0 and so on, with KITTI's names and units:

- ``image_2``, ``image_3``: ``000000_09.png``, ``_10``, ``_11``, left and right,
- ``disp_noc_0``, ``disp_occ_0``, ``disp_noc_1``, ``disp_occ_1``, ``flow_noc``, ``flow_occ``,
  ``obj_map``, ``semantic``, ``instance``: ``000000_10.png``,
- ``calib_cam_to_cam``: ``000000.txt``, camera 0 being the left one,
- ``poses``: ``000000.txt``, camera 0 to that of frame 09, a line for each of the three frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from offline.kitti_files import write_disparity, write_flow
from offline.png_files import write_png
from offline.synthetic.kinds import Float, Mask, Tensors, image_of, instance_map, truth_of
from offline.whole_files import write_whole

Array = NDArray[np.float64]

_IMAGES = {
    "image_2/{}_09": "previous",
    "image_2/{}_10": "current",
    "image_2/{}_11": "next",
    "image_3/{}_09": "previous_right",
    "image_3/{}_10": "right",
    "image_3/{}_11": "next_right",
}
_DISPARITIES = {
    "disp_noc_0": "disparity_noc_0",
    "disp_occ_0": "disparity_occ_0",
    "disp_noc_1": "disparity_noc_1",
    "disp_occ_1": "disparity_occ_1",
}
_FLOWS = ("flow_noc", "flow_occ")
_MAPS: Mapping[str, Callable[[Tensors], NDArray[np.generic]]] = {
    "obj_map": lambda tensors: _plain("object_map", tensors),
    "semantic": lambda tensors: _plain("label_ids", tensors),
    "instance": instance_map,
}


def write_scene(split: Path, number: int, tensors: Tensors) -> None:
    """Write one scene of a split; folders that are not there are made.

    Args:
        split: such as ``training``.
        number: of the scene.
        tensors: of ``samples.frame_of``.

    Raises:
        OSError: naming a file that cannot be written.
    """
    name = f"{number:06d}"
    for pattern, role in _IMAGES.items():
        path = _path(split, pattern.format(name) + ".png")
        write_png(path, image_of(tensors, role)[..., ::-1])  # OpenCV has blue first
    for folder, kind in _DISPARITIES.items():
        disparity = cast(Float, truth_of(kind, tensors))
        write_disparity(_path(split, f"{folder}/{name}_10.png"), disparity)
    for kind in _FLOWS:
        flow, known = cast(tuple[Float, Mask], truth_of(kind, tensors))
        write_flow(_path(split, f"{kind}/{name}_10.png"), flow, known)
    for folder, of in _MAPS.items():
        write_png(_path(split, f"{folder}/{name}_10.png"), of(tensors))
    calibration = _path(split, f"calib_cam_to_cam/{name}.txt")
    poses = _path(split, f"poses/{name}.txt")
    write_whole({calibration: _calibration(tensors), poses: _poses(tensors)})


def _plain(kind: str, tensors: Tensors) -> NDArray[np.generic]:
    return cast(NDArray[np.generic], truth_of(kind, tensors))


def _path(split: Path, name: str) -> Path:
    path = split / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _calibration(tensors: Tensors) -> bytes:
    camera = tensors["intrinsics"].double().cpu().numpy()
    height, width = tensors["current"].shape[1:]
    baseline = float(tensors["baseline_m"])
    lines = ["calib_time: 01-Jan-2015 00:00:00", f"corner_dist: {_numbers(np.zeros(1))}"]
    for index, offset in enumerate((0.0, baseline, 0.0, baseline)):
        projection = np.hstack([camera, camera @ [[-offset], [0], [0]]])
        named = {
            "S": np.array([width, height]),
            "K": camera,
            "D": np.zeros(5),
            "R": np.eye(3),
            "T": np.array([-offset, 0, 0]),
            "S_rect": np.array([width, height]),
            "R_rect": np.eye(3),
            "P_rect": projection,
        }
        lines += [f"{key}_{index:02d}: {_numbers(value)}" for key, value in named.items()]
    return "\n".join([*lines, ""]).encode()


def _poses(tensors: Tensors) -> bytes:
    """Return the poses of frames 09, 10 and 11 in that of frame 09."""
    first = tensors["previous_from_current"].double().cpu().numpy()
    following = first @ np.linalg.inv(tensors["next_from_current"].double().cpu().numpy())
    lines = [_numbers(pose[:3]) for pose in (np.eye(4), first, following)]
    return "\n".join([*lines, ""]).encode()


def _numbers(values: Array) -> str:
    return " ".join(f"{value:.9e}" for value in np.asarray(values).ravel())
