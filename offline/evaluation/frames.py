"""The frames that are worth a look: the best and the worst, predicted once more and drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from offline.datasets.samples import Sample
from offline.evaluation.report import Shown
from offline.evaluation.run import Evaluation, Source, load
from offline.evaluation.task import Task


def ranked(evaluation: Evaluation, task: Task[Any]) -> list[int]:
    """Return the indices of the samples from the best to the worst.

    Those whose figure is not defined are left out.
    """
    figures = {
        index: task.values(record.score)[task.ranked_by]
        for index, record in evaluation.records.items()
    }
    defined = [index for index, figure in figures.items() if math.isfinite(figure)]
    return sorted(defined, key=lambda i: (figures[i], i), reverse=task.higher_is_better)


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
    order = ranked(evaluation, task)
    best = order[:count]
    worst = [index for index in reversed(order[-count:] if count else []) if index not in best]
    shown = {
        index: _shown(index, samples[index], source, task, evaluation)
        for index in sorted([*best, *worst])
    }
    return [shown[index] for index in best], [shown[index] for index in worst]


def _shown(
    index: int, sample: Sample, source: Source, task: Task[Any], evaluation: Evaluation
) -> Shown:
    images, truth = load(sample, source, task)
    outputs = source.predict(index, sample, images)
    figure = task.values(evaluation.records[index].score)[task.ranked_by]
    return Shown(
        f"{sample.name}: {task.ranked_by} {figure:.4g}",
        task.pictures(sample, sample.image("current"), truth, outputs),
    )
