"""What a backend and a precision cost in accuracy, by task metric.

``python -m offline.precision MODEL [--weights W.safetensors]`` runs the same frames through eager
float32 PyTorch and through every backend and precision that this machine has (or those that are
named), and prints for each metric of each task:

- ``from float32``: the metric with eager float32's prediction as the truth;
- ``float32``, ``here``, ``change %``: the metric against ground truth, which the generated street
  has, of eager float32 and of the engines, and the relative change.

The first set of rows, ``eager, half a grey level``, is a yardstick: eager float32 on images that
are off by up to half a level everywhere, as far as rounding to uint8 puts them.

int8 engines are made here, from ``--calibrate`` (a bag, a folder or a video; without it the
generated street, of other seeds). With random weights the change against the ground truth says
nothing; the distance from float32 does, and is harsher than with trained ones.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from offline.benchmarks.table import Row, format_table, machine, write_json
from offline.calibration import Size, Window, calibration_inputs, calibration_windows, sample_window
from offline.datasets.generated import generated_samples
from offline.engine_sets import MODELS, EngineSet, EngineSets, Network, network_of
from offline.precision_scores import Maps, compare
from offline.predictors.load import MODELS as PREDICTED
from scene_perception.checkpoints.shipped import meant_weights
from scene_perception.engines.backends import BACKENDS, PRECISIONS, EngineError
from scene_perception.engines.base import Engine
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.gate import reference

_BACKENDS = tuple(name for name in BACKENDS if name not in ("torch", "constant"))
YARDSTICK = "eager, half a grey level"
_STREET, _APART = 1000, 4  # seeds of the frames, none of which calibration has; their distance


class Frames(NamedTuple):
    """Windows of frames, and the truth of their middle ones where it is known."""

    windows: Sequence[Window]
    truths: Sequence[Maps]


class AsModule(nn.Module):
    """An engine in a module's place, for what runs a chain of modules."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    def forward(self, **tensors: Tensor) -> AsModule.Named:
        """Run the engine."""
        outputs = self._engine(**tensors)
        return AsModule.Named({name: tensor.cpu() for name, tensor in outputs.items()})

    class Named(dict[str, Tensor]):
        """Outputs by name, with the one method of a named tuple that is asked for."""

        def _asdict(self) -> dict[str, Tensor]:
            return self


def predicted(parts: Mapping[str, nn.Module], network: Network, window: Window) -> Maps:
    """Return what parts, run one after the other, say of the middle frame of a window."""
    found = reference(parts, network.inputs, window)
    tensors = {name: t.numpy() for it in found.values() for name, t in it.outputs.items()}
    return Maps.predicted(tensors)


def generated_frames(network: Network, count: int) -> Frames:
    """Return frames of the generated street, with their truth."""
    height, width = network.size
    samples = [
        generated_samples(_APART, seed=_STREET + seed, height=height, width=width)[-1]
        for seed in range(count)
    ]
    windows = [
        sample_window(sample, Size(height, width), stereo=network.stereo) for sample in samples
    ]
    return Frames(windows, [Maps.known(sample) for sample in samples])


def given_frames(network: Network, path: Path, count: int) -> Frames:
    """Return frames of a recording, a video or a folder, of which no truth is known."""
    size = Size(*network.size)
    return Frames(calibration_windows(path, size, stereo=network.stereo, count=count), ())


def accuracy_rows(network: Network, frames: Frames, sets: Sequence[EngineSet]) -> list[Row]:
    """Return a row for each metric of each set of engines, and of the yardstick; see the module."""
    exact = [predicted(network.parts, network, window) for window in frames.windows]
    against_truth = compare(exact, frames.truths) if frames.truths else {}
    contenders = {YARDSTICK: [predicted(network.parts, network, w) for w in _shaken(frames)]}
    for made in sets:
        modules = {part: AsModule(engine) for part, engine in made.engines.items()}
        contenders[made.name] = [predicted(modules, network, w) for w in frames.windows]
    return [
        _row(name, metric, value, against_truth.get(metric), own.get(metric))
        for name, maps in contenders.items()
        for own in [compare(maps, frames.truths) if frames.truths else {}]
        for metric, value in compare(maps, exact).items()
    ]


