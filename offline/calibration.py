"""What the ranges of an int8 network are taken from: real images, brought to every part.

Images come from a recording, a folder or a video, or are those of the generated street. A part
that reads what others give gets it from eager PyTorch, as the parity gate has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from offline.datasets.generated import generated_samples
from offline.datasets.samples import Sample
from offline.inference.image_sources import files_of, image_sequence, stereo_sequence
from offline.inference.moments import Image, Moment, Source
from offline.inference.stereo_streams import stereo_topics
from offline.inference.stream_sources import ImageTopic, VideoFile
from offline.sharding import Shard
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.gate import reference_inputs
from scene_perception.frame import Frame
from scene_perception.pipelines.preprocess import to_network
from scene_perception.pipelines.stereo_input import choose_fit, pair_to_network
from scene_perception.recordings.bags import is_bag

WINDOWS = 8  # of consecutive frames
# Folders of a stereo pair, left and right, as recordings and KITTI name them.
_SIDES = (("left", "right"), ("image_2", "image_3"), ("image_02", "image_03"))
_MONO = ("previous", "current", "next")
# The previous pair is nobody's: the current one takes its place.
_STEREO = (("current", "right"), ("current", "right"), ("next", "next_right"))

Window = tuple[Tensor, ...]
Inputs = Mapping[str, Tensor]


class Size(NamedTuple):
    """Of a network's input, px."""

    height: int
    width: int


def calibration_windows(
    path: Path | None, size: Size, *, stereo: bool, count: int = WINDOWS
) -> tuple[Window, ...]:
    """Return windows of consecutive frames as networks take them, spread over what is there.

    Args:
        path: a recording, a video, or a folder of images; for ``stereo`` a recording, or a folder
            that has ``left`` and ``right`` (or KITTI's folders) in it. None is the generated
            street.
        size: of the network's input.
        stereo: whether a frame is a pair.
        count: of windows; fewer where there are fewer.

    Returns:
        Windows of the previous, current and next frame, (1, 3, H, W) each, or (2, 3, H, W) with
        ``stereo``; RGB in 0..1. Of pairs the previous one is the current one, as nobody reads it.

    Raises:
        BagError: for a recording that cannot be read.
        ValueError: for a path that holds no such images, or no frames with their neighbours.
    """
    found = _generated(size, count) if path is None else _moments(path, stereo=stereo, count=count)
    make = _stereo_window if stereo else _mono_window
    windows = tuple(make(images, size) for images in found)
    if not windows:
        raise ValueError(
            f"calibration images of {path} must have neighbours in time, none has: at least "
            f"{'two pairs' if stereo else 'three frames'} that follow each other are needed"
        )
    return windows


def calibration_inputs(
    parts: Mapping[str, nn.Module],
    inputs: Mapping[str, Mapping[str, TensorSpec]],
    windows: Sequence[Window],
) -> dict[str, tuple[Inputs, ...]]:
    """Return what every part takes for each window, by running the parts in float32.

    Args:
        parts: in their order.
        inputs: name and specification of every part's inputs.
        windows: as ``calibration_windows``.
    """
    runs = [reference_inputs(parts, inputs, window) for window in windows]
    return {part: tuple(run[part] for run in runs) for part in parts}


def sample_window(sample: Sample, size: Size, *, stereo: bool) -> Window:
    """Return a sample's frames as networks take them; see ``calibration_windows``."""
    if stereo:
        return _stereo_window(_read(sample, (*_STEREO[0], *_STEREO[2])), size)
    return _mono_window(_read(sample, _MONO), size)


def _read(sample: Sample, roles: Sequence[str]) -> dict[str, Image]:
    return {role: sample.image(role) for role in roles}


def _generated(size: Size, count: int) -> Iterator[Mapping[str, Image]]:
    """Give frames of streets; one in eight of a drive's, as neighbours tell little new."""
    streets = [_street(seed, size) for seed in range(-(-count // 2))]
    for sample in [sample for street in streets for sample in street][:count]:
        yield _read(sample, sorted(sample.pictures))


def _street(seed: int, size: Size) -> tuple[Sample, ...]:
    samples = generated_samples(10, seed=seed, height=size.height, width=size.width)
    return samples[1], samples[9]


def _moments(path: Path, *, stereo: bool, count: int) -> Iterator[Mapping[str, Image]]:
    source = _stereo_source(path) if stereo else _mono_source(path)
    roles = sorted({role for pair in _STEREO for role in pair}) if stereo else list(_MONO)
    whole = [moment for moment in _every(source, count) if set(roles) <= set(moment.images)]
    for moment in whole[:count]:
        yield {role: moment.images[role]() for role in roles}


def _every(source: Source, count: int) -> Iterator[Moment]:
    """Give about ``count`` moments that are evenly spread; those at the ends are left out."""
    step = max(1, (source.count or count) // (count + 1))
    for index, moment in enumerate(source.moments(Shard())):
        if index % step == min(1, step - 1):
            yield moment


def _mono_source(path: Path) -> Source:
    if is_bag(path):
        return ImageTopic(path)
    if path.is_file():
        return VideoFile(path)
    return image_sequence(files_of([path]))


def _stereo_source(path: Path) -> Source:
    if is_bag(path):
        return stereo_topics(path)
    for names in _SIDES:
        left, right = (path / name for name in names)
        if left.is_dir() and right.is_dir():
            return stereo_sequence(files_of([left]), files_of([right]))
    raise ValueError(
        f"calibration images of a stereo network must be a bag, or a folder with "
        f"{' or '.join('/'.join(names) for names in _SIDES)} in it, got {path}"
    )


def _mono_window(images: Mapping[str, Image], size: Size) -> Window:
    frames = [Frame(images[role], 0, "", None) for role in _MONO]
    return tuple(to_network(frame, size.width, size.height).image for frame in frames)


def _stereo_window(images: Mapping[str, Image], size: Size) -> Window:
    height, width = images["current"].shape[:2]
    fit = choose_fit((width, height), (size.width, size.height), "auto")
    return tuple(pair_to_network(images[left], images[right], fit) for left, right in _STEREO)
