"""What gives labels to a sample: a network, or files that others have made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from offline.datasets.samples import Sample
from offline.distillation.consistency import (
    disparity_agrees,
    flow_agrees,
    next_disparity_agrees,
)
from offline.distillation.kinds import KINDS, Values, values_of
from offline.predictors.base import Predictor
from scene_perception.cityscapes import CLASSES
from scene_perception.frame import UNKNOWN_LABEL

Image = NDArray[np.uint8]
Found = dict[str, Values]
_STEREO = ("current", "right", "next", "next_right")
_MONO = ("previous", "current", "next")


class Labeller(Protocol):
    """Gives labels.

    Attributes:
        kinds: that it gives.
        roles: of the images that it reads.
    """

    @property
    def kinds(self) -> Sequence[str]:
        """Kinds of labels, of ``kinds.KINDS``."""
        ...

    @property
    def roles(self) -> Sequence[str]:
        """Images that a sample must have."""
        ...

    def __call__(self, sample: Sample, following: Sample | None) -> Found:
        """Return labels by kind, NaN or 255 where they are not to be trusted.

        Args:
            sample: is described.
            following: the sample of its next frame; None where there is none.

        Raises:
            ValueError: naming what the sample lacks, or a file that cannot be read.
        """
        ...


@dataclass(frozen=True)
class SceneFlowLabels:
    """DWARF's disparities and flow, where they agree with those of its mirror and of the way back.

    Attributes:
        predictor: DWARF.
        filtered: whether only what agrees is kept; it costs two more runs.
    """

    predictor: Predictor
    filtered: bool = True
    kinds: Sequence[str] = ("disparity", "next_disparity", "flow")
    roles: Sequence[str] = _STEREO

    def __call__(self, sample: Sample, following: Sample | None) -> Found:
        """Return disparity, next disparity and flow; see ``Labeller``."""
        images = sample.images(_STEREO)
        said = self.predictor("scene_flow", images)
        found = {kind: said[kind].copy() for kind in self.kinds}
        for kind in ("disparity", "next_disparity"):
            found[kind][~(found[kind] > 0)] = np.nan
        if not self.filtered:
            return found
        back = self.predictor("scene_flow", dict(zip(_STEREO, _later(images), strict=True)))
        right = self.predictor("scene_flow", dict(zip(_STEREO, _mirrored(images), strict=True)))
        trusted = flow_agrees(said["flow"], back["flow"])
        same = next_disparity_agrees(said["next_disparity"], said["flow"], back["disparity"])
        left_right = disparity_agrees(said["disparity"], right["disparity"][:, ::-1])
        found["flow"][~trusted] = np.nan
        found["next_disparity"][~(trusted & same)] = np.nan
        found["disparity"][~left_right] = np.nan
        return found


def _later(images: Mapping[str, Image]) -> list[Image]:
    """Return both pairs in the other order."""
    return [images[role] for role in ("next", "next_right", "current", "right")]


def _mirrored(images: Mapping[str, Image]) -> list[Image]:
    """Return the cameras swapped and mirrored: the right image's disparity is positive again."""
    roles = ("right", "current", "next_right", "next")
    return [np.ascontiguousarray(images[role][:, ::-1]) for role in roles]


@dataclass(frozen=True)
class FlowLabels:
    """OmegaNet's flow, where the flow from the next frame leads back.

    Attributes:
        predictor: OmegaNet.
        filtered: whether only what agrees is kept; the last frame of a drive has none then, as
            the way back needs the frame after the next one.
    """

    predictor: Predictor
    filtered: bool = True
    kinds: Sequence[str] = ("flow",)
    roles: Sequence[str] = _MONO

    def __call__(self, sample: Sample, following: Sample | None) -> Found:
        """Return flow; see ``Labeller``."""
        images = sample.images(_MONO)
        flow = self._flow(images)
        if not self.filtered:
            return {"flow": flow}
        if following is None or "next" not in following.pictures:
            return {"flow": np.full_like(flow, np.nan)}
        ahead = {"previous": following.image("next"), "current": images["next"],
                 "next": images["current"]}  # fmt: skip
        flow[~flow_agrees(flow, self._flow(ahead))] = np.nan
        return {"flow": flow}

    def _flow(self, images: Mapping[str, Image]) -> NDArray[np.float32]:
        """Return the flow at the image's size."""
        height, width = images["current"].shape[:2]
        flow = self.predictor("flow", images)["flow"]
        scale = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
        resized: NDArray[np.float32] = cv2.resize(flow, (width, height)) * scale
        return resized


