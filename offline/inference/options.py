"""The options of ``offline.infer``, and what users of the published scripts call them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from offline.datasets.kitti_2015_files import SPLITS
from offline.in_order import add_workers_option, positive
from offline.predictors.load import MODELS
from scene_perception.pipelines.config import OutputConfig

FORMATS = ("color", "npy", "kitti", "bag")
TASK_NAMES = {
    **{task: task for task in ("depth", "semantics", "flow", "motion", "pose", "scene_flow")},
    "inverse_depth": "depth",
    "semantic": "semantics",
    "motion_mask": "motion",
    "mask": "motion",
}


@dataclass(frozen=True)
class Scripts:
    """A model's published scripts.

    Attributes:
        files: their names.
        gives: what the model tells, for ``--help``.
        options: our option -> what they call it.
        formats: what is written where nothing is asked for.
    """

    files: str
    gives: str
    options: Mapping[str, tuple[str, ...]]
    formats: tuple[str, ...] = ("color",)


SCRIPTS: Mapping[str, Scripts] = {
    "omeganet": Scripts(
        "single_inference.py and test.py",
        "depth and semantics of each frame; flow, moving objects and motion of the camera",
        {
            "--weights": ("--ckpt",),
            "--output": ("--dest",),
            "--input": ("--datapath",),
            "--list": ("--filenames_file",),
            "--threshold": ("--tau",),
        },
    ),
    "dwarf": Scripts(
        "run_test.py",
        "disparity now and at t+1 and flow of KITTI 2015 scene flow, or of two cameras' images",
        {"--cpu": ("--cuda-off",)},
        ("kitti",),
    ),
    "sgdepth": Scripts(
        "inference.py",
        "depth and semantics of each frame; motion of the camera",
        {
            "--weights": ("--model-path",),
            "--input": ("--image-path",),
            "--output": ("--output-path",),
            "--height": ("--inference-resize-height",),
            "--width": ("--inference-resize-width",),
            "--cpu": ("--sys-cpu",),
        },
    ),
    "insta_dm": Scripts(
        "kitti_eval/save_depth.py",
        "depth of each frame; motion of the camera",
        {
            "--weights": ("--pretrained-dispnet",),
            "--input": ("--dataset-dir",),
            "--list": ("--dataset-list",),
            "--output": ("--output-dir",),
            "--height": ("--img-height",),
            "--width": ("--img-width",),
        },
    ),
}


def add_options(parser: argparse.ArgumentParser, model: str) -> None:
    """Add everything that a model takes."""
    also = SCRIPTS[model].options

    def add(name: str, help: str = "", **more: object) -> None:
        parser.add_argument(name, *also.get(name, ()), help=help, **more)  # type: ignore[arg-type]

    _add_input(add)
    _add_network(add, model)
    _add_output(add, model)
    add_workers_option(parser)
    parser.set_defaults(fit="auto", flip=False, scale=None, tasks=None)
    if model == "omeganet":
        _add_omeganet(parser)
    if model == "dwarf":
        _add_dwarf(parser)


Add = Callable[..., None]


def _add_input(add: Add) -> None:
    add(
        "--input",
        "an image, several in the order of time, a folder of images, a video, or a bag",
        type=Path,
        nargs="+",
        metavar="X",
    )
    add(
        "--list",
        "a text file with images in the folder --input: a line is one, or the previous, current "
        "and next one",
        type=Path,
        metavar="FILE",
    )
    add("--topic", "image topic of a bag (default: its first)", default="")
    add("--fps", "frames per second of images (default 10)", type=_positive, default=10.0)
    add("--calibration", "camera_calibration YAML file of images", type=Path)
    add("--limit", "frames at most", type=positive)
    add("--skip-missing", "pass over what cannot be read", action="store_true")


def _add_network(add: Add, model: str) -> None:
    entry = MODELS[model]
    add("--weights", "weights (.safetensors); default: the package's own", default="")
    add("--random-weights", "see it run; outputs are meaningless", action="store_true")
    add("--height", f"network input (default {entry.height})", type=int, default=entry.height)
    add("--width", f"network input (default {entry.width})", type=int, default=entry.width)
    add("--device", "where the network runs", default="auto", choices=("auto", "cpu", "cuda"))
    add("--cpu", "as --device cpu", dest="device", action="store_const", const="cpu")
    if model != "dwarf":
        add("--flip", "average depth and logits with the mirrored image's", action="store_true")


def _add_output(add: Add, model: str) -> None:
    ranges = OutputConfig()
    formats = SCRIPTS[model].formats
    add("--output", "folder to write to", type=Path, required=True, metavar="DIR")
    add(
        "--formats",
        f"of the outputs (default {' '.join(formats)})",
        nargs="+",
        choices=FORMATS if model != "dwarf" else FORMATS[:-1],
        default=formats,
    )
    add("--color", "also write pictures under color/", action="store_true")
    if model == "dwarf":
        return
    add(
        "--tasks",
        "what to infer (default: all that model and input allow)",
        nargs="+",
        choices=tuple(TASK_NAMES),
        metavar="TASK",
    )
    add("--scale", "metres per unit of depth (default: depth is relative)", type=_positive)
    add("--min-depth", "smaller depth is invalid", type=float, default=ranges.min_depth)
    add("--max-depth", "larger depth is invalid", type=float, default=ranges.max_depth)
    add("--threshold", "motion probability of what moves", type=float, default=0.5)
    add(
        "--resolution",
        "of the outputs: the image's (default) or the network's",
        choices=("camera", "network"),
        default="camera",
    )
    add("--label-ids", "KITTI's label PNGs hold ids, not train ids", action="store_true")


def _add_omeganet(parser: argparse.ArgumentParser) -> None:
    for option, role in (("--tgt", "current"), ("--src1", "previous"), ("--src2", "next")):
        parser.add_argument(
            option, dest=role, type=Path, metavar="IMAGE", help=f"{role} image, instead of --input"
        )
    parser.add_argument(
        "--load_only_baseline", action="store_true", help="depth and semantics alone"
    )


def _add_dwarf(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="KITTI 2015 scene flow, or one split's folder")
    parser.add_argument("--split", default="training", choices=SPLITS)
    for name in ("left", "right", "next-left", "next-right"):
        parser.add_argument(f"--{name}", type=Path, metavar="IMAGE", help="instead of --data")
    parser.add_argument(
        "--right-input",
        type=Path,
        nargs="+",
        metavar="X",
        help="the right camera's images or video beside --input, as many as that has",
    )
    parser.add_argument(
        "--right-topic",
        default="",
        help="of a bag (default: --topic with right for left)",
    )
    parser.add_argument(
        "--fit",
        default="auto",
        choices=("auto", "pad", "resize"),
        help="pad by reflection as published, or resize; auto pads what fits (default)",
    )


def epilogue(model: str) -> str:
    """Say which names of the published scripts are taken."""
    scripts = SCRIPTS[model]
    pairs = [f"{' '.join(theirs)} is {ours}" for ours, theirs in scripts.options.items()]
    if model == "omeganet":
        names = {name: ours for name, ours in TASK_NAMES.items() if name != ours}
        pairs += [f"--tasks {name} is {ours}" for name, ours in names.items()]
    return f"Options of the published {scripts.files} are taken, too: {'; '.join(pairs)}."


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"must be > 0, got {text}")
    return value
