"""A recording as a network takes it: frames in their order, and what is known of the camera."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from offline.datasets.base import CameraSequence
from offline.datasets.kitti_calibration import read_poses
from offline.datasets.kitti_odometry import read_kitti_odometry
from offline.inference.image_sources import files_of, image_sequence
from offline.inference.moments import Image, Source
from offline.inference.stream_sources import ImageTopic, VideoFile
from offline.sharding import Shard
from offline.training.batch import Batch
from scene_perception.frame import Frame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.pipelines.preprocess import to_network
from scene_perception.recordings.bags import is_bag
from scene_perception.recordings.image_folder import read_calibration


@dataclass(frozen=True, eq=False)
class Footage:
    """Frames of one camera.

    Attributes:
        name: of the recording, for messages.
        images: RGB at the network's size, uint8. # (N, 3, H, W)
        stamps_ns: of each.
        follows: whether each frame is the next one's neighbour in time; (N - 1) of them.
        intrinsics: K in pixels of H x W, or None where unknown. # (3, 3)
        world_from_camera: true poses, m, or None. # (N, 4, 4)
        device: that batches are for.
    """

    name: str
    images: Tensor
    stamps_ns: tuple[int, ...]
    follows: tuple[bool, ...]
    intrinsics: Tensor | None
    world_from_camera: NDArray[np.float64] | None
    device: str = "cpu"

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.images)

    def triplets(self, start: int, end: int) -> tuple[int, ...]:
        """Return the middle frames of the triplets of neighbours within ``start .. end - 1``."""
        inside = range(start + 1, end - 1)
        return tuple(i for i in inside if self.follows[i - 1] and self.follows[i])

    def batch(self, middles: Sequence[int]) -> Batch:
        """Return triplets as a batch; there are intrinsics where they are known."""
        roles = {"previous": -1, "current": 0, "next": 1}
        tensors = {
            role: self.images[[i + offset for i in middles]].to(self.device).float() / 255
            for role, offset in roles.items()
        }
        if self.intrinsics is not None:
            tensors["intrinsics"] = self.intrinsics.to(self.device).expand(len(middles), 3, 3)
        return Batch(tensors, tuple(f"{self.name} frame {i}" for i in middles))


@dataclass(frozen=True, eq=False)
class _Shot:
    """One frame as it is read."""

    image: Image
    stamp_ns: int
    has_next: bool
    intrinsics: Intrinsics | None


def read_footage(
    path: Path,
    size: tuple[int, int],
    *,
    calibration: Path | None = None,
    poses: Path | None = None,
    topic: str = "",
    limit: int | None = None,
) -> Footage:
    """Return a recording's frames.

    Args:
        path: a bag, a video, a folder of images, or a sequence of KITTI odometry, whose
            calibration and poses are read as well.
        size: height and width of the network's input, px.
        calibration: camera_calibration YAML, where the recording has none of its own.
        poses: file of poses as KITTI has them, one a frame.
        topic: of images in a bag; empty is the first.
        limit: frames at most, from the first on.

    Raises:
        BagError: for a bag that cannot be read.
        ValueError: for a path that holds no images, or poses that are not as many as frames.
    """
    truth = read_poses(poses) if poses else None
    if _is_kitti(path):
        sequence = read_kitti_odometry(path)
        truth = sequence.odom_from_camera if truth is None else truth
        shots = _of_sequence(sequence)
    else:
        shots = _shots(_source(path, topic), read_calibration(calibration) if calibration else None)
    return _footage(path, islice(shots, limit), size, truth)


def _is_kitti(path: Path) -> bool:
    named = (path / f"image_{camera}" for camera in (0, 2))
    return (path / "calib.txt").is_file() and any(folder.is_dir() for folder in named)


def _of_sequence(sequence: CameraSequence) -> Iterator[_Shot]:
    count = len(sequence.stamps_ns)
    for index, picture in enumerate(sequence.left.pictures):
        image, stamp_ns = picture.pixels("rgb8")[0], sequence.stamps_ns[index]
        yield _Shot(image, stamp_ns, index + 1 < count, sequence.left.intrinsics)


def _source(path: Path, topic: str) -> Source:
    if is_bag(path):
        return ImageTopic(path, topic)
    return VideoFile(path) if path.is_file() else image_sequence(files_of([path]))


def _shots(source: Source, calibration: Intrinsics | None) -> Iterator[_Shot]:
    for moment in source.moments(Shard()):
        yield _Shot(
            moment.images["current"](),
            moment.stamp_ns,
            "next" in moment.images,
            calibration or moment.intrinsics(),
        )


def _footage(
    path: Path,
    shots: Iterator[_Shot],
    size: tuple[int, int],
    truth: NDArray[np.float64] | None,
) -> Footage:
    images, stamps, follows, intrinsics = [], [], [], None
    for shot in shots:
        frame = Frame(shot.image, shot.stamp_ns, "", shot.intrinsics)
        taken = to_network(frame, size[1], size[0])
        images.append((taken.image[0] * 255).round().to(torch.uint8))
        stamps.append(shot.stamp_ns)
        follows.append(shot.has_next)
        intrinsics = intrinsics or taken.intrinsics
    if not images:
        raise ValueError(f"footage {path} must have images, got none")
    if truth is not None and len(truth) < len(images):
        raise ValueError(
            f"poses of {path} must be one a frame, got {len(truth)} for {len(images)} frames"
        )
    return Footage(
        path.name,
        torch.stack(images),
        tuple(stamps),
        tuple(follows[:-1]),
        None if intrinsics is None else intrinsics.matrix(),
        None if truth is None else truth[: len(images)],
    )
