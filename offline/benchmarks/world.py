"""What a rendered stereo triplet of the synthetic world costs, step by step."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence

import torch

from offline.benchmarks.table import Row, spread_columns
from offline.benchmarks.timing import Timing, take_turns
from offline.synthetic.cameras import camera_views
from offline.synthetic.joined import join
from offline.synthetic.make import make_world
from offline.synthetic.render import pictures, render, sun_maps_of
from offline.synthetic.settings import WorldSettings
from offline.synthetic.triplet_truth import triplet_truth
from offline.synthetic.visibility import look
from offline.synthetic.world import World

Contenders = Mapping[str, Callable[[], object]]

# Triplets drawn at once, as training asks for them.
_BATCH = {"cpu": 2, "cuda": 32}


def world_rows(options: Namespace) -> list[Row]:
    """Return the time of a batch of street worlds at the first size, by step, and its rate."""
    height, width = options.sizes[0]
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    settings = WorldSettings(height=height, width=width)
    worlds = [make_world(seed, settings) for seed in range(_BATCH[device])]
    contenders = {
        "make the worlds": lambda: [make_world(world.seed, settings) for world in worlds],
        **_steps(worlds, device),
        "render, all of it": lambda: render(worlds, device=device),
    }
    waiting = {name: _waits(step, device) for name, step in contenders.items()}
    timings = take_turns(waiting, repeats=options.repeats, warmup=1)
    return [_row(name, timing, len(worlds), device) for name, timing in timings.items()]


def _steps(worlds: Sequence[World], device: str) -> Contenders:
    joined = join(worlds, device)
    numbers = range(len(worlds))
    shots = [(w, t, right) for right in (False, True) for w in numbers for t in range(3)]
    views = camera_views(joined, shots)
    seen, maps = look(joined, views), sun_maps_of(joined, shots)
    flat = pictures(joined, views, seen, maps)
    images = flat.view(2, len(worlds), 3, *flat.shape[1:])
    return {
        "what the cameras see": lambda: look(joined, views),
        "what the sun sees": lambda: sun_maps_of(joined, shots),
        "colour of all images": lambda: pictures(joined, views, seen, maps),
        "truth": lambda: triplet_truth(joined, views, seen, images[0], images[1]),
    }


def _waits(step: Callable[[], object], device: str) -> Callable[[], object]:
    """Return a step that lasts until the device has done it."""
    if device != "cuda":
        return step

    def timed() -> object:
        result = step()
        torch.cuda.synchronize()
        return result

    return timed


def _row(name: str, timing: Timing, count: int, device: str) -> Row:
    rate = 1e3 * count / timing.median_ms
    return {
        "what": name,
        "device": device,
        "triplets": count,
        **spread_columns(timing),
        "triplets/s": rate,
    }
