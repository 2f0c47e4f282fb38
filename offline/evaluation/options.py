"""The options of ``python -m offline.evaluate``, and which of them go together."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from offline.datasets.registry import DATASETS
from offline.evaluation.choice import TASKS
from offline.in_order import add_workers_option
from offline.metrics.depth_crops import CROPS
from offline.metrics.depth_protocol import SCALINGS, TRUTHS
from offline.predictors.load import MODELS
from scene_perception.checkpoints.shipped import shipped_weights

_MODEL = "network; for files and recordings, whose rules and published rows are taken"


def parse(arguments: Sequence[str] | None, description: str | None) -> argparse.Namespace:
    """Return the options; those that do not go together end the command with what is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m offline.evaluate",
        description=description,
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
    if not options.tasks and not options.dataset:
        return (
            "--dataset must be given where TASK is not: the drive that was replayed, such as "
            "kitti_odometry or kitti_drive"
        )
    given = [options.predictions is not None, options.from_bag is not None]
    named = bool(options.weights) or options.random_weights
    given.append(named or (not any(given) and _complete(options.model)))
    if sum(given) != 1:
        return (
            "predictions must come from one of --weights W (or --random-weights), --predictions "
            "PATH and --from-bag BAG"
        )
    if given[-1] and not options.model:
        return f"--model must be given with weights, one of {', '.join(MODELS)}"
    if options.flip and not given[-1]:
        return "--flip must go with --weights: files and recordings are scored as they are"
    if options.inverse_depth and not given[0]:
        return "--inverse-depth must go with --predictions: it says what their .npy files hold"
    if options.limit is not None and options.limit < 1:
        return f"--limit must be at least 1, got {options.limit}"
    if options.pictures < 0:
        return f"--pictures must be at least 0, got {options.pictures}"
    return ""


def _complete(model: str) -> bool:
    """Return whether a model predicts without weights being named."""
    return model in MODELS and (not MODELS[model].models or shipped_weights(model) is not None)


def _add_predictions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("predictions")
    group.add_argument("--model", default="", choices=("", *MODELS), help=_MODEL)
    group.add_argument(
        "--weights", default="", help="weights (.safetensors); default: the package's own"
    )
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
