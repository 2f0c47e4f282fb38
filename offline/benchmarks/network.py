"""OmegaNet without ROS: multiply-accumulates, and a streaming step beside three fresh frames."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from offline.benchmarks.table import Row, rate_columns, spread_columns
from offline.benchmarks.timing import matrix_product, summarise, take_turns
from offline.golden.stand_ins import golden_image
from offline.macs import count_conv_macs
from scene_perception.engines.base import Engine
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import load_mono_engines
from scene_perception.frame import Frame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.models.layers import fold_batch_norm
from scene_perception.models.omeganet import OmegaNet, part_inputs
from scene_perception.pipelines.config import MonoConfig, OutputConfig
from scene_perception.pipelines.mono import MonoPipeline, MonoResult

Image = NDArray[np.uint8]

_FRAME_INTERVAL_NS = 100_000_000
STEP = "streaming step"
_FRESH, _PUBLISHED = "three fresh frames", "three, and what nobody reads"
_FOLDED = "three, batch norm folded"


def part_macs(height: int, width: int) -> dict[str, int]:
    """Return the convolutions' multiply-accumulates: each part, a step, and three fresh frames.

    Three frames are counted with the outputs that a robot reads. The published graph computes
    the backward refinement as well.
    """
    with torch.device("meta"):
        network = OmegaNet().eval()
    counts = {
        name: count_conv_macs(part, *shaped(shapes.values()))
        for (name, part), shapes in zip(
            network.parts().items(), part_inputs(height, width).values(), strict=True
        )
    }
    images = shaped([(1, 3, height, width)] * 3)
    counts[STEP] = sum(counts.values())
    counts[_FRESH] = count_conv_macs(network, *images)
    return counts


def mac_rows(height: int, width: int) -> list[Row]:
    """Return ``part_macs`` as rows."""
    size = f"{height}x{width}"
    return [
        {"network": "OmegaNet", "size": size, "part": name, "GMAC": macs / 1e9}
        for name, macs in part_macs(height, width).items()
    ]


def timing_rows(height: int, width: int, repeats: int) -> list[Row]:
    """Time a streaming step and the three-frame computation, taking turns in one run.

    The streaming step is the pipeline's own (preprocessing, cached features, postprocessing);
    the three-frame computation is the network alone, which favours it.

    Returns:
        Rows with median and spread in ms, GMAC, GMAC/s and the fraction of the rate at which
        this machine multiplies matrices, measured in the same rounds.
    """
    network, images = OmegaNet().eval(), _images(height, width)
    folded = copy.deepcopy(network)
    fold_batch_norm(folded)
    step = streaming_step(height, width)
    product, product_gmac = matrix_product()
    with torch.inference_mode():
        timings = take_turns(
            {
                STEP: step,
                _FRESH: lambda: network(*images),
                _FOLDED: lambda: folded(*images),
                _PUBLISHED: lambda: network.intermediates(*images),
                "matrix product": product,
            },
            repeats=repeats,
        )
    gmac = {name: macs / 1e9 for name, macs in part_macs(height, width).items()}
    gmac["matrix product"] = product_gmac
    peak = product_gmac / timings["matrix product"].median_ms
    return [
        {"what": name, **rate_columns(timing, gmac.get(name), peak)}
        for name, timing in timings.items()
    ]


def stage_rows(height: int, width: int, repeats: int) -> list[Row]:
    """Return the time of each stage of the pipeline's streaming step, ms."""
    step = streaming_step(height, width)
    return stage_table([step().timings_ns for _ in range(repeats + 1)][1:])


def stage_table(timings_ns: Iterable[Mapping[str, int]]) -> list[Row]:
    """Return the spread of each stage's time over several steps, ms."""
    durations: dict[str, list[float]] = {}
    for step in timings_ns:
        for stage, duration_ns in step.items():
            durations.setdefault(stage, []).append(duration_ns / 1e6)
    return [
        {"stage": stage, **spread_columns(summarise(values))} for stage, values in durations.items()
    ]


def streaming_step(
    height: int, width: int, engines: Mapping[str, Engine] | None = None
) -> Callable[[], MonoResult]:
    """Return what processes the next frame of a stream, whose buffer is already filled.

    Args:
        height: of the network's input and of the frames, px.
        width: likewise.
        engines: by part; None: OmegaNet's in eager PyTorch.
    """
    pipeline, frames = _pipeline(height, width, engines), _frames(height, width)
    for _ in range(3):
        pipeline.process(next(frames))
    return lambda: pipeline.process(next(frames))


def _pipeline(height: int, width: int, engines: Mapping[str, Engine] | None) -> MonoPipeline:
    network = NetworkConfig(height=height, width=width, random_weights=True, backend="torch")
    config = MonoConfig(network=network, output=OutputConfig(resolution="network"))
    return MonoPipeline(engines or load_mono_engines(network).engines, config)


def _frames(height: int, width: int) -> Iterator[Frame]:
    images = [golden_image(seed, height, width) for seed in (10, 11, 12)]
    camera = Intrinsics(0.58 * width, 0.58 * width, width / 2, height / 2, width, height)
    for index in count():
        yield Frame(images[index % 3], index * _FRAME_INTERVAL_NS, "camera", camera)


def _images(height: int, width: int) -> list[Tensor]:
    return [as_tensor(golden_image(seed, height, width)) for seed in (10, 11, 12)]


def as_tensor(image: Image) -> Tensor:
    """Return an RGB image as networks take it, 0..1. # (H, W, 3) uint8 -> (1, 3, H, W)."""
    return torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255


def shaped(shapes: Iterable[tuple[int, ...]]) -> list[Tensor]:
    """Return tensors that have a shape and no values: enough to count by."""
    return [torch.zeros(shape, device="meta") for shape in shapes]
