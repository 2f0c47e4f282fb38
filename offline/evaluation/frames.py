"""The frames that are worth a look: the best and the worst, predicted once more and drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from offline.datasets.samples import Sample
from offline.evaluation.report import Shown
from offline.evaluation.run import Evaluation, Source, load
from offline.evaluation.task import Picture, Task, Truths


def ranked(evaluation: Evaluation, task: Task[Any]) -> dict[int, float]:
    """Return index -> figure of the samples from the best to the worst.

    Those whose figure is not defined are left out.
    """
    if not task.ranked_by:
        return {}
    rows = task.rows(list(evaluation.records.values()))
    figures = {
        index: rows[record.name][task.ranked_by] for index, record in evaluation.records.items()
    }
    defined = [index for index, figure in figures.items() if math.isfinite(figure)]
    order = sorted(defined, key=lambda i: figures[i], reverse=task.higher_is_better)
    return {index: figures[index] for index in order}


def best_and_worst(
    samples: Sequence[Sample],
    source: Source,
    task: Task[Any],
    evaluation: Evaluation,
    count: int,
) -> tuple[list[Shown], list[Shown]]:
    """Return at most ``count`` frames of either kind; no frame is both.

    Args:
        samples: of the whole data set.
        source: of predictions.
        task: what was measured.
        evaluation: of the samples.
        count: of frames on either side; 0 draws nothing.
    """
    figures = ranked(evaluation, task) if count else {}
    order = list(figures)
    best = order[:count]
    worst = [index for index in reversed(order[-count:]) if index not in best]
    shown = {
        index: Shown(
            f"{samples[index].name}: {task.ranked_by} {figures[index]:.4g}",
            _pictures(index, samples[index], source, task),
        )
        for index in sorted([*best, *worst])
    }
    return [shown[index] for index in best], [shown[index] for index in worst]


def _pictures(index: int, sample: Sample, source: Source, task: Task[Any]) -> dict[str, Picture]:
    images, truth = load(sample, source, task)
    outputs = source.predict(index, sample, images)
    return task.pictures(sample, _image(sample, truth), truth, outputs)


def _image(sample: Sample, truth: Truths) -> Picture:
    """Return the sample's image, gray where a data set has truth alone."""
    if "current" in sample.pictures:
        return sample.image("current")
    first = next(iter(truth.values()))
    height, width = (first[0] if isinstance(first, tuple) else first).shape[:2]
    return np.full((height, width, 3), 128, np.uint8)
