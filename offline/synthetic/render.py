"""Stereo triplets of worlds with their exact truth, many worlds at once.

Long drives use the same steps frame by frame: ``join``, ``camera_views``, ``look``,
``pictures`` for colour, ``truth.exact`` and ``truth.carry`` for what is true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from offline.synthetic import materials, shadows
from offline.synthetic.cameras import Views, bands, camera_views
from offline.synthetic.joined import Joined, join
from offline.synthetic.surfaces import hits_of
from offline.synthetic.triplet_truth import triplet_truth
from offline.synthetic.visibility import Seen, look
from offline.synthetic.world import Hits, Triplets, World

Shade = Callable[[Hits, Sequence[World]], Tensor]
Shots = Sequence[tuple[int, int, bool]]

_TIMES = 3


def render(
    worlds: Sequence[World],
    *,
    device: str | torch.device = "cpu",
    shade: Shade = materials.shade,
    samples: int = 1,
) -> Triplets:
    """Return the triplets at the first three instants of worlds.

    Args:
        worlds: of one image size.
        device: to draw on.
        shade: gives pixels their colour.
        samples: rays along each axis of a pixel for its colour; truth is that of its centre.

    Raises:
        ValueError: for no world, worlds that differ in size or number of times, fewer than three
            times, or fewer than one sample.
    """
    _require(worlds, samples)
    joined = join(worlds, device)
    count = len(worlds)
    shots = [(w, t, right) for right in (False, True) for w in range(count) for t in range(_TIMES)]
    views = camera_views(joined, shots)
    seen = look(joined, views)
    maps = sun_maps_of(joined, shots)
    if samples == 1:
        images = pictures(joined, views, seen, maps, shade=shade)
    else:
        images = fine_pictures(joined, shots, maps, samples=samples, shade=shade)
    shape = (2, count, _TIMES, 3, joined.height, joined.width)
    left, right = images.reshape(shape).unbind(0)
    return triplet_truth(joined, views, seen, left, right)


def sun_maps_of(joined: Joined, shots: Shots) -> shadows.SunMaps | None:
    """Return what the sun sees at the moments of shots; None where nothing casts shadows."""
    if not any(shadows.casts(joined.worlds[world]) for world, _, _ in shots):
        return None
    return shadows.sun_maps(joined, sorted({(world, time) for world, time, _ in shots}))


def pictures(
    joined: Joined,
    views: Views,
    seen: Seen,
    maps: shadows.SunMaps | None,
    *,
    shade: Shade = materials.shade,
) -> Tensor:
    """Return what views show, RGB 0..1, float32. # (V, 3, H, W).

    Args:
        joined: the worlds.
        views: of their cameras.
        seen: by them.
        maps: what the sun sees at their moments; None for light everywhere.
        shade: gives pixels their colour.
    """
    image = torch.empty(len(views), views.height, views.width, 3, device=joined.device)
    for top, bottom in bands(views):
        part, there = views.band(top, bottom), seen.band(top, bottom)
        hits = hits_of(joined, part, there)
        if maps is not None:
            hits = replace(hits, lit=shadows.lit(maps, part, there, hits))
        image[:, top:bottom] = shade(hits, joined.worlds).reshape(image[:, top:bottom].shape)
    return image.movedim(3, 1).contiguous()


def fine_pictures(
    joined: Joined,
    shots: Shots,
    maps: shadows.SunMaps | None,
    *,
    samples: int,
    shade: Shade = materials.shade,
) -> Tensor:
    """Return what the cameras show with several rays a pixel. # (V, 3, H, W), as ``pictures``."""
    views = camera_views(joined, shots, samples=samples)
    parts = []
    for index in range(len(views)):
        view = views.of([index])
        colour = pictures(joined, view, look(joined, view), maps, shade=shade)
        parts.append(avg_pool2d(colour, samples))
    return torch.cat(parts)


def _require(worlds: Sequence[World], samples: int) -> None:
    times = [len(world.rig.world_from_camera) for world in worlds]
    if min(times, default=_TIMES) < _TIMES:
        raise ValueError(
            f"worlds of triplets must have at least {_TIMES} times, got {times}; "
            "make them with more"
        )
    if samples < 1:
        raise ValueError(f"samples must be at least 1, got {samples}")
