"""OmegaNet without ROS: multiply-accumulates, and a streaming step beside three fresh frames."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from itertools import count

import torch
from torch import Tensor

from offline.benchmarks.table import Row
from offline.benchmarks.timing import Timing, matrix_product, summarise, take_turns
from offline.golden import golden_image
from offline.macs import count_conv_macs
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import load_omeganet_engines
from scene_perception.frame import Frame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.models.layers import fold_batch_norm
from scene_perception.models.omeganet import OmegaNet, part_inputs
from scene_perception.pipelines.config import MonoConfig, OutputConfig
from scene_perception.pipelines.mono import MonoPipeline

_FRAME_INTERVAL_NS = 100_000_000
_STEP, _FRESH, _PUBLISHED = "streaming step", "three fresh frames", "three, and what nobody reads"
_FOLDED = "three, batch norm folded"


def mac_rows(height: int, width: int) -> list[Row]:
    """Return the convolutions' multiply-accumulates: each part, a step, and whole graphs.

    The whole graphs are counted on three fresh frames: once with the outputs that a robot
    reads, once with the backward refinement, which the published graph computes as well.
    """
    network = OmegaNet().eval()
    counts = {
        name: count_conv_macs(part, *_zeros(shapes.values()))
        for (name, part), shapes in zip(
            network.parts().items(), part_inputs(height, width).values(), strict=True
        )
    }
    images = _zeros([(1, 3, height, width)] * 3)
    counts[_STEP] = sum(counts.values())
    counts[_FRESH] = count_conv_macs(network, *images)
    return [{"part": name, "GMAC": macs / 1e9} for name, macs in counts.items()]


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
    pipeline, frames = _pipeline(height, width), _frames(height, width)
    for _ in range(3):
        pipeline.process(next(frames))
    product, product_gmac = matrix_product()
    with torch.inference_mode():
        timings = take_turns(
            {
                _STEP: lambda: pipeline.process(next(frames)),
                _FRESH: lambda: network(*images),
                _FOLDED: lambda: folded(*images),
                _PUBLISHED: lambda: network.intermediates(*images),
                "matrix product": product,
            },
            repeats=repeats,
        )
    gmac = {str(row["part"]): float(row["GMAC"]) for row in mac_rows(height, width)}
    gmac["matrix product"] = product_gmac
    peak = product_gmac / timings["matrix product"].median_ms
    return [_row(name, timing, gmac.get(name), peak) for name, timing in timings.items()]


def stage_rows(height: int, width: int, repeats: int) -> list[Row]:
    """Return the time of each stage of the pipeline's streaming step, ms."""
    pipeline, frames = _pipeline(height, width), _frames(height, width)
    durations: dict[str, list[float]] = {}
    for turn in range(repeats + 4):
        timings_ns = pipeline.process(next(frames)).timings_ns
        if turn >= 4:
            for stage, duration_ns in timings_ns.items():
                durations.setdefault(stage, []).append(duration_ns / 1e6)
    return [{"stage": stage, **_spread(summarise(values))} for stage, values in durations.items()]


def _spread(timing: Timing) -> Row:
    return {
        "median ms": timing.median_ms,
        "p10 ms": timing.low_ms,
        "p90 ms": timing.high_ms,
    }


def _row(name: str, timing: Timing, gmac: float | None, peak: float) -> Row:
    row: dict[str, str | int | float] = {"what": name, **_spread(timing)}
    if gmac is None:
        return {**row, "GMAC": "-", "GMAC/s": "-", "of peak %": "-"}
    rate = gmac / timing.median_ms
    return {**row, "GMAC": gmac, "GMAC/s": 1e3 * rate, "of peak %": 100 * rate / peak}


def _pipeline(height: int, width: int) -> MonoPipeline:
    network = NetworkConfig(height=height, width=width, allow_random_weights=True)
    config = MonoConfig(network=network, output=OutputConfig(resolution="network"))
    return MonoPipeline(load_omeganet_engines(network).engines, config)


def _frames(height: int, width: int) -> Iterator[Frame]:
    images = [golden_image(seed, height, width) for seed in (10, 11, 12)]
    camera = Intrinsics(0.58 * width, 0.58 * width, width / 2, height / 2, width, height)
    for index in count():
        yield Frame(images[index % 3], index * _FRAME_INTERVAL_NS, "camera", camera)


def _images(height: int, width: int) -> list[Tensor]:
    arrays = [golden_image(seed, height, width) for seed in (10, 11, 12)]
    return [torch.from_numpy(array).permute(2, 0, 1)[None].float() / 255 for array in arrays]


def _zeros(shapes: Iterable[tuple[int, ...]]) -> list[Tensor]:
    return [torch.zeros(shape) for shape in shapes]
