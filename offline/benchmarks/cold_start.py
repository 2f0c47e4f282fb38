"""How long a node takes from its launch to its first depth image, its engines in the cache.

Camera (a replay) and recorder run before ``mono_node`` is launched, as on a robot where one node is
restarted. OmegaNet with weights from a file, 1242x375 in, every output offered.
"""

from __future__ import annotations

import os
import tempfile
import time
from argparse import Namespace
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from offline import make_bag
from offline.benchmarks.table import Row
from offline.benchmarks.timing import summarise
from offline.live_run import Parameters, node_process, recorded_mb
from offline.processes import NodeProcess, wait_until
from scene_perception.checkpoints.weights import save_weights
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import load_mono_engines
from scene_perception.engines.random_weights import random_omeganet
from scene_perception.recordings.bags import Bag

_STARTS, _FRAMES = 5, 6
_DEPTH = "depth/image_rect"
_TIMEOUT_S = 300.0
_SEEN_MB = 0.1  # more than a recording's heading, less than a depth image


def cold_start_rows(options: Namespace) -> list[Row]:
    """Return the time from launch to the first depth image at another process, s.

    ``CPU s`` is what the node's process has computed by then, on all cores: it hardly depends on
    what else runs. The median of five starts; a first one fills the cache and does not count.
    """
    height, width = options.size_of("omeganet")
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "omeganet.safetensors"
        metadata = {"model": "omeganet", "source": "random"}
        save_weights(weights, random_omeganet().state_dict(), metadata)
        config = NetworkConfig(
            str(weights), height=height, width=width, device="cpu", cache_dir=str(options.cache)
        )
        bag = Path(folder) / "bag"
        if make_bag.main(["synthetic", str(bag), "--limit", str(_FRAMES)]):
            raise RuntimeError(f"could not make the recording {bag}")
        return [
            _row(replace(config, backend=backend), bag, Path(folder) / backend)
            for backend in ("torch", "auto")
        ]


def _row(network: NetworkConfig, bag: Path, folder: Path) -> Row:
    backend = load_mono_engines(network).backend  # builds what the node then finds in the cache
    starts = [_start(network, bag, folder / str(n)) for n in range(1 + _STARTS)][1:]
    wall = summarise([seconds for seconds, _ in starts])
    return {
        "network": "omeganet",
        "size": f"{network.height}x{network.width}",
        "engines": backend,
        "median s": wall.median_ms,
        "p10 s": wall.low_ms,
        "p90 s": wall.high_ms,
        "CPU s": summarise([cpu for _, cpu in starts]).median_ms,
    }


def _start(network: NetworkConfig, bag: Path, folder: Path) -> tuple[float, float]:
    """Start the node once; return wall and CPU time to its first depth image, s."""
    folder.mkdir(parents=True)
    recording = folder / "recording"
    names = ("weights", "height", "width", "backend", "device", "cache_dir")
    camera: Parameters = {
        "source": str(bag),
        "loop": True,
        "wait_for_subscribers_s": 0.0,
        "clock": False,
    }
    outputs: Parameters = {"output": str(recording), "topics": _DEPTH, "use_sim_time": False}
    with ExitStack() as stack:
        stack.enter_context(node_process("record_node", outputs, folder))
        replay = stack.enter_context(node_process("replay_node", camera, folder))
        wait_until(lambda: "playing" in replay.text(), _TIMEOUT_S, "the camera")
        wait_until(recording.is_dir, _TIMEOUT_S, "the recorder")
        launched_ns = time.time_ns()
        settings = {f"network.{name}": getattr(network, name) for name in names}
        node = stack.enter_context(node_process("mono_node", settings, folder))
        wait_until(lambda: _seen(node, recording), _TIMEOUT_S, "the first depth image")
        cpu_s = _cpu_s(node.pid)
    with Bag(recording) as depths:
        arrived_ns = next(message.time_ns for message in depths.messages())
    return (arrived_ns - launched_ns) * 1e-9, cpu_s


def _seen(node: NodeProcess, recording: Path) -> bool:
    node.require_running()
    return recorded_mb(recording) > _SEEN_MB


def _cpu_s(pid: int) -> float:
    """Return what a process has computed so far on all cores, s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = fields[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
