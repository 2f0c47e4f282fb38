"""How much memory a network's engines take: each backend in a process of its own.

``python -m offline.benchmarks.memory MODEL BACKEND PRECISION HEIGHT WIDTH CACHE`` is such a
process; it prints one line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import torch

from offline.benchmarks.network import streaming_step
from offline.benchmarks.stereo_network import streaming_step as stereo_step
from offline.benchmarks.table import Row
from offline.engine_sets import EngineSets, network_of
from scene_perception.engines.backends import EngineError
from scene_perception.engines.cache import EngineCache

_STATUS = Path("/proc/self/status")
_STEPS = 3
_TIMEOUT_S = 900


def memory_rows(options: Namespace) -> list[Row]:
    """Return the resident memory of each backend's process, MB, and on a GPU what it reserves.

    ``before`` is Python with PyTorch and our modules, ``loaded`` with all engines ready, ``peak``
    the most at any time: compiling where the cache had nothing, loading, running.
    """
    return [
        row
        for model in options.models
        for backend in options.backends
        for precision in options.precisions
        for row in _child(options, model, backend, precision)
    ]


def _child(options: Namespace, model: str, backend: str, precision: str) -> list[Row]:
    height, width = options.size_of(model)
    arguments = [model, backend, precision, str(height), str(width), str(options.cache)]
    command = [sys.executable, "-m", __name__, *arguments, options.device or "cpu"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode:
        words = done.stderr.strip().splitlines()[-1:] or ["no message"]
        print(f"left out {model} {backend} {precision}: {words[0]}", file=sys.stderr, flush=True)
        return []
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    named: Row = {
        "network": model,
        "size": f"{height}x{width}",
        "engines": f"{backend} {precision}",
    }
    return [{**named, **figures}]


def measure(arguments: Sequence[str]) -> dict[str, float]:
    """Load engines, run a few steps and return this process's memory, MB.

    Raises:
        EngineError: if this machine cannot run them.
    """
    model, backend, precision, height, width, cache, device = arguments
    before = resident_mb("VmRSS")
    network = network_of(model, "", int(height), int(width), device=device)
    engines = EngineSets(EngineCache(Path(cache))).of(network, backend, precision).engines
    loaded = resident_mb("VmRSS")
    with torch.inference_mode():
        step = (
            stereo_step(engines, int(height), int(width), motion=True)
            if network.stereo
            else streaming_step(int(height), int(width), engines)
        )
        for _ in range(_STEPS):
            step()
    figures = {
        "before MB": before,
        "loaded MB": loaded,
        "running MB": resident_mb("VmRSS"),
        "peak MB": resident_mb("VmHWM"),
    }
    if device == "cuda":
        figures["GPU peak MB"] = torch.cuda.max_memory_reserved() / 1e6
    return figures


def resident_mb(field: str) -> float:
    """Return a figure of Linux's own account of this process, MB: ``VmRSS`` or its peak ``VmHWM``.

    Raises:
        ValueError: if there is no such figure.
    """
    for line in _STATUS.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024 / 1e6
    raise ValueError(f"field must be in {_STATUS}, got {field!r}")


if __name__ == "__main__":
    try:
        print(json.dumps(measure(sys.argv[1:])))
    except EngineError as error:
        sys.exit(str(error))
