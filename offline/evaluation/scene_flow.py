"""Stereo and scene flow against KITTI 2015, as its development kit counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.datasets.samples import Sample
from offline.evaluation.pictures import error_color
from offline.evaluation.task import Outputs, Picture, Record, Task, Truths, plane, vectors
from offline.kitti_files import decode_disparity, decode_flow, encode_disparity, encode_flow
from offline.metrics.hole_filling import fill_disparity, fill_flow
from offline.metrics.scene_flow import (
    SceneFlowCounts,
    SceneFlowMaps,
    conclude_scene_flow,
    count_scene_flow,
    flow_with_holes,
)
from scene_perception.visualization import color_disparity, color_flow, disparity_range, flow_radius

_WORST_PX = 10.0


@dataclass(frozen=True)
class SceneFlowTask(Task[SceneFlowCounts]):
    """Outliers of both disparities, the flow and all three together, pooled over all pixels.

    Attributes:
        pixels: ``occ``, all with ground truth, or ``noc``, those whose match stays in view.
    """

    pixels: str = "occ"

    name = "scene_flow"
    output = "scene_flow"
    ranked_by = "ranked_share"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Truth of the chosen pixels."""
        return (*self._maps, "object_map")

    @property
    def settings(self) -> str:
        """The protocol in words."""
        return (
            f"pixels with ground truth ({self.pixels}), predictions cut off as KITTI's PNGs do and "
            "their holes filled; outlier: error > 3 px and > 5 %; pooled over all images"
        )

    def score(self, sample: Sample, truth: Truths, outputs: Outputs) -> SceneFlowCounts:
        """Return one image's counts."""
        return count_scene_flow(
            _prediction(outputs), self._known(truth), plane(truth, "object_map")
        )

    def rows(self, records: Sequence[Record[SceneFlowCounts]]) -> dict[str, dict[str, float]]:
        """Return each image's figures; ``ranked_share``: the last of D1, D2, Fl and SF there is."""
        rows = {record.name: self.conclude([record]) for record in records}
        for row in rows.values():
            row["ranked_share"] = [v for name, v in row.items() if name.endswith("_all")][-1]
        return rows

    def conclude(self, records: Sequence[Record[SceneFlowCounts]]) -> dict[str, float]:
        """Return the figures of all images."""
        return conclude_scene_flow([record.score for record in records])

    def pictures(
        self, sample: Sample, image: Picture, truth: Truths, outputs: Outputs
    ) -> dict[str, Picture]:
        """Return prediction and error of the first disparity and the flow, as far as they are."""
        prediction, known = _prediction(outputs), self._known(truth)
        pictures = {"image": image}
        if prediction.disparity is not None:
            pictures |= _disparity_pictures(prediction.disparity, plane(truth, self._maps[0]))
        if prediction.flow is not None and known.flow is not None:
            pictures |= _flow_pictures(prediction.flow, known.flow)
        return pictures

    @property
    def _maps(self) -> tuple[str, str, str]:
        return f"disparity_{self.pixels}_0", f"disparity_{self.pixels}_1", f"flow_{self.pixels}"

    def _known(self, truth: Truths) -> SceneFlowMaps:
        first, second, flow = self._maps
        return SceneFlowMaps(
            plane(truth, first), plane(truth, second), flow_with_holes(*vectors(truth, flow))
        )


def _prediction(outputs: Outputs) -> SceneFlowMaps:
    """Return the maps as KITTI's files would keep them; NaN stays a hole."""
    return SceneFlowMaps(
        _disparity(outputs, "disparity"), _disparity(outputs, "next_disparity"), _flow(outputs)
    )


def _disparity(outputs: Outputs, name: str) -> NDArray[Any] | None:
    return decode_disparity(encode_disparity(outputs[name])) if name in outputs else None


def _flow(outputs: Outputs) -> NDArray[Any] | None:
    if "flow" not in outputs:
        return None
    return flow_with_holes(*decode_flow(encode_flow(outputs["flow"])))


def _disparity_pictures(disparity: NDArray[Any], known: NDArray[Any]) -> dict[str, Picture]:
    filled = fill_disparity(disparity).astype(np.float32)
    error = np.abs(filled - known)
    return {
        "predicted disparity": color_disparity(filled, *disparity_range(known)),
        f"disparity error, red {_WORST_PX:g} px and more": error_color(
            error, np.isfinite(known), _WORST_PX
        ),
    }


def _flow_pictures(flow: NDArray[Any], known: NDArray[Any]) -> dict[str, Picture]:
    filled = fill_flow(flow).astype(np.float32)
    error = np.linalg.norm(filled - known, axis=2)
    return {
        "predicted flow": color_flow(filled, flow_radius(known)),
        f"flow error, red {_WORST_PX:g} px and more": error_color(
            error, np.isfinite(error), _WORST_PX
        ),
    }
