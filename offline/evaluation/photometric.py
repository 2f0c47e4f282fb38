"""How well flow explains the next image: no truth is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from offline.datasets.samples import Sample
from offline.evaluation.task import Outputs, Picture, Record, Task, Truths
from offline.losses.occlusion import ends
from offline.losses.photometric import photometric_error
from offline.losses.view_synthesis import sample as sampled
from offline.metrics.flow import FlowProtocol, flow_at_truth
from scene_perception.visualization import color_flow


@dataclass(frozen=True)
class Explained:
    """Mean errors of one image, 0..1.

    Attributes:
        warped: of the next image, seen through the flow.
        unmoved: of the next image as it is: what no flow gives.
    """

    warped: float
    unmoved: float


@dataclass(frozen=True)
class PhotometricTask(Task[Explained]):
    """0.85 of the structural dissimilarity and 0.15 of the difference of colours, all pixels.

    Beyond the image its border is repeated, as in ``offline.adapt``.

    Attributes:
        protocol: how flow is brought to the images' size.
    """

    protocol: FlowProtocol

    name = "photometric"
    output = "flow"
    kinds = ()
    ranked_by = "photometric"

    @property
    def settings(self) -> str:
        """The protocol in words."""
        return "0.85 (1 - SSIM) / 2 + 0.15 |difference| of the next image seen through the flow"

    def score(self, sample: Sample, truth: Truths, outputs: Outputs) -> Explained:
        """Return the errors of one image."""
        current, following = (_tensor(sample.image(role)) for role in ("current", "next"))
        flow = flow_at_truth(outputs["flow"], current.shape[2:], self.protocol)
        moved = sampled(following, ends(torch.from_numpy(flow).movedim(2, 0)[None]))
        errors = (photometric_error(image, current).mean() for image in (moved, following))
        return Explained(*map(float, errors))

    def rows(self, records: Sequence[Record[Explained]]) -> dict[str, dict[str, float]]:
        """Return each image's figures."""
        return {record.name: self.conclude([record]) for record in records}

    def conclude(self, records: Sequence[Record[Explained]]) -> dict[str, float]:
        """Return the means over the images."""
        return {
            "photometric": float(np.mean([record.score.warped for record in records])),
            "photometric_unmoved": float(np.mean([record.score.unmoved for record in records])),
        }

    def pictures(
        self, sample: Sample, image: Picture, truth: Truths, outputs: Outputs
    ) -> dict[str, Picture]:
        """Return the image and the predicted flow."""
        flow = flow_at_truth(outputs["flow"], image.shape, self.protocol).astype(np.float32)
        return {"image": image, "predicted flow": color_flow(flow)}


def _tensor(image: NDArray[np.uint8]) -> torch.Tensor:
    """Return an image, 0..1. # (H, W, 3) -> (1, 3, H, W)."""
    return torch.from_numpy(image).movedim(2, 0)[None].float() / 255
