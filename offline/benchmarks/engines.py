"""Every backend and precision of this machine beside eager PyTorch, taking turns in one run.

The eager contenders are what people would otherwise run: the published graph on fresh frames (three
of OmegaNet's, four images of DWARF's, a frame of the others), the network alone, which favours
them. The engines' streaming step is the pipeline's own, from a uint8 image in host memory to every
output in host memory, at the network's resolution. Weights are random: they change no time.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from offline.benchmarks import network as omeganet
from offline.benchmarks import stereo_network
from offline.benchmarks.dwarf_plain import PlainDWARF
from offline.benchmarks.network import STEP
from offline.benchmarks.table import Row, rate_columns
from offline.benchmarks.timing import Timing, matrix_product, summarise, take_turns, times_as_fast
from offline.calibration import Size, calibration_inputs, calibration_windows
from offline.engine_sets import EngineSet, EngineSets, Network, network_of
from offline.macs import count_conv_macs
from scene_perception.engines.backends import MEASURED, ORDER, EngineError
from scene_perception.engines.build import resolve_device
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.frames import real_looking_frames
from scene_perception.engines.gate import exact_float32, reference_inputs
from scene_perception.engines.random_weights import random_dwarf, random_omeganet

PRODUCT, EAGER = "matrix product", "eager, published graph"
CPU_BACKENDS: Sequence[str] = MEASURED
CPU_PRECISIONS: Sequence[str] = ("float32", "bfloat16", "int8")
# OmegaNet's published graph without what nobody reads (the backward refinement), at 192x640.
_OMEGANET_GMAC, _OMEGANET_PIXELS = 22.9, 192 * 640
_CALIBRATION = 4  # windows: ranges that are good enough to be timed

Call = Callable[[], object]


@dataclass(eq=False)
class Stream:
    """A pipeline's streaming step, and what its stages have taken so far.

    Attributes:
        step: processes the next frame of a stream whose buffer is filled.
        timings_ns: of every step, by stage.
    """

    step: Callable[[], Any]
    timings_ns: list[Mapping[str, int]] = field(default_factory=list)

    def __call__(self) -> None:
        """Process one frame."""
        self.timings_ns.append(self.step().timings_ns)

    def stages(self, last: int) -> dict[str, Timing]:
        """Return the time of each stage in the last steps."""
        found: dict[str, list[float]] = {}
        for step in self.timings_ns[-last:]:
            for stage, duration_ns in step.items():
                found.setdefault(stage, []).append(duration_ns / 1e6)
        return {stage: summarise(values) for stage, values in found.items()}


def streaming_rows(options: Namespace) -> list[Row]:
    """Return the streaming step of every backend and precision beside the eager graph.

    Returns:
        Median and spread in ms, GMAC, GMAC/s, the fraction of the rate at which this machine
        multiplies matrices, the same over the published graph's GMAC, and how many times as fast
        as ``EAGER``; the last two by round.
    """
    return [row for run in _runs(options) for row in _streaming_rows(run, options.repeats)]


def gpu_rows(options: Namespace) -> list[Row]:
    """Return the streaming step on a GPU, by backend and precision, beside eager float32 there.

    End to end: uint8 images in host memory in, every output in host memory out. The rate of
    matrix products is that of half precision.

    Raises:
        ValueError: if there is no GPU, unless ``--device cpu`` asks for a rehearsal.
    """
    wanted = {**vars(options), "device": resolve_device(options.device or "cuda")}
    if options.backends == CPU_BACKENDS:
        wanted["backends"] = ORDER["cuda"]
    if options.precisions == CPU_PRECISIONS:
        wanted["precisions"] = ("float32", "float16", "bfloat16")
    return streaming_rows(Namespace(**wanted))


def part_rows(options: Namespace) -> list[Row]:
    """Return the time of each part in the streaming step, by backend and precision."""
    return [row for run in _runs(options) for row in _part_rows(run, options.repeats)]


@dataclass(frozen=True, eq=False)
class Run:
    """What is timed together: one network, its engines and the eager graph.

    Attributes:
        network: that the engines are of.
        sets: of engines.
        eager: contenders in eager PyTorch, ``EAGER`` among them.
    """

    network: Network
    sets: Sequence[EngineSet]
    eager: Mapping[str, Call]

    @property
    def size(self) -> str:
        """Of the input, for tables."""
        height, width = self.network.size
        return f"{height}x{width}"


def _runs(options: Namespace) -> Iterator[Run]:
    for model in options.models:
        height, width = options.size_of(model)
        network = network_of(model, "", height, width, device=options.device or "cpu")
        calibration = {}
        if "int8" in options.precisions:
            windows = calibration_windows(
                None, Size(height, width), stereo=network.stereo, count=_CALIBRATION
            )
            calibration = calibration_inputs(network.parts, network.inputs, windows)
        sets = EngineSets(EngineCache(options.cache), calibration, thorough=False)
        yield Run(network, list(_made(network, sets, options)), eager_contenders(network))


def _made(network: Network, sets: EngineSets, options: Namespace) -> Iterator[EngineSet]:
    """Give the engines that can be made, and say why others cannot."""
    for backend in options.backends:
        for precision in options.precisions:
            try:
                made = sets.of(network, backend, precision)
            except EngineError as error:
                print(f"left out {backend} {precision}: {error}", file=sys.stderr, flush=True)
                continue
            print(f"{made.name}: ready in {made.seconds:.0f} s", file=sys.stderr, flush=True)
            yield made


def eager_contenders(network: Network) -> dict[str, Call]:
    """Return the published computation in eager PyTorch, without anything that we do to it."""
    height, width = network.size
    device = network.device
    if network.model == "omeganet":
        eager = random_omeganet().to(device)
        frames = [frame.to(device) for frame in real_looking_frames(height, width)]
        return {
            EAGER: lambda: eager.intermediates(*frames),
            "eager, three fresh frames": lambda: eager(*frames),
        }
    if network.model == "dwarf":
        plain = PlainDWARF(random_dwarf(width=width).state_dict()).to(device)
        pairs = real_looking_frames(height, width, count=2, stereo=True)
        images = [view[None].to(device) for pair in pairs for view in pair]
        return {EAGER: lambda: plain(*images)}
    fresh = network_of(network.model, "", height, width, device=device)
    inputs = reference_inputs(fresh.parts, fresh.inputs, real_looking_frames(height, width))
    given = {
        part: {name: tensor.to(device) for name, tensor in tensors.items()}
        for part, tensors in inputs.items()
    }
    return {EAGER: lambda: [part(**given[name]) for name, part in fresh.parts.items()]}


def step_gmac(network: Network) -> dict[str, float]:
    """Return the convolutions' multiply-accumulates of each part and of a streaming step, 1e9.

    Every part runs once a frame.
    """
    counts = {}
    for part, module in network.parts.items():
        inputs = {
            name: torch.zeros(spec.shape, dtype=spec.dtype, device=network.device)
            for name, spec in network.inputs[part].items()
        }
        counts[part] = count_conv_macs(module, **inputs) / 1e9
    return {**counts, STEP: sum(counts.values())}


def published_gmac(run: Run) -> float:
    """Return the convolutions' multiply-accumulates of the published graph, 1e9.

    Of OmegaNet's, what its outputs need: the rest would flatter whoever leaves it out.
    """
    if run.network.model == "omeganet":
        height, width = run.network.size
        return _OMEGANET_GMAC * height * width / _OMEGANET_PIXELS
    return count_conv_macs(run.eager[EAGER]) / 1e9


def _streams(run: Run) -> dict[str, Stream]:
    height, width = run.network.size
    streams = {}
    for made in run.sets:
        streams[made.name] = Stream(
            stereo_network.streaming_step(made.engines, height, width, motion=True)
            if run.network.stereo
            else omeganet.streaming_step(height, width, made.engines)
        )
    return streams


def _timed(run: Run, repeats: int) -> tuple[dict[str, Timing], dict[str, Stream], float]:
    """Let all contenders take turns; return their times, the streams, and the product's GMAC."""
    streams = _streams(run)
    product, product_gmac = _matrix_product(run.network.device)
    contenders: dict[str, Call] = {PRODUCT: product, **run.eager, **streams}
    finished = {name: _finished(call, run.network.device) for name, call in contenders.items()}
    with torch.inference_mode(), exact_float32():
        timings = take_turns(finished, repeats=repeats)
    return timings, streams, product_gmac


