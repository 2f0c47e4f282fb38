"""Optical flow against KITTI 2015."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from offline.datasets.samples import Sample
from offline.evaluation.pictures import error_color
from offline.evaluation.task import Outputs, Picture, Record, Task, Truths, plane, vectors
from offline.metrics.flow import (
    FlowProtocol,
    FlowScore,
    conclude_flow,
    flow_at_truth,
    score_flow,
)
from offline.metrics.protocols import describe
from scene_perception.visualization import color_flow, flow_radius

_SETS = ("occ", "noc")


@dataclass(frozen=True)
class FlowTask(Task[dict[str, FlowScore]]):
    """End-point error and outliers, over all pixels (occ) and those that stay in view (noc)."""

    protocol: FlowProtocol

    name = "flow"
    output = "flow"
    kinds = ("flow_occ", "flow_noc", "object_map")
    ranked_by = "epe_occ"

    @property
    def settings(self) -> str:
        """The protocol in words."""
        return describe(self.protocol)

    def score(self, sample: Sample, truth: Truths, outputs: Outputs) -> dict[str, FlowScore]:
        """Return the score of one image for each set of pixels."""
        objects = plane(truth, "object_map")
        flow = flow_at_truth(outputs["flow"], objects.shape, self.protocol)
        return {
            name: score_flow(flow, *vectors(truth, f"flow_{name}"), objects, self.protocol)
            for name in _SETS
        }

    def rows(self, records: Sequence[Record[dict[str, FlowScore]]]) -> dict[str, dict[str, float]]:
        """Return each image's figures."""
        return {record.name: self.conclude([record]) for record in records}

    def conclude(self, records: Sequence[Record[dict[str, FlowScore]]]) -> dict[str, float]:
        """Return the figures of both sets of pixels."""
        return {
            f"{name}_{pixels}": value
            for pixels in _SETS
            for name, value in conclude_flow(
                [record.score[pixels] for record in records], self.protocol
            ).items()
        }

    def pictures(
        self, sample: Sample, image: Picture, truth: Truths, outputs: Outputs
    ) -> dict[str, Picture]:
        """Return prediction, truth and error."""
        known, valid = vectors(truth, "flow_occ")
        flow = flow_at_truth(outputs["flow"], valid.shape, self.protocol).astype(np.float32)
        shown = np.where(valid[..., None], known, np.float32(np.nan))
        radius = flow_radius(shown)
        error = np.linalg.norm(flow - known, axis=2)
        return {
            "image": image,
            "predicted flow": color_flow(flow, radius),
            "true flow": color_flow(shown, radius),
            "error, red 10 px and more": error_color(error, valid, 10.0),
        }
