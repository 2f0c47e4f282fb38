"""The node as a robot runs it: from an image that is published to the outputs that are.

Replay, node and recorder are processes of their own. Replay sends a frame once the last one's depth
is there, so that nothing waits in a queue; the recorder notes when images and outputs reach it.
"""

from __future__ import annotations

import tempfile
from argparse import Namespace
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

from offline import make_bag
from offline.benchmarks.table import Row, spread_columns
from offline.benchmarks.timing import summarise
from offline.live_run import LiveRun, run_live
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import load_mono_engines
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import Bag, BagMessage

_IMAGE = "/image_rect"
# What comes of a frame when it arrives, and what its successor is needed for.
_AT_ONCE = ("depth/image_rect", "semantic/image")
_ONE_BEHIND = ("flow/image", "motion_mask/image", "ego_motion")

Arrivals = Mapping[str, Mapping[int, int]]


def ros_rows(options: Namespace) -> list[Row]:
    """Return the time from image to output at a third process, ms, and frames per second.

    One run with eager PyTorch, one with the engines that ``auto`` takes; OmegaNet, 1242x375 in.
    """
    rows: list[Row] = []
    for backend in ("torch", "auto"):
        with tempfile.TemporaryDirectory() as folder:
            arrivals = _arrivals(_recorded(options, backend, Path(folder)))
        seen = sorted(arrivals[_IMAGE].values())
        rate = (len(seen) - 1) / (seen[-1] - seen[0]) * 1e9
        for topic, durations in latencies_ms(arrivals).items():
            rows.append(
                {
                    "engines": backend,
                    "from an image to": topic,
                    **spread_columns(summarise(durations)),
                    "frames/s": rate,
                }
            )
    return rows


def latencies_ms(arrivals: Arrivals) -> dict[str, list[float]]:
    """Return how long after its image each output arrived, by topic, ms.

    Args:
        arrivals: topic -> stamp of a message -> when it reached the recorder, ns. Outputs that need
            the next frame are counted from that one's arrival.
    """
    images = arrivals[_IMAGE]
    stamps = sorted(images)
    following = dict(pairwise(stamps))
    found: dict[str, list[float]] = {}
    for topic in (*_AT_ONCE, *_ONE_BEHIND):
        needed = following if topic in _ONE_BEHIND else dict(zip(stamps, stamps, strict=True))
        durations = [
            (arrived - images[needed[stamp]]) / 1e6
            for stamp, arrived in arrivals.get(f"/{topic}", {}).items()
            if stamp in needed
        ]
        if durations:
            found[topic] = durations
    return found


def _recorded(options: Namespace, backend: str, folder: Path) -> Path:
    height, width = options.size_of("omeganet")
    network = NetworkConfig(
        random_weights=True,
        height=height,
        width=width,
        backend=backend,
        cache_dir=str(options.cache),
        device=options.device or "cpu",
    )
    load_mono_engines(network)  # builds what the node then finds in the cache
    names = ("random_weights", "height", "width", "backend", "cache_dir", "device")
    bag = folder / "bag"
    if make_bag.main(["synthetic", str(bag), "--limit", str(options.frames)]):
        raise RuntimeError(f"could not make the recording {bag}")
    run = LiveRun(
        bag,
        folder,
        {f"network.{name}": getattr(network, name) for name in names},
        {"pace": "consumer", "rate": 100.0, "delay_s": 3.0},
        {
            "topics": ",".join((_IMAGE.lstrip("/"), *_AT_ONCE, *_ONE_BEHIND)),
            "use_sim_time": False,
        },
    )
    return run_live(run, lambda _: None)


def _arrivals(recording: Path) -> dict[str, dict[int, int]]:
    with Bag(recording) as bag:
        return by_stamp(bag.messages())


def by_stamp(messages: Iterable[BagMessage]) -> dict[str, dict[int, int]]:
    """Return when messages with a header were recorded, by topic and stamp, ns."""
    found: dict[str, dict[int, int]] = {}
    for message in messages:
        stamps = found.setdefault(message.topic, {})
        stamps[cdr.header_stamp_ns(message.data)] = message.time_ns
    return found