def _matrix_product(device: str) -> tuple[Call, float]:
    """Return what the device does best to time as its peak, and its GMAC; half on a GPU."""
    if device == "cpu":
        return matrix_product()
    size = 8192
    left, right = (torch.ones(size, size, dtype=torch.float16, device=device) for _ in range(2))
    return lambda: left @ right, size**3 / 1e9


def _finished(call: Call, device: str) -> Call:
    """Return ``call`` that ends when the GPU has."""
    if device == "cpu":
        return call

    def run() -> None:
        call()
        torch.cuda.synchronize()

    return run


def _streaming_rows(run: Run, repeats: int) -> list[Row]:
    timings, streams, product_gmac = _timed(run, repeats)
    product, peak = timings[PRODUCT], product_gmac / timings[PRODUCT].median_ms
    gmac, published = step_gmac(run.network)[STEP], published_gmac(run)
    return [
        {
            "network": run.network.model,
            "size": run.size,
            "what": f"streaming step, {name}" if name in streams else name,
            **rate_columns(timing, gmac if name in streams else None, peak),
            "published %": 100 * published / product_gmac * times_as_fast(timing, product)
            if name in (EAGER, *streams)
            else "-",
            "x eager": times_as_fast(timing, timings[EAGER]),
        }
        for name, timing in timings.items()
    ]


def _part_rows(run: Run, repeats: int) -> list[Row]:
    timings, streams, product_gmac = _timed(run, repeats)
    peak = product_gmac / timings[PRODUCT].median_ms
    gmac = step_gmac(run.network)
    return [
        {
            "network": run.network.model,
            "size": run.size,
            "engines": name,
            "stage": stage,
            **rate_columns(timing, gmac.get(stage), peak),
        }
        for name, stream in streams.items()
        for stage, timing in stream.stages(repeats).items()
    ]
