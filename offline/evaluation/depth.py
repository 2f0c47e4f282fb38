"""Depth against a laser scanner's or stereo's, by one of the published protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from offline.datasets.samples import Sample
from offline.evaluation.pictures import depth_errors_on, points_on
from offline.evaluation.task import Outputs, Picture, Record, Task, Truths, plane, same_size
from offline.metrics.depth import (
    DepthScore,
    common_factor,
    depth_at_truth,
    mean_depth,
    score_depth,
)
from offline.metrics.depth_protocol import DepthProtocol
from offline.metrics.protocols import describe
from scene_perception.visualization import color_depth, depth_range

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class DepthTask(Task[DepthScore]):
    """The seven numbers of Eigen et al.

    Attributes:
        protocol: how depth is compared.
        factors: sequence -> metres per unit, where the protocol scales whole sequences.
    """

    protocol: DepthProtocol
    factors: Mapping[str, float] = field(default_factory=dict)

    name = "depth"
    output = "depth"
    kinds = ("depth",)
    ranked_by = "abs_rel"

    @property
    def settings(self) -> str:
        """The protocol in words."""
        return describe(self.protocol)

    def score(self, sample: Sample, truth: Truths, outputs: Outputs) -> DepthScore:
        """Return the seven numbers of one image."""
        known = plane(truth, "depth")
        depth = _depth(outputs, known.shape, self.protocol)
        return score_depth(depth, known, self.protocol, factor=self.factors.get(sample.sequence))

    def rows(self, records: Sequence[Record[DepthScore]]) -> dict[str, dict[str, float]]:
        """Return the seven numbers, scale and number of pixels of each image."""
        return {record.name: vars(record.score) for record in records}

    def conclude(self, records: Sequence[Record[DepthScore]]) -> dict[str, float]:
        """Return the mean of every number over the images."""
        return mean_depth([record.score for record in records], self.protocol)

    def pictures(
        self, sample: Sample, image: Picture, truth: Truths, outputs: Outputs
    ) -> dict[str, Picture]:
        """Return the measured points on the image, the scaled prediction and its error."""
        known = plane(truth, "depth")
        depth = _depth(outputs, known.shape, self.protocol)
        scaled = np.asarray(self.score(sample, truth, outputs).scale * depth, np.float32)
        return {
            "measured depth": points_on(image, known),
            "predicted depth, scaled": color_depth(scaled, *depth_range(known)),
            "error: blue 25 % too near, red 25 % too far": depth_errors_on(image, known, scaled),
        }


def sequence_factors(records: Sequence[Record[DepthScore]]) -> dict[str, float]:
    """Return the median over each sequence of its images' own scales."""
    scales: dict[str, list[float]] = {}
    for record in records:
        scales.setdefault(record.sequence, []).append(record.score.scale)
    return {sequence: common_factor(values) for sequence, values in scales.items()}


def _depth(outputs: Outputs, shape: tuple[int, ...], protocol: DepthProtocol) -> Floats:
    """Return unscaled depth in the truth's pixels, from a network, a file or a bag. # (H, W)."""
    if "depth" in outputs:
        return same_size(outputs["depth"], shape, "predicted depth")
    height, width = shape
    return depth_at_truth(outputs["inverse_depth"], (height, width), protocol)