def _row(name: str, metric: str, distance: float, before: float | None, after: float | None) -> Row:
    return {
        "engines": name,
        "metric": metric,
        "from float32": distance,
        "float32": "-" if before is None else before,
        "here": "-" if after is None else after,
        "change %": _change(before, after),
    }


def _shaken(frames: Frames) -> list[Window]:
    """Return the windows with every pixel off by up to half a grey level."""
    generator = torch.Generator().manual_seed(0)
    return [
        tuple(
            frame + (torch.rand(frame.shape, generator=generator) - 0.5) / 255 for frame in window
        )
        for window in frames.windows
    ]


def _change(before: float | None, after: float | None) -> float | str:
    if before is None or after is None or before == 0:
        return "-"
    return 100 * (after - before) / abs(before)


def engine_sets(
    network: Network, sets: EngineSets, backends: Sequence[str], precisions: Sequence[str]
) -> tuple[list[EngineSet], dict[str, str]]:
    """Return the engines that this machine can run, and why it cannot run the others."""
    made: list[EngineSet] = []
    refused: dict[str, str] = {}
    for backend in backends:
        for precision in precisions:
            try:
                made.append(sets.of(network, backend, precision))
            except EngineError as error:
                refused[f"{backend} {precision}"] = str(error)
    return made, refused


def calibrated(network: Network, path: Path | None) -> Mapping[str, Sequence[Mapping[str, Tensor]]]:
    """Return the inputs of every part by which int8 engines are made."""
    windows = calibration_windows(path, Size(*network.size), stereo=network.stereo)
    return calibration_inputs(network.parts, network.inputs, windows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status: 2 for what cannot be read or run."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.WARNING)
    try:
        report = _measured(options)
    except (OSError, ValueError, EngineError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write_json(options.output, report)
    print(f"written to {options.output}")
    return 0


def _measured(options: argparse.Namespace) -> dict[str, object]:
    weights = meant_weights(
        options.model, options.weights, setting="--weights",
        random=options.random_weights, random_by="--random-weights",
    )  # fmt: skip
    network = network_of(options.model, weights, options.height, options.width)
    inputs = calibrated(network, options.calibrate) if "int8" in options.precisions else {}
    with _cache(options.cache) as cache:
        sets, refused = engine_sets(
            network, EngineSets(cache, inputs), options.backends, options.precisions
        )
        for name, why in refused.items():
            print(f"left out {name}: {why}", file=sys.stderr)
        if not sets:
            raise EngineError("no backend and precision that was asked for runs here")
        if options.data is not None:
            frames = given_frames(network, options.data, options.frames)
        else:
            frames = generated_frames(network, options.frames)
        rows = accuracy_rows(network, frames, sets)
    print(f"\n{options.model} {options.width}x{options.height}, {len(frames.windows)} frames")
    print(format_table(rows, decimals=4))
    settings = {name: str(value) for name, value in vars(options).items()}
    return {"machine": machine(), "settings": settings, "rows": rows, "left out": refused}


@contextmanager
def _cache(folder: Path | None) -> Iterator[EngineCache]:
    """Give the cache in ``folder``, or one that goes with the measurement."""
    with tempfile.TemporaryDirectory() as temporary:
        yield EngineCache(folder or Path(temporary))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.precision",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--weights", default="", help="default: the package's own")
    parser.add_argument("--random-weights", action="store_true", help="to try it out")
    parser.add_argument("--height", type=int, help="of the network's input, px")
    parser.add_argument("--width", type=int, help="of the network's input, px")
    parser.add_argument("--backends", nargs="+", choices=_BACKENDS, default=_BACKENDS)
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--calibrate", type=Path, help="bag, folder or video for int8's ranges")
    parser.add_argument("--data", type=Path, help="bag, folder or video to compare on")
    parser.add_argument("--frames", type=int, default=6, help="to compare on (default 6)")
    parser.add_argument("--cache", type=Path, help="of compiled engines; none is kept without it")
    parser.add_argument("--output", type=Path, default=Path("results/precision.json"))
    options = parser.parse_args(arguments)
    if options.frames < 1:
        parser.error(f"--frames must be at least 1, got {options.frames}")
    usual = PREDICTED[options.model]
    options.height = options.height or usual.height
    options.width = options.width or usual.width
    return options


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    sys.exit(main())
