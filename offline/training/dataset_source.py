"""Samples of the data sets that evaluation reads, under the names of ``training.batch``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from offline.datasets import samples as datasets
from offline.datasets.base import CameraSequence
from offline.datasets.kitti_odometry import read_kitti_odometry
from offline.datasets.kitti_raw import read_kitti_raw
from offline.datasets.label_maps import train_ids
from offline.datasets.registry import Selection, read_samples
from offline.training.augment import Sample
from offline.training.config import DatasetData

Named = tuple[Sample, str]

_SEQUENCES: Mapping[str, Callable[[Path], CameraSequence]] = {
    "kitti_odometry": read_kitti_odometry,
    "kitti_drive": read_kitti_raw,
}


@dataclass(frozen=True)
class DatasetSamples:
    """A data set's samples as tensors.

    Attributes:
        samples: that have every image of ``roles``.
        following: the sample of the next frame, for its pose; None where there is none.
        roles: of the images that are read.
        intrinsics: K in px of the stored images; None where it is not known. # (3, 3)
        baseline_m: of a stereo camera; None where it is not known.
    """

    samples: Sequence[datasets.Sample]
    following: Sequence[datasets.Sample | None]
    roles: Sequence[str]
    intrinsics: Tensor | None = None
    baseline_m: float | None = None

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Named:
        """Return a sample's tensors and its name.

        Raises:
            ValueError: naming a file that is missing or damaged.
        """
        sample = self.samples[index]
        found = {role: _image(image) for role, image in sample.images(self.roles).items()}
        for kind in sample.truth.keys() & _READ.keys():
            found |= _READ[kind](sample.known(kind))
        if "labels" not in found and "label_ids" in sample.truth:
            found["labels"] = torch.from_numpy(train_ids(_array(sample.known("label_ids"))))
        following = self.following[index]
        if following is not None and "world_from_camera" in sample.truth:
            here, there = (_array(s.known("world_from_camera")) for s in (sample, following))
            found["next_from_current"] = torch.from_numpy(np.linalg.solve(there, here)).float()
        if self.intrinsics is not None:
            found["intrinsics"] = self.intrinsics.clone()
        if self.baseline_m is not None and "right" in self.roles:
            found["baseline_m"] = torch.tensor(self.baseline_m)
        return found, sample.name


def open_dataset(data: DatasetData, roles: Sequence[str]) -> DatasetSamples:
    """Return a data set's samples.

    Args:
        data: which one.
        roles: images that each sample must have, as far as the data set knows them at all.

    Raises:
        OSError, ValueError: naming what is missing or cannot be read.
    """
    root = Path(data.folder) if data.folder else None
    samples = read_samples(data.dataset, root, Selection(data.split))
    known = {role for sample in samples for role in sample.pictures}
    wanted = [role for role in datasets.ROLES if role in known and role in {*roles, "current"}]
    chosen = [n for n, sample in enumerate(samples) if sample.pictures.keys() >= set(wanted)]
    if not chosen:
        raise ValueError(f"{data.dataset} in {data.folder} must have samples, got none")
    return DatasetSamples(
        [samples[number] for number in chosen],
        [_after(samples, number) for number in chosen],
        wanted,
        *_camera(data, root),
    )


def _after(samples: Sequence[datasets.Sample], number: int) -> datasets.Sample | None:
    if "next" not in samples[number].pictures or number + 1 >= len(samples):
        return None
    following = samples[number + 1]
    return following if following.sequence == samples[number].sequence else None


def _camera(data: DatasetData, root: Path | None) -> tuple[Tensor | None, float | None]:
    """Return intrinsics and baseline, as configured or as the data set knows them."""
    if data.intrinsics:
        if len(data.intrinsics) != 4:
            raise ValueError(f"intrinsics must be fx, fy, cx, cy, got {data.intrinsics}")
        fx, fy, cx, cy = data.intrinsics
        return torch.tensor([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]), None
    if data.dataset not in _SEQUENCES or root is None:
        return None, None
    sequence = _SEQUENCES[data.dataset](root)
    known = sequence.left.intrinsics
    baseline = None if sequence.right is None else sequence.right.baseline_m
    return None if known is None else known.matrix(), baseline


def _image(image: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(image).permute(2, 0, 1).float() / 255


def _array(truth: datasets.Truth) -> NDArray[Any]:
    return truth[0] if isinstance(truth, tuple) else truth


def _plane(values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))[None]


def _depth(truth: datasets.Truth) -> Sample:
    return {"depth": _plane(_array(truth).astype(np.float32))}


def _flow(truth: datasets.Truth) -> Sample:
    flow, known = truth
    return {
        "flow_forward": torch.from_numpy(np.ascontiguousarray(flow.transpose(2, 0, 1))).float(),
        "flow_forward_known": _plane(np.asarray(known, np.bool_)),
    }


def _disparity(name: str) -> Callable[[datasets.Truth], Sample]:
    def read(truth: datasets.Truth) -> Sample:
        values = _plane(_array(truth).astype(np.float32))
        return {name: values.nan_to_num(0), f"{name}_known": values.isfinite()}

    return read


_READ: Mapping[str, Callable[[datasets.Truth], Sample]] = {
    "depth": _depth,
    "flow_occ": _flow,
    "disparity_occ_0": _disparity("disparity"),
    "disparity_occ_1": _disparity("next_disparity"),
    "labels": lambda truth: {"labels": torch.from_numpy(_array(truth))},
    "object_map": lambda truth: {"moving": _plane(_array(truth) > 0)},
}
