"""DWARF without ROS: multiply-accumulates, and a streaming step beside the published graph.

Multiply-accumulates are those of convolutions, as for the other networks. The products of the
cost volumes, which that leaves out, are a row of their own; as the published graph computes
them they are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count, cycle

import numpy as np
import torch
from torch import Tensor

from offline.benchmarks import network as omeganet
from offline.benchmarks.dwarf_plain import PlainDWARF
from offline.benchmarks.network import STEP, shaped, stage_table
from offline.benchmarks.table import Row, rate_columns
from offline.benchmarks.timing import matrix_product, take_turns
from offline.golden.stand_ins import golden_image
from offline.macs import count_conv_macs
from scene_perception.engines.base import Engine
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import load_dwarf_engines
from scene_perception.engines.random_weights import random_dwarf
from scene_perception.frame import Frame, StereoFrame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.models.dwarf import DWARF, PARTS, part_inputs
from scene_perception.models.dwarf_encoder import LEVELS, STEREO_CHANNELS
from scene_perception.models.dwarf_heads import fuse_heads
from scene_perception.pipelines.stereo import StereoPipeline, StereoResult
from scene_perception.pipelines.stereo_config import StereoConfig, StereoOutputConfig

DEPTH_STEP = "streaming step, depth alone"
FRESH, PUBLISHED = "four fresh images", "four fresh images, as published"
COST_VOLUMES = "products of the cost volumes"
_OMEGANET = "OmegaNet's streaming step"
_PRODUCT = "matrix product"

_INTERVAL_NS = 100_000_000
_BASELINE_M = 0.5327
_SHIFT_PX = 6
_DEPTH_PARTS = ("stereo_encoder", "scene_flow_decoder", "disparity_refinement")


def part_macs(height: int, width: int) -> dict[str, int]:
    """Return multiply-accumulates: each part, the steps, and whole graphs on four images."""
    with torch.device("meta"):
        network = DWARF().eval()
    shapes = part_inputs(height, width)
    counts = {
        name: count_conv_macs(part, *shaped(shapes[name].values()))
        for name, part in network.parts().items()
    }
    images = shaped([(1, 3, height, width)] * 4)
    return {
        **counts,
        STEP: sum(counts[part] for part in PARTS),
        DEPTH_STEP: sum(counts[part] for part in _DEPTH_PARTS),
        FRESH: count_conv_macs(network, *images),
        PUBLISHED: count_conv_macs(PlainDWARF(network.state_dict()), *images),
        COST_VOLUMES: cost_volume_macs(height, width),
    }


def cost_volume_macs(height: int, width: int) -> int:
    """Return the products that the cost volumes of a step are made of.

    At each pixel 9 + 9 + 81 shifts of a level's features, and 81 of the 9 costs along the rows.
    """
    return sum(
        (height >> n) * (width >> n) * (STEREO_CHANNELS[n] * (9 + 9 + 81) + 9 * 81) for n in LEVELS
    )


def mac_rows(height: int, width: int) -> list[Row]:
    """Return ``part_macs`` as rows."""
    size = f"{height}x{width}"
    return [
        {"network": "DWARF", "size": size, "part": name, "GMAC": macs / 1e9}
        for name, macs in part_macs(height, width).items()
    ]


def timing_rows(height: int, width: int, repeats: int) -> list[Row]:
    """Time the streaming steps and the four-image computations, taking turns in one run.

    The streaming steps are the pipeline's own (preprocessing, cached features, geometry, at
    the network's resolution); the four-image computations are the network alone, which favours
    them. ``PUBLISHED`` is ``PlainDWARF``, the published graph read into eager PyTorch.

    Returns:
        Rows with median and spread in ms, GMAC, GMAC/s, the fraction of the rate at which this
        machine multiplies matrices, and the time in streaming steps.
    """
    engines, images = random_engines(height, width), _images(height, width)
    network = random_dwarf(width=width)
    plain = PlainDWARF(network.state_dict())
    fuse_heads(network)  # and its layout: as the engines have them
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    product, product_gmac = matrix_product()
    with torch.inference_mode():
        timings = take_turns(
            {
                STEP: streaming_step(engines, height, width, motion=True),
                DEPTH_STEP: streaming_step(engines, height, width, motion=False),
                FRESH: lambda: network(*images),
                PUBLISHED: lambda: plain(*images),
                _OMEGANET: omeganet.streaming_step(height, width),
                _PRODUCT: product,
            },
            repeats=repeats,
            warmup=1,
        )
    gmac = {name: macs / 1e9 for name, macs in part_macs(height, width).items()}
    gmac |= {
        _OMEGANET: omeganet.part_macs(height, width)[STEP] / 1e9,
        _PRODUCT: product_gmac,
    }
    peak = product_gmac / timings[_PRODUCT].median_ms
    step_ms = timings[STEP].median_ms
    return [
        {
            "size": f"{height}x{width}",
            "what": name,
            **rate_columns(timing, gmac[name], peak),
            "steps": timing.median_ms / step_ms,
        }
        for name, timing in timings.items()
    ]


def stage_rows(height: int, width: int, repeats: int) -> list[Row]:
    """Return the time of each stage of the pipeline's streaming step, ms."""
    step = streaming_step(random_engines(height, width), height, width, motion=True)
    rows = stage_table([step().timings_ns for _ in range(repeats + 1)][1:])
    return [{"size": f"{height}x{width}", **row} for row in rows]


def random_engines(height: int, width: int) -> Mapping[str, Engine]:
    """Return engines of DWARF in eager PyTorch with random weights, as the node loads them."""
    return load_dwarf_engines(_config(height, width)).engines


def streaming_step(
    engines: Mapping[str, Engine], height: int, width: int, *, motion: bool
) -> Callable[[], StereoResult]:
    """Return what processes the next pair of a stream, whose buffer is already filled."""
    config = StereoConfig(
        network=_config(height, width), output=StereoOutputConfig(resolution="network")
    )
    pipeline, frames = StereoPipeline(engines, config), _frames(height, width)
    pipeline.process(next(frames), motion=motion)
    return lambda: pipeline.process(next(frames), motion=motion)


def _config(height: int, width: int) -> NetworkConfig:
    return NetworkConfig(height=height, width=width, random_weights=True, backend="torch")


def _frames(height: int, width: int) -> Iterator[StereoFrame]:
    focal = 0.58 * width
    intrinsics = Intrinsics(focal, focal, width / 2, height / 2, width, height)
    camera = StereoCamera(intrinsics, intrinsics, _BASELINE_M)
    pairs = cycle([_pair(seed, height, width) for seed in (10, 11)])
    for index, (left, right) in zip(count(), pairs, strict=False):
        stamp_ns = index * _INTERVAL_NS
        yield StereoFrame(
            Frame(left, stamp_ns, "left", intrinsics),
            Frame(right, stamp_ns, "right", intrinsics),
            camera,
        )


def _pair(seed: int, height: int, width: int) -> tuple[omeganet.Image, omeganet.Image]:
    left = golden_image(seed, height, width)
    return left, np.roll(left, -_SHIFT_PX, axis=1)


def _images(height: int, width: int) -> list[Tensor]:
    views = [view for seed in (10, 11) for view in _pair(seed, height, width)]
    return [omeganet.as_tensor(view) for view in views]