@dataclass(frozen=True)
class ClassLabels:
    """Labels whose probability is high enough.

    Attributes:
        predictor: OmegaNet, DSNet or SGDepth.
        least: probability of the best class.
    """

    predictor: Predictor
    least: float = 0.7
    kinds: Sequence[str] = ("labels",)
    roles: Sequence[str] = ("current",)

    def __call__(self, sample: Sample, following: Sample | None) -> Found:
        """Return train ids, 255 where unsure; see ``Labeller``."""
        image = sample.image("current")
        logits: NDArray[np.float32] = self.predictor("semantics", {"current": image})["logits"]
        height, width = image.shape[:2]
        planes = [cv2.resize(plane, (width, height)) for plane in logits]
        resized = np.stack(planes) - np.max(planes, 0)
        share = np.exp(resized)
        best = resized.argmax(0)
        sure = 1 / share.sum(0) >= self.least
        labels = np.where(sure & (best < len(CLASSES)), best, UNKNOWN_LABEL).astype(np.uint8)
        return {"labels": labels}


@dataclass(frozen=True)
class Together:
    """Several labellers as one.

    Attributes:
        parts: each gives kinds that no other one gives.
    """

    parts: Sequence[Labeller]

    @property
    def kinds(self) -> Sequence[str]:
        """Kinds of all parts."""
        return [kind for part in self.parts for kind in part.kinds]

    @property
    def roles(self) -> Sequence[str]:
        """Images of all parts."""
        return list(dict.fromkeys(role for part in self.parts for role in part.roles))

    def __call__(self, sample: Sample, following: Sample | None) -> Found:
        """Return the labels of all parts; see ``Labeller``."""
        return {k: v for part in self.parts for k, v in part(sample, following).items()}


@dataclass(frozen=True)
class FileLabels:
    """Labels of files ``<folder>/<sample's name>.png``, as others' networks have written them.

    Attributes:
        folders: kind -> folder.
    """

    folders: Mapping[str, Path]
    roles: Sequence[str] = ("current",)

    @property
    def kinds(self) -> Sequence[str]:
        """Kinds whose folders are given."""
        return tuple(self.folders)

    def __call__(self, sample: Sample, following: Sample | None) -> Found:
        """Return what the files say; see ``Labeller``."""
        size = sample.image("current").shape[:2]
        found: Found = {}
        for kind, folder in self.folders.items():
            path = folder / f"{sample.name}.png"
            values: NDArray[Any] = values_of(KINDS[kind].read(path))
            if values.shape[:2] != size:
                raise ValueError(
                    f"{path} must have the size of its image, {size[1]}x{size[0]}, "
                    f"got {values.shape[1]}x{values.shape[0]} px"
                )
            found[kind] = values
        return found


def network_labels(
    predictor: Predictor, kinds: Sequence[str], *, filtered: bool, least: float
) -> Labeller:
    """Return what gives ``kinds`` of labels by a network; no kinds: all that it can.

    Raises:
        ValueError: for a kind that the network cannot give, or a network that gives none.
    """
    parts: list[Labeller] = []
    if "scene_flow" in predictor.roles:
        parts.append(SceneFlowLabels(predictor, filtered))
    if "flow" in predictor.roles:
        parts.append(FlowLabels(predictor, filtered))
    if "semantics" in predictor.roles:
        parts.append(ClassLabels(predictor, least))
    possible = [kind for part in parts for kind in part.kinds]
    if not possible:
        raise ValueError(
            f"labels must be {', '.join(KINDS)}; {predictor.model} gives none of them: its depth "
            "has no unit"
        )
    wrong = [kind for kind in kinds if kind not in possible]
    if wrong:
        raise ValueError(
            f"--kinds of {predictor.model} must be some of {', '.join(possible)}, "
            f"got {', '.join(wrong)}"
        )
    chosen = [part for part in parts if not kinds or set(kinds) & set(part.kinds)]
    return chosen[0] if len(chosen) == 1 else Together(chosen)
