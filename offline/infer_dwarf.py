"""DWARF over image pairs: the published test script's outputs, in KITTI's files.

Outputs have the number that KITTI gives their pair. The published script numbers them by their
position in its list, which is the same for a whole split.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from offline.contact_sheet import write_png
from offline.datasets.kitti_scene_flow import (
    SPLITS,
    Image,
    Images,
    ScenePairs,
    read_kitti_scene_flow,
)
from offline.inference import Job, Model
from offline.kitti_files import file_name, write_disparity, write_flow
from scene_perception.engines.base import Engine
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import load_dwarf_engines
from scene_perception.models.dwarf import PARTS, ROLES
from scene_perception.pipelines.parts import PartRunner
from scene_perception.pipelines.stereo_input import choose_fit, pair_to_network
from scene_perception.pipelines.stereo_postprocess import disparity_array, flow_array
from scene_perception.settings import check
from scene_perception.visualization import color_disparity, color_flow, disparity_range

_ENCODER, *_LATER = PARTS
_MAPS = ("disp_0", "disp_1", "flow")
_SINGLE = ("left", "right", "next_left", "next_right")

Float = NDArray[np.float32]


class SceneFlowMaps(NamedTuple):
    """What DWARF says about a left image, at its size.

    Attributes:
        disparity: left column - right column, px. # (H, W)
        next_disparity: at t+1, of the point seen at this pixel at t, px. # (H, W)
        flow: px, channel 0 = x. # (H, W, 2)
    """

    disparity: Float
    next_disparity: Float
    flow: Float


class ScenePredictor:
    """DWARF on any two consecutive stereo pairs.

    Args:
        engines: ``models.dwarf.PARTS``.
        fit: ``auto``, ``pad`` or ``resize``, as ``choose_fit``.
    """

    def __init__(self, engines: Mapping[str, Engine], fit: str = "auto") -> None:
        self._parts = PartRunner(engines)
        self._fit = fit
        height, width = engines[_ENCODER].inputs["images"].shape[2:]
        self._size = (width, height)

    def __call__(
        self, left: Image, right: Image, next_left: Image, next_right: Image
    ) -> SceneFlowMaps:
        """Describe ``left``; all images are RGB of one size. # (H, W, 3) uint8.

        Raises:
            ValueError: if the images do not fit the network's input as ``fit`` asks.
        """
        fit = choose_fit((left.shape[1], left.shape[0]), self._size, self._fit)
        tensors: dict[str, Tensor] = {}
        for role, pair in zip(ROLES, ((left, right), (next_left, next_right)), strict=True):
            images = {"images": pair_to_network(*pair, fit)}
            features = self._parts.encode(images, (_ENCODER,))
            tensors |= {f"{name}_{role}": tensor for name, tensor in features.items()}
        for part in _LATER:
            tensors |= self._parts.run(part, tensors)
        return SceneFlowMaps(
            disparity_array(tensors["disparity"], fit),
            disparity_array(tensors["next_disparity"], fit),
            flow_array(tensors["flow"], fit),
        )


def write_maps(folder: Path, number: int, maps: SceneFlowMaps, *, color: bool) -> None:
    """Write KITTI's files of one image pair, and pictures under ``color/`` if asked for.

    Raises:
        OSError: where a folder or a picture cannot be made.
        ValueError: where a map cannot be written.
    """
    name = file_name(number)
    paths = [_made(folder / kind) / name for kind in _MAPS]
    write_disparity(paths[0], maps.disparity)
    write_disparity(paths[1], maps.next_disparity)
    write_flow(paths[2], maps.flow)
    if color:
        low, high = disparity_range(maps.disparity)
        for kind, picture in (
            ("disp_0", color_disparity(maps.disparity, low, high)),
            ("disp_1", color_disparity(maps.next_disparity, low, high)),
            ("flow", color_flow(maps.flow)),
        ):
            write_png(_made(folder / "color" / kind) / name, picture)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="KITTI 2015 scene flow, or one split's folder")
    parser.add_argument("--split", default="training", choices=SPLITS)
    for name in _SINGLE:
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=Path, metavar="IMAGE", help="instead of --data")
    parser.add_argument("--height", type=int, default=384, help="network input (default 384)")
    parser.add_argument("--width", type=int, default=1280, help="network input (default 1280)")
    parser.add_argument(
        "--fit",
        default="auto",
        choices=("auto", "pad", "resize"),
        help="pad by reflection as published, or resize; auto pads what fits (default)",
    )


def _jobs(options: argparse.Namespace) -> list[Job]:
    pairs = _pairs(options)
    config = NetworkConfig(
        weights=options.weights,
        allow_random_weights=options.random_weights,
        height=options.height,
        width=options.width,
        device=options.device,
    )
    check(config)
    predict = ScenePredictor(load_dwarf_engines(config).engines, options.fit)

    def infer(number: int, images: Images) -> None:
        write_maps(options.output, number, predict(*images), color=options.color)

    return [Job(pair.number, pair.images, partial(infer, pair.number)) for pair in pairs]


def _pairs(options: argparse.Namespace) -> Sequence[ScenePairs]:
    single = [getattr(options, name) for name in _SINGLE]
    if options.data is not None and not any(single):
        return read_kitti_scene_flow(options.data, options.split)
    if options.data is None and all(single):
        return (ScenePairs(0, *single),)
    raise ValueError(
        "images must be either --data FOLDER or all of --left, --right, --next-left and "
        "--next-right"
    )


MODEL = Model(
    "disparity now and at t+1 and flow of KITTI 2015 scene flow, or of four images",
    _add_arguments,
    _jobs,
)
