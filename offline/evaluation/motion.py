"""Masks of moving objects against KITTI 2015's object maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offline.datasets.samples import Sample
from offline.evaluation.task import Outputs, Picture, Record, Task, Truths, plane, same_size
from offline.metrics.motion_mask import (
    MotionScore,
    conclude_motion_mask,
    mask_at_truth,
    score_motion_mask,
)
from scene_perception.overlays import overlay_mask
from scene_perception.pipelines.postprocess import mask_image


@dataclass(frozen=True)
class MotionTask(Task[MotionScore]):
    """OmegaNet's accuracies and intersections over union.

    Attributes:
        threshold: motion probability above which a pixel of a dynamic class moves.
    """

    threshold: float = 0.5

    name = "motion"
    output = "motion"
    kinds = ("object_map",)
    ranked_by = "miou"
    higher_is_better = True

    @property
    def settings(self) -> str:
        """The protocol in words."""
        return (
            f"moving where a dynamic class has a motion probability above {self.threshold:g}; "
            "truth is object_map > 0; each image counts the same"
        )

    def score(self, sample: Sample, truth: Truths, outputs: Outputs) -> MotionScore:
        """Return one image's score."""
        objects = plane(truth, "object_map")
        return score_motion_mask(self._mask(outputs, objects.shape), objects)

    def rows(self, records: Sequence[Record[MotionScore]]) -> dict[str, dict[str, float]]:
        """Return each image's figures."""
        return {record.name: self.conclude([record]) for record in records}

    def conclude(self, records: Sequence[Record[MotionScore]]) -> dict[str, float]:
        """Return the means over the images."""
        return conclude_motion_mask([record.score for record in records])

    def pictures(
        self, sample: Sample, image: Picture, truth: Truths, outputs: Outputs
    ) -> dict[str, Picture]:
        """Return the predicted and the true mask on the image."""
        objects = plane(truth, "object_map")
        true = np.where(objects > 0, np.uint8(255), np.uint8(0))
        return {
            "predicted to move": overlay_mask(image, self._mask(outputs, objects.shape)),
            "moving": overlay_mask(image, true),
        }

    def _mask(self, outputs: Outputs, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Return 255 where something moves; decided at the network's resolution. # (H, W)."""
        if "motion_mask" in outputs:
            return same_size(outputs["motion_mask"], shape, "predicted motion mask")
        mask = mask_image(outputs["labels"], outputs["motion_probability"], self.threshold)
        return mask_at_truth(mask, shape)
