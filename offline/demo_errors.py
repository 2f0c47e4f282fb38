"""What a node said about the generated drive, held against what is true of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from offline.datasets.samples import Sample
from offline.evaluation.choice import Overrides, choose_task, protocol_of
from offline.evaluation.recorded import RECORDED, recorded_source, recorded_tasks
from offline.evaluation.run import evaluate
from offline.sharding import Shard

Figures = Mapping[str, float]

_FRAMES = 8  # whose truth is rendered, where it must be
_LEAST_STEPS = 5  # of a window of the trajectory
_TRAJECTORY = "pose"  # is measured on every frame: its truth is not rendered
# Task -> the figures that are told, with their unit.
_TOLD: Mapping[str, Mapping[str, str]] = {
    "depth": {"abs_rel": "", "a1": ""},
    "semantics": {"miou": "", "pixel_accuracy": ""},
    "flow": {"epe_occ": " px", "fl_all_occ": " %"},
    "motion": {"iou_moving": ""},
    "pose": {"direction_median_deg": " deg", "rotation_median_deg": " deg"},
    "scene_flow": {"d1_all": " %"},
}


def drive_errors(
    recording: Path, samples: Sequence[Sample], *, metric: bool
) -> dict[str, dict[str, float]]:
    """Return the figures of every task that a recording holds.

    Args:
        recording: of a node's outputs.
        samples: of the drive that was replayed.
        metric: whether depth is in metres; else each frame's scale is fitted.

    Raises:
        BagError, ValueError: if the recording cannot be read, or is of another drive.
    """
    held = recorded_tasks(recording)
    found = {task: _figures(task, recording, samples, metric=metric) for task in RECORDED
             if task in held}  # fmt: skip
    return {task: figures for task, figures in found.items() if figures}


def told(errors: Mapping[str, Figures]) -> list[str]:
    """Return a line for each task: its most telling figures."""
    return [
        f"{task}: "
        + ", ".join(f"{name} {_number(errors[task], name)}{unit}" for name, unit in names.items())
        for task, names in _TOLD.items()
        if task in errors
    ]


def _figures(
    name: str, recording: Path, samples: Sequence[Sample], *, metric: bool
) -> dict[str, float]:
    scaling = "none" if name == "depth" and metric else None
    task = choose_task(name, protocol_of(name, ""), Overrides(scaling=scaling)).fitted(samples)
    source, described = recorded_source(recording, task.output, samples)
    if name == _TRAJECTORY and len(described) < _LEAST_STEPS:
        return {}
    chosen = described if name == _TRAJECTORY else _spread(described)
    evaluation = evaluate(chosen, source, task, Shard())
    return {} if evaluation is None else evaluation.conclude(task)


def _spread(samples: Sequence[Sample]) -> list[Sample]:
    """Return some samples, evenly spread over all."""
    count = min(_FRAMES, len(samples))
    places = np.linspace(0, len(samples) - 1, count).round().astype(int)
    return [samples[place] for place in dict.fromkeys(places.tolist())]


def _number(figures: Figures, name: str) -> str:
    value = figures.get(name, math.nan)
    return "not defined" if math.isnan(value) else f"{value:.3g}"
