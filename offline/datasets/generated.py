"""The generated street as samples whose truth is exact and of every kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from offline.datasets.label_maps import ids_of
from offline.datasets.samples import Sample, Truth
from offline.datasets.synthetic import RenderedPicture, render_left
from offline.synthetic.scene import Scene, make_scene
from offline.synthetic.sequence import require_size, stamp_ns
from offline.synthetic.stereo import StereoTruth, render_pair, render_right

# What is nearer in the next pair is as good as behind the camera: it has no match.
_NEAREST_M = 0.1
# Pairs whose truth is kept, as one kind is asked for after another.
_KEPT = 2

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]
Pair = Callable[[int], StereoTruth]


def generated_samples(
    count: int, *, seed: int = 0, height: int = 375, width: int = 1242
) -> tuple[Sample, ...]:
    """Return ``count`` samples at 10 Hz of the drive through the street of ``seed``.

    Frames and stamps are those of ``synthetic_sequence``. Every role and every kind of truth
    is there, each rendered when asked for. The sky has no depth and no disparity; flow is
    known everywhere but at what the camera has passed by the next frame.

    Raises:
        ValueError: for a negative count or an image below 16x16 px.
    """
    require_size(count, height, width)
    scene = make_scene(seed, height, width)
    pair = lru_cache(maxsize=_KEPT)(partial(render_pair, scene))
    return tuple(
        Sample(
            name=f"{index:06d}",
            pictures=_pictures(scene, index),
            truth={kind: partial(_known, read, pair, index) for kind, read in _TRUTH.items()},
            sequence=f"street_{seed}",
            stamp_ns=stamp_ns(index),
        )
        for index in range(count)
    )


def _pictures(scene: Scene, index: int) -> dict[str, RenderedPicture]:
    renders = {
        "previous": partial(render_left, scene, index - 1),
        "current": partial(render_left, scene, index),
        "next": partial(render_left, scene, index + 1),
        "right": partial(render_right, scene, index),
        "next_right": partial(render_right, scene, index + 1),
    }
    return {role: RenderedPicture(render) for role, render in renders.items()}


def _known(read: Callable[[StereoTruth], Truth], pair: Pair, index: int) -> Truth:
    return read(pair(index))


def _depth(pair: StereoTruth) -> Float:
    return np.where(_solid(pair), pair.left.depth, np.float32(0))


def _flow_occ(pair: StereoTruth) -> tuple[Float, Mask]:
    known = _ahead(pair)
    return np.where(known[..., None], pair.left.flow, np.float32(0)), known


def _flow_noc(pair: StereoTruth) -> tuple[Float, Mask]:
    known = _ahead(pair) & _inside_next(pair)
    return np.where(known[..., None], pair.left.flow, np.float32(0)), known


def _disparity_occ_0(pair: StereoTruth) -> Float:
    return _where(_solid(pair), pair.disparity)


def _disparity_noc_0(pair: StereoTruth) -> Float:
    inside = _columns(pair.disparity) - pair.disparity >= 0
    return _where(_solid(pair) & inside, pair.disparity)


def _disparity_occ_1(pair: StereoTruth) -> Float:
    return _where(_solid(pair) & _ahead(pair), pair.next_disparity)


def _disparity_noc_1(pair: StereoTruth) -> Float:
    """Return the next disparity where both images of the next pair show the point."""
    next_right = _columns(pair.disparity) + pair.left.flow[..., 0] - pair.next_disparity
    inside = _inside_next(pair) & (next_right >= 0)
    return _where(_solid(pair) & _ahead(pair) & inside, pair.next_disparity)


_TRUTH: dict[str, Callable[[StereoTruth], Truth]] = {
    "depth": _depth,
    "flow_noc": _flow_noc,
    "flow_occ": _flow_occ,
    "disparity_noc_0": _disparity_noc_0,
    "disparity_occ_0": _disparity_occ_0,
    "disparity_noc_1": _disparity_noc_1,
    "disparity_occ_1": _disparity_occ_1,
    "object_map": lambda pair: pair.movers,
    "labels": lambda pair: pair.left.labels,
    "label_ids": lambda pair: ids_of(pair.left.labels),
    "world_from_camera": lambda pair: pair.left.world_from_camera,
}


def _solid(pair: StereoTruth) -> Mask:
    """Return where something other than the sky is seen. # (H, W)."""
    return np.isfinite(pair.left.depth)


def _ahead(pair: StereoTruth) -> Mask:
    """Return where the next camera has the point in front of it. # (H, W)."""
    ahead: Mask = pair.next_disparity < pair.camera.focal_baseline / _NEAREST_M
    return ahead


def _inside_next(pair: StereoTruth) -> Mask:
    """Return where the next left image shows the point's place. # (H, W)."""
    height, width = pair.left.depth.shape
    x = _columns(pair.disparity) + pair.left.flow[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] + pair.left.flow[..., 1]
    inside: Mask = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return inside


def _columns(like: Float) -> Float:
    """Return every pixel's column. # (1, W)."""
    return np.arange(like.shape[1], dtype=np.float32)[None]


def _where(known: Mask, values: Float) -> Float:
    return np.where(known, values, np.float32(np.nan))
