"""Camera motion against a drive's poses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from offline.datasets.samples import Sample
from offline.evaluation.task import Outputs, Picture, Record, Task, Truths, plane
from offline.evaluation.trajectory_picture import draw_trajectories
from offline.metrics.alignment import aligned
from offline.metrics.steps import step_errors
from offline.metrics.trajectory import TrajectoryProtocol, chained_poses, score_trajectory

Transform = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Step:
    """One frame's truth and the predicted motion to the next.

    Attributes:
        world_from_camera: truth, m. # (4, 4)
        next_from_current: prediction, any unit. # (4, 4)
    """

    world_from_camera: Transform
    next_from_current: Transform


@dataclass(frozen=True)
class PoseTask(Task[Step]):
    """Errors of windows, of the whole trajectory, over 100 to 800 m, and of single steps.

    Attributes:
        protocol: windows and alignment.
    """

    protocol: TrajectoryProtocol = field(default_factory=TrajectoryProtocol)

    name = "pose"
    output = "pose"
    kinds = ("world_from_camera",)
    ranked_by = ""
    whole = True

    @property
    def settings(self) -> str:
        """The protocol in words."""
        return self.protocol.words()

    def score(self, sample: Sample, truth: Truths, outputs: Outputs) -> Step:
        """Return what is known and predicted of one frame."""
        return Step(plane(truth, "world_from_camera"), outputs["next_from_current"])

    def rows(self, records: Sequence[Record[Step]]) -> dict[str, dict[str, float]]:
        """Return the errors of each step but the last frame's, whose next pose is not known."""
        rotation, direction = step_errors(*_motion(records))
        return {
            record.name: {"rotation_deg": float(rotated), "direction_deg": float(directed)}
            for record, rotated, directed in zip(records, rotation, direction, strict=False)
        }

    def conclude(self, records: Sequence[Record[Step]]) -> dict[str, float]:
        """Return the errors of the drive.

        Raises:
            ValueError: for the frames of more than one drive, or too few of one.
        """
        drives = sorted({record.sequence for record in records})
        if len(drives) > 1:
            raise ValueError(f"pose must be evaluated on one drive, got {', '.join(drives[:5])}")
        steps, truth = _motion(records)
        rotation, direction = step_errors(steps, truth)
        return {
            **score_trajectory(steps, truth, self.protocol),
            "rotation_median_deg": float(np.median(rotation)),
            "direction_median_deg": float(np.nanmedian(direction)),
        }

    def pictures(
        self, sample: Sample, image: Picture, truth: Truths, outputs: Outputs
    ) -> dict[str, Picture]:
        """Return nothing: what a camera's motion is like is seen in ``overview``."""
        return {}

    def overview(self, records: Sequence[Record[Step]]) -> dict[str, Picture]:
        """Return both trajectories, seen from above."""
        steps, truth = _motion(records)
        poses = aligned(chained_poses(steps[: len(truth) - 1]), truth, self.protocol.alignment)
        return {"trajectory": draw_trajectories(truth[:, :3, 3], poses[:, :3, 3])}


def _motion(records: Sequence[Record[Step]]) -> tuple[Transform, Transform]:
    """Return the predicted steps and the true poses of all records. # (N, 4, 4), (N, 4, 4)."""
    steps = np.stack([record.score.next_from_current for record in records])
    return steps, np.stack([record.score.world_from_camera for record in records])
