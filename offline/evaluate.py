"""Compare predictions with ground truth, as the published systems do.

``python -m offline.evaluate depth --model sgdepth --weights W.safetensors --data KITTI`` walks over
the Eigen split, prints the table and writes it as JSON, CSV and a page with the best and worst
frames. TASK is one or more of depth, flow, motion, photometric, pose, scene_flow and semantics.

Predictions come from a network (``--model``), from files (``--predictions``) or from a recording
of the live node (``--from-bag``; without TASK, all that it holds and ``--dataset`` knows).
``--protocol`` names the rules: a system's, or one of its variants as in ``sgdepth/improved``.

``torchrun --nproc_per_node=2 -m offline.evaluate ...`` shares the work between processes, or
machines; the figures are the same to the last bit.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from offline.command import run_shared
from offline.datasets.registry import Samples, Selection, read_samples
from offline.evaluation.choice import Overrides, choose_task, dataset_of, protocol_of
from offline.evaluation.depth import DepthTask, sequence_factors
from offline.evaluation.frames import best_and_worst
from offline.evaluation.options import parse
from offline.evaluation.published import measured_on, published_rows
from offline.evaluation.recorded import recorded_source, recorded_tasks
from offline.evaluation.report import Report
from offline.evaluation.run import Evaluation, Source, evaluate, knows, usable
from offline.evaluation.sources import file_source, network_source
from offline.evaluation.task import Task
from offline.predictors.base import Predictor
from offline.predictors.flip import Flipped
from offline.predictors.load import MODELS, load_predictor
from offline.sharding import Shard
from offline.whole_files import require_writable

Sources = Callable[[Task[Any], Samples], tuple[Source, Samples]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate; return 0, or 2 where something cannot be read, compared or written."""
    options = parse(arguments, __doc__)
    return run_shared(lambda share: _evaluate(options, share))


def _evaluate(options: argparse.Namespace, share: Shard) -> int:
    if share.is_first:
        require_writable(options.output)
    sources = _sources(options, share)
    for name in options.tasks or _recorded_tasks(options, share):
        evaluate_task(name, options, sources, share)
    return 0


def _recorded_tasks(options: argparse.Namespace, share: Shard) -> list[str]:
    """Return the tasks that a recording holds and the data set knows; name the others."""
    recorded = recorded_tasks(options.from_bag, options.namespace)
    problems = {name: _problem_with(name, options) for name in recorded}
    found = [name for name, problem in problems.items() if not problem]
    others = "; ".join(problem for problem in problems.values() if problem)
    if not found:
        raise ValueError(
            f"{options.from_bag} must hold predictions that {options.dataset} has ground truth "
            f"for, got {others or 'none'}"
        )
    if others and share.is_first:
        print(f"passed over: {others}", file=sys.stderr)
    return found


def _problem_with(name: str, options: argparse.Namespace) -> str:
    """Say why a task cannot be measured with the chosen rules and data, or nothing."""
    protocol = options.protocol or protocol_of(name, options.model)
    try:
        task = choose_task(name, protocol, _overrides(options))
    except ValueError as error:
        return f"{name} ({error})"
    samples = _samples(task, options.dataset, options)
    if knows(samples, task.fitted(samples)):
        return ""
    return f"{name} ({options.dataset} has no {', '.join(task.kinds)})"


def evaluate_task(name: str, options: argparse.Namespace, sources: Sources, share: Shard) -> None:
    """Evaluate one task; the first process prints and writes what came of it.

    Raises:
        OSError: if the report cannot be written.
        ValueError: if samples cannot be read, or predictions not be compared with them.
    """
    protocol = options.protocol or protocol_of(name, options.model)
    task = choose_task(name, protocol, _overrides(options))
    dataset = options.dataset or dataset_of(name, protocol, recorded=options.from_bag is not None)
    samples = _samples(task, dataset, options)
    task = task.fitted(samples)
    source, samples = sources(task, samples)
    samples = usable(samples, source)[: options.limit]
    if isinstance(task, DepthTask) and task.protocol.scaling == "sequence":
        task = _scaled_by_sequence(task, samples, source, options, share)
    evaluation = _walk(task, samples, source, options, share)
    if evaluation is None:
        return
    report = _report(task, source, samples, evaluation, options, protocol, dataset)
    print(f"\n{report.table()}\n{_count(samples, evaluation)}")
    for path in report.write(options.output):
        print(f"written: {path}")


