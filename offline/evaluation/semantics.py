"""Semantic labels against an annotator's."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offline.datasets.label_maps import train_ids
from offline.datasets.samples import Sample
from offline.evaluation.task import Outputs, Picture, Record, Task, Truths, plane, same_size
from offline.metrics.protocols import describe
from offline.metrics.semantics import (
    SemanticsProtocol,
    conclude_semantics,
    confusion_matrix,
    labels_at_truth,
)
from scene_perception.visualization import color_labels

Confusion = NDArray[np.int64]


@dataclass(frozen=True)
class SemanticsTask(Task[Confusion]):
    """Intersection over union and accuracies, pooled over all pixels.

    Attributes:
        protocol: how labels are compared.
        kinds: ``label_ids`` (Cityscapes ids) or ``labels`` (train ids) alone.
    """

    protocol: SemanticsProtocol
    kinds: tuple[str, ...] = ("label_ids",)

    name = "semantics"
    output = "semantics"
    ranked_by = "pixel_accuracy"
    higher_is_better = True

    @property
    def settings(self) -> str:
        """The protocol in words."""
        return describe(self.protocol)

    def score(self, sample: Sample, truth: Truths, outputs: Outputs) -> Confusion:
        """Return one image's confusion matrix: rows are the truth. # (C, C)."""
        (kind,) = self.kinds
        known = plane(truth, kind)
        labels = _labels(outputs, known.shape, self.protocol)
        return confusion_matrix(known, labels, self.protocol, kind=kind)

    def fitted(self, samples: Sequence[Sample]) -> SemanticsTask:
        """Return the task that compares train ids, where samples have no Cityscapes ids."""
        if samples and not samples[0].truth.keys() & {"label_ids"}:
            return dataclasses.replace(self, kinds=("labels",))
        return self

    def rows(self, records: Sequence[Record[Confusion]]) -> dict[str, dict[str, float]]:
        """Return each image's figures."""
        return {record.name: self.conclude([record]) for record in records}

    def conclude(self, records: Sequence[Record[Confusion]]) -> dict[str, float]:
        """Return the figures of all pixels of all images."""
        total = np.stack([record.score for record in records]).sum(axis=0)
        return {**conclude_semantics(total, self.protocol), "frames": float(len(records))}

    def pictures(
        self, sample: Sample, image: Picture, truth: Truths, outputs: Outputs
    ) -> dict[str, Picture]:
        """Return the image and the predicted and true labels."""
        (kind,) = self.kinds
        known = plane(truth, kind)
        return {
            "image": image,
            "predicted labels": color_labels(_labels(outputs, known.shape, self.protocol)),
            "true labels": color_labels(train_ids(known) if kind == "label_ids" else known),
        }


def _labels(
    outputs: Outputs, shape: tuple[int, ...], protocol: SemanticsProtocol
) -> NDArray[np.uint8]:
    if "labels" in outputs:
        return same_size(outputs["labels"], shape, "predicted labels")
    return labels_at_truth(outputs["logits"], shape, protocol)
