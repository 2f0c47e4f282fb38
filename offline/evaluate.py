"""Compare predictions with ground truth, as the published systems do.

``python -m offline.evaluate depth --model sgdepth --weights W.safetensors --data KITTI`` walks over
the Eigen split, prints the table and writes it as JSON, CSV and a page with the best and worst
frames. TASK is one or more of depth, flow, motion, pose, scene_flow and semantics.

Predictions come from a network (``--model``), from files (``--predictions``) or from a recording
of the live node (``--from-bag``; without TASK, all that it holds). ``--protocol`` names the
rules: a system's, or one of its variants as in ``sgdepth/improved``.

``torchrun --nproc_per_node=2 -m offline.evaluate ...`` shares the work between processes, or
machines; the figures are the same to the last bit.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from offline.datasets.registry import DATASETS, Samples, Selection, read_samples
from offline.evaluation.choice import (
    TASKS,
    Overrides,
    choose_task,
    dataset_of,
    protocol_of,
)
from offline.evaluation.depth import DepthTask, sequence_factors
from offline.evaluation.frames import best_and_worst
from offline.evaluation.published import published_rows
from offline.evaluation.recorded import recorded_source, recorded_tasks
from offline.evaluation.report import Report
from offline.evaluation.run import Evaluation, Source, evaluate, usable
from offline.evaluation.sources import file_source, network_source
from offline.evaluation.task import Task
from offline.in_order import add_workers_option, one_thread_each
from offline.metrics.depth_crops import CROPS
from offline.metrics.depth_protocol import SCALINGS, TRUTHS
from offline.predictors.base import Predictor
from offline.predictors.flip import Flipped
from offline.predictors.load import MODELS, load_predictor
from offline.sharding import Shard, joined, shard

Sources = Callable[[Task[Any], Samples], tuple[Source, Samples]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate; return 0, or 2 where something cannot be read, compared or written."""
    options = _parse(arguments)
    try:
        share = shard()
        with joined(share), one_thread_each():
            sources = _sources(options, share)
            for name in options.tasks or recorded_tasks(options.from_bag, options.namespace):
                evaluate_task(name, options, sources, share)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def evaluate_task(name: str, options: argparse.Namespace, sources: Sources, share: Shard) -> None:
    """Evaluate one task; the first process prints and writes what came of it.

    Raises:
        OSError: if the report cannot be written.
        ValueError: if samples cannot be read, or predictions not be compared with them.
    """
    protocol = options.protocol or protocol_of(name, options.model)
    task = choose_task(name, protocol, _overrides(options))
    dataset = options.dataset or dataset_of(name, protocol)
    truth = task.protocol.truth if isinstance(task, DepthTask) else ""
    samples = read_samples(dataset, options.data, Selection(options.split, truth))
    task = task.fitted(samples)
    source, samples = sources(task, samples[: options.limit])
    samples = usable(samples, source)
    if isinstance(task, DepthTask) and task.protocol.scaling == "sequence":
        task = _scaled_by_sequence(task, samples, source, options, share)
    evaluation = _walk(task, samples, source, options, share)
    if evaluation is None:
        return
    report = _report(task, source, samples, evaluation, options, protocol, dataset)
    print(f"\n{report.table()}\n{_count(samples, evaluation)}")
    for path in report.write(options.output):
        print(f"written: {path}")


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
            "data": f"{dataset} {options.split} {options.data or ''}".strip(),
            "weights": options.weights or ("random" if options.random_weights else "-"),
            "flip averaging": "yes" if options.flip else "no",
            "samples": _count(samples, evaluation),
        },
        figures=figures,
        frames=task.rows(list(evaluation.records.values())),
        published=published_rows(task.name, options.model),
        skipped=evaluation.skipped,
        overview=task.overview(list(evaluation.records.values())),
        best=best,
        worst=worst,
    )


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


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"of {', '.join(TASKS)}")
    _add_predictions(parser)
    _add_data(parser)
    _add_rules(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--output", type=Path, default=Path("results"), help="folder (results)")
    add_workers_option(parser)
    output.add_argument(
        "--pictures", type=int, default=10, help="best and worst frames to draw, each (default 10)"
    )
    options = parser.parse_args(arguments)
    problem = _problem(options)
    if problem:
        parser.error(problem)
    return options


def _problem(options: argparse.Namespace) -> str:
    """Say what is wrong with a combination of options, or return an empty string."""
    unknown = [name for name in options.tasks if name not in TASKS]
    if unknown:
        return f"TASK must be one of {', '.join(TASKS)}, got {', '.join(unknown)}"
    if not options.tasks and options.from_bag is None:
        return f"TASK must be given, one or more of {', '.join(TASKS)}"
    given = [options.predictions is not None, options.from_bag is not None]
    given.append(bool(options.weights) or options.random_weights)
    if sum(given) != 1:
        return (
            "predictions must come from one of --weights W (or --random-weights), --predictions "
            "PATH and --from-bag BAG"
        )
    if given[-1] and not options.model:
        return f"--model must be given with weights, one of {', '.join(MODELS)}"
    if options.limit is not None and options.limit < 1:
        return f"--limit must be at least 1, got {options.limit}"
    if options.pictures < 0:
        return f"--pictures must be at least 0, got {options.pictures}"
    return ""


def _add_predictions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("predictions")
    group.add_argument("--model", default="", choices=("", *MODELS), help="network")
    group.add_argument("--weights", default="", help="weights (.safetensors)")
    group.add_argument(
        "--random-weights", action="store_true", help="see it run; figures are meaningless"
    )
    group.add_argument("--height", type=int, help="network input, px (default as published)")
    group.add_argument("--width", type=int, help="network input, px (default as published)")
    group.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    group.add_argument("--flip", action="store_true", help="average with the mirrored image")
    group.add_argument(
        "--predictions",
        type=Path,
        help="folder of files called as the samples (KITTI's PNGs, .npy), or one .npy of depth",
    )
    group.add_argument(
        "--inverse-depth", action="store_true", help=".npy predictions are inverse depth"
    )
    group.add_argument("--from-bag", type=Path, metavar="BAG", help="recording of a node's outputs")
    group.add_argument("--namespace", default="", help="of the recorded node")


def _add_data(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("ground truth")
    group.add_argument("--data", type=Path, help="folder of the data set")
    names = "; ".join(f"{name}: {dataset.description}" for name, dataset in DATASETS.items())
    group.add_argument("--dataset", default="", choices=("", *DATASETS), help=names)
    group.add_argument("--split", default="", help="name, or path of a list of frames")
    group.add_argument("--limit", type=int, help="samples at most")
    group.add_argument("--skip-missing", action="store_true", help="pass over what cannot be read")


def _add_rules(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("rules")
    group.add_argument("--protocol", default="", help="default: that of the model")
    group.add_argument("--truth", choices=TRUTHS, help="of depth, instead of the protocol's")
    group.add_argument("--crop", choices=CROPS, help="of depth, instead of the protocol's")
    group.add_argument("--scaling", choices=SCALINGS, help="of depth, instead of the protocol's")
    group.add_argument("--factor", type=float, help="metres per unit, for --scaling fixed")
    group.add_argument("--min-depth", type=float, help="m, instead of the protocol's")
    group.add_argument("--max-depth", type=float, help="m, instead of the protocol's")
    group.add_argument("--threshold", type=float, default=0.5, help="motion probability (0.5)")


if __name__ == "__main__":
    sys.exit(main())
