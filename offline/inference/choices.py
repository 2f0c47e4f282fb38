"""From the options of ``offline.infer`` to what it works with."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from offline.datasets.kitti_scene_flow import read_kitti_scene_flow
from offline.inference.bag_file import Recording
from offline.inference.estimates import Settings
from offline.inference.files import Arrays, KittiFiles, Pictures, Trajectory, Writer
from offline.inference.image_sources import (
    files_of,
    image_sequence,
    listed_images,
    scene_pairs,
    single_moment,
    stereo_sequence,
)
from offline.inference.moments import Source
from offline.inference.options import TASK_NAMES
from offline.inference.stereo_streams import stereo_topics, stereo_videos
from offline.inference.stream_sources import ImageTopic, VideoFile
from offline.kitti_files import file_name
from offline.predictors.base import Predictor
from offline.sharding import Shard
from scene_perception.pipelines.config import MotionConfig, OutputConfig, ScaleConfig
from scene_perception.recordings.bags import is_bag
from scene_perception.recordings.image_folder import FORMATS, read_calibration
from scene_perception.settings import check

_FOUR = {
    "left": "current",
    "right": "right",
    "next_left": "next",
    "next_right": "next_right",
}


def open_source(options: Namespace) -> Source:
    """Return what the options name as input.

    Raises:
        ValueError: for inputs that are missing, of no known kind, or contradict each other.
    """
    if options.model == "dwarf":
        return _stereo(options)
    single = {} if options.model != "omeganet" else _given(options, "previous", "current", "next")
    if bool(single) == bool(options.input) or (single and "current" not in single):
        either = "--input or --tgt" if options.model == "omeganet" else "--input"
        raise ValueError(f"give {either} for the images, {'both' if options.input else 'none'} is")
    if single:
        return single_moment(single)
    if options.list is not None:
        return listed_images(options.list, options.input[0])
    return _mono(options)


def _mono(options: Namespace) -> Source:
    paths: list[Path] = options.input
    if len(paths) == 1 and is_bag(paths[0]):
        return ImageTopic(paths[0], options.topic)
    if _is_video(paths):
        return VideoFile(paths[0])
    intrinsics = read_calibration(options.calibration) if options.calibration else None
    return image_sequence(files_of(paths), fps=options.fps, intrinsics=intrinsics)


def _stereo(options: Namespace) -> Source:
    four = _given(options, *_FOUR)
    ways = [options.data is not None, bool(four), options.input is not None]
    if ways == [True, False, False]:
        return scene_pairs(read_kitti_scene_flow(options.data, options.split))
    if ways == [False, True, False] and len(four) == len(_FOUR):
        files = {_FOUR[name]: path for name, path in four.items()}
        return single_moment(files, file_name(0).removesuffix(".png"))
    if ways == [False, False, True] and is_bag(options.input[0]):
        return stereo_topics(options.input[0], options.topic, options.right_topic)
    if ways == [False, False, True] and options.right_input:
        return _two_cameras(options)
    raise ValueError(
        "images must be either --data FOLDER or all of --left, --right, --next-left and "
        "--next-right, or --input BAG, or --input and --right-input"
    )


def _two_cameras(options: Namespace) -> Source:
    sides: list[list[Path]] = [options.input, options.right_input]
    if all(_is_video(paths) for paths in sides):
        return stereo_videos(sides[0][0], sides[1][0])
    left, right = (files_of(paths) for paths in sides)
    return stereo_sequence(left, right, fps=options.fps)


def _is_video(paths: Sequence[Path]) -> bool:
    only = len(paths) == 1 and not paths[0].is_dir()
    return only and paths[0].suffix.lower() not in FORMATS


def _given(options: Namespace, *names: str) -> dict[str, Path]:
    found = {name: getattr(options, name) for name in names}
    return {name: path for name, path in found.items() if path is not None}


def tasks_of(options: Namespace, predictor: Predictor, source: Source) -> list[str]:
    """Return the tasks that are asked for, or all that model and input allow.

    Raises:
        ValueError: for a task that the model, its weights or the input cannot serve.
    """
    asked = options.tasks
    if asked is None:
        possible = predictor.roles
        if getattr(options, "load_only_baseline", False):
            possible = {task: possible[task] for task in ("depth", "semantics")}
        allowed = [task for task, roles in possible.items() if set(roles) <= set(source.roles)]
        if allowed:
            return allowed
        asked = list(possible)
    for task in dict.fromkeys(TASK_NAMES[name] for name in asked):
        if task not in predictor.roles:
            raise ValueError(
                f"tasks of {predictor.model} with these weights are "
                f"{', '.join(predictor.roles)}, got {task}"
            )
        if not set(predictor.roles[task]) <= set(source.roles):
            raise ValueError(
                f"{task} needs the images {', '.join(predictor.roles[task])}, the input has "
                f"{', '.join(source.roles)}"
            )
    return list(dict.fromkeys(TASK_NAMES[name] for name in asked))


def settings_of(options: Namespace) -> Settings:
    """Return how outputs are to be described.

    Raises:
        ValueError: for a setting that breaks its rule.
    """
    if options.model == "dwarf":
        return Settings(ScaleConfig(), OutputConfig(), MotionConfig())
    scale = ScaleConfig()
    if options.scale is not None:
        scale = ScaleConfig(source="fixed", factor=options.scale)
    output = OutputConfig(options.resolution, options.min_depth, options.max_depth)
    settings = Settings(scale, output, MotionConfig(threshold=options.threshold))
    for part in (settings.scale, settings.output, settings.motion):
        check(part)
    return settings


def writers_of(options: Namespace, settings: Settings, share: Shard) -> list[Writer]:
    """Return what writes the formats that are asked for.

    Raises:
        BagError: if there is a bag already.
    """
    folder: Path = options.output
    formats = {*options.formats, *(["color"] if options.color else [])}
    writers: list[Writer] = []
    if "color" in formats:
        writers.append(Pictures(folder / "color"))
    if "npy" in formats:
        writers.append(Arrays(folder / "npy"))
    if "kitti" in formats:
        label_ids = options.model != "dwarf" and options.label_ids
        writers.append(KittiFiles(folder, label_ids=label_ids))
    if "kitti" in formats and share.world == 1:  # a trajectory's poses hang on each other
        writers.append(Trajectory(folder / "poses.txt"))
    if "bag" in formats:
        name = "bag" if share.world == 1 else f"bag_{share.rank}_of_{share.world}"
        writers.append(Recording(folder / name, settings))
    return writers
