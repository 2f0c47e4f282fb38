"""Measure a run's averaged weights as ``offline.evaluate`` would: saved, loaded, on samples."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from offline.datasets.registry import Samples, Selection, read_samples
from offline.evaluation.choice import Overrides, choose_task, protocol_of
from offline.evaluation.depth import DepthTask
from offline.evaluation.run import evaluate, usable
from offline.evaluation.sources import network_source
from offline.evaluation.task import Task
from offline.predictors.base import Predictor
from offline.predictors.load import load_predictor
from offline.sharding import Shard
from offline.training.checkpoint import write_weights
from offline.training.config import TrainConfig
from offline.training.ema import Average
from offline.training.recipe import Recipe

# Each task's figure that decides which weights are best, and how it becomes an error of about
# 0..1: factor and offset.
_DECISIVE: Mapping[str, tuple[str, float, float]] = {
    "depth": ("abs_rel", 1.0, 0.0),
    "semantics": ("miou", -1.0, 1.0),
    "flow": ("epe_occ", 0.1, 0.0),
    "motion": ("miou", -1.0, 1.0),
    "pose": ("direction_median_deg", 1 / 90, 0.0),
    "scene_flow": ("sf_all", 0.01, 0.0),
}
_RUN_AS = {"dsnet": "omeganet"}


def tasks_of(recipe: Recipe, config: TrainConfig) -> Sequence[str]:
    """Return what validation measures; nothing where it is turned off."""
    return (config.validation.tasks or tuple(recipe.tasks)) if config.validation.every else ()


def validate(
    recipe: Recipe,
    average: Average,
    config: TrainConfig,
    *,
    step: int,
    share: Shard,
    device: str,
) -> dict[str, float] | None:
    """Return figures by ``task/figure``, on the first process; None on the others.

    Raises:
        OSError, ValueError: naming samples that cannot be read, or a task that the network cannot
            do.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        write_weights(path, recipe, average, step, config.recipe)
        model = recipe.weights_metadata()["model"]
        model = _RUN_AS.get(model, model)
        predictor = load_predictor(
            model, str(path), height=config.height, width=config.width, device=device
        )
    found: dict[str, float] = {}
    for name in tasks_of(recipe, config):
        figures = _measured(name, model, predictor, config, share)
        found |= {f"{name}/{figure}": value for figure, value in (figures or {}).items()}
    return found if share.is_first else None


def error_of(figures: Mapping[str, float]) -> float:
    """Return one number that is smaller for better weights: the mean over the tasks."""
    errors = [
        factor * figures[f"{task}/{figure}"] + offset
        for task, (figure, factor, offset) in _DECISIVE.items()
        if f"{task}/{figure}" in figures
    ]
    return sum(errors) / len(errors)


def _measured(
    name: str, model: str, predictor: Predictor, config: TrainConfig, share: Shard
) -> dict[str, float] | None:
    task = choose_task(name, protocol_of(name, model), Overrides())
    samples = _samples(task, config)
    task = task.fitted(samples)
    source = network_source(predictor, task.output)
    samples = usable(samples, source)[: config.validation.samples]
    evaluation = evaluate(samples, source, task, share, skip_missing=True)
    return None if evaluation is None else evaluation.conclude(task)


def _samples(task: Task[Any], config: TrainConfig) -> Samples:
    chosen = config.validation
    truth = task.protocol.truth if isinstance(task, DepthTask) else ""
    folder = Path(chosen.folder) if chosen.folder else None
    return read_samples(chosen.dataset, folder, Selection(chosen.split, truth))