def _samples(task: Task[Any], dataset: str, options: argparse.Namespace) -> Samples:
    truth = task.protocol.truth if isinstance(task, DepthTask) else ""
    return read_samples(dataset, options.data, Selection(options.split, truth))


def _walk(
    task: Task[Any], samples: Samples, source: Source, options: argparse.Namespace, share: Shard
) -> Evaluation | None:
    return evaluate(
        samples,
        source,
        task,
        share,
        skip_missing=options.skip_missing,
        workers=options.workers,
    )


def _scaled_by_sequence(
    task: DepthTask, samples: Samples, source: Source, options: argparse.Namespace, share: Shard
) -> DepthTask:
    """Walk once over all images for the factor of each sequence; every process learns them."""
    first = DepthTask(replace(task.protocol, scaling="median"))
    found = _walk(first, samples, source, options, share)
    factors = None if found is None else sequence_factors(list(found.records.values()))
    return DepthTask(task.protocol, share.told(factors))


def _report(
    task: Task[Any],
    source: Source,
    samples: Samples,
    evaluation: Evaluation,
    options: argparse.Namespace,
    protocol: str,
    dataset: str,
) -> Report:
    figures = evaluation.conclude(task)
    best, worst = best_and_worst(samples, source, task, evaluation, options.pictures)
    return Report(
        task=task.name,
        model=source.name,
        settings={
            "protocol": f"{protocol}: {task.settings}",
            "data": f"{dataset} {options.split}".strip(),
            "folder": str(options.data or "-"),
            "weights": _weights(options),
            "flip averaging": "yes" if options.flip else "no",
            "samples": _count(samples, evaluation),
        },
        figures=figures,
        frames=task.rows(list(evaluation.records.values())),
        published=published_rows(
            task.name, options.model, measured_on(dataset, options.split, protocol)
        ),
        skipped=list(evaluation.skipped.values()),
        overview=task.overview(list(evaluation.records.values())),
        best=best,
        worst=worst,
    )


def _weights(options: argparse.Namespace) -> str:
    """Say which weights made the predictions."""
    if options.predictions is not None or options.from_bag is not None:
        return "-"
    if not MODELS[options.model].models:
        return "-"
    return options.weights or ("random" if options.random_weights else "the package's own")


def _count(samples: Samples, evaluation: Evaluation) -> str:
    skipped = f", {len(evaluation.skipped)} skipped" if evaluation.skipped else ""
    return f"{len(evaluation.records)} of {len(samples)} samples scored{skipped}"


def _sources(options: argparse.Namespace, share: Shard) -> Sources:
    """Return what makes the source of a task's predictions; a network is loaded once."""
    if options.from_bag is not None:
        return lambda task, samples: recorded_source(
            options.from_bag, task.output, samples, options.namespace
        )
    if options.predictions is not None:
        return lambda task, samples: (
            file_source(options.predictions, task.output, samples, inverse=options.inverse_depth),
            samples,
        )
    predictor = _predictor(options)
    if options.random_weights and share.is_first:
        print("RANDOM WEIGHTS: the figures are meaningless", file=sys.stderr)
    return lambda task, samples: (network_source(predictor, task.output), samples)


def _predictor(options: argparse.Namespace) -> Predictor:
    predictor = load_predictor(
        options.model,
        options.weights,
        random_weights=options.random_weights,
        height=options.height,
        width=options.width,
        device=options.device,
    )
    return Flipped(predictor) if options.flip else predictor


def _overrides(options: argparse.Namespace) -> Overrides:
    return Overrides(
        truth=options.truth,
        crop=options.crop,
        scaling=options.scaling,
        factor=options.factor,
        min_depth=options.min_depth,
        max_depth=options.max_depth,
        threshold=options.threshold,
    )


if __name__ == "__main__":
    sys.exit(main())
