"""Views: how rays leave the pixels of a picture, and where a point lies in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from offline.synthetic.joined import Joined


@dataclass(frozen=True, eq=False)
class Views:
    """Pictures to take of joined worlds, all of one size; world axes, metres, float64.

    Pixel ``p = [x, y, 1]`` shows what is first met on ``origin @ p + depth * (direction @ p)``.
    A point ``q = [x, y, z, 1]`` has ``projection @ q = [x * w, y * w, w, depth]``.

    Attributes:
        world: index of the world. # (V,) int64
        time: index of the instant. # (V,) int64
        origin: of rays; of a camera only the last column is not 0. # (V, 3, 3)
        direction: of rays; of parallel rays only the last column is not 0. # (V, 3, 3)
        projection: # (V, 4, 4)
        height: px.
        width: px.
        near_m: what is nearer is not seen.
        parallel: whether all rays have one direction; else all start in one place.
    """

    world: Tensor
    time: Tensor
    origin: Tensor
    direction: Tensor
    projection: Tensor
    height: int
    width: int
    near_m: float
    parallel: bool

    def __len__(self) -> int:
        return len(self.world)

    def of(self, chosen: Sequence[int] | slice) -> Views:
        """Return some of the views."""
        return replace(
            self,
            world=self.world[chosen],
            time=self.time[chosen],
            origin=self.origin[chosen],
            direction=self.direction[chosen],
            projection=self.projection[chosen],
        )

    def band(self, top: int, bottom: int) -> Views:
        """Return the views of some of their rows of pixels."""
        origin, direction, projection = (
            part.clone() for part in (self.origin, self.direction, self.projection)
        )
        origin[:, :, 2] += top * origin[:, :, 1]
        direction[:, :, 2] += top * direction[:, :, 1]
        projection[:, 1] -= top * projection[:, 2]
        return replace(
            self, origin=origin, direction=direction, projection=projection, height=bottom - top
        )


NEAR_M = 0.1
# Pixels worked on at once: what a core's cache holds, and what keeps a GPU busy.
_PIXELS = {"cpu": 2**16, "cuda": 2**23}


def camera_views(
    joined: Joined, shots: Sequence[tuple[int, int, bool]], *, samples: int = 1
) -> Views:
    """Return views of the worlds' own cameras.

    Args:
        joined: the worlds.
        shots: world, time, and whether it is the right camera's, of each view.
        samples: pixels along each axis for one of the image.
    """
    rigs = [world.rig for world in joined.worlds]
    intrinsics = torch.stack([_finer(rigs[w].intrinsics, samples) for w, _, _ in shots])
    poses = torch.stack([rigs[w].world_from_camera[t] for w, t, _ in shots])
    baselines = [rigs[w].baseline_m * right for w, _, right in shots]
    place = poses[:, :3, 3] + poses[:, :3, 0] * poses.new_tensor(baselines)[:, None]
    rotation = poses[:, :3, :3]
    origin = torch.zeros_like(intrinsics)
    origin[:, :, 2] = place
    camera_from_world = torch.cat([rotation.mT, -rotation.mT @ place[..., None]], -1)
    device = joined.device
    return Views(
        world=torch.tensor([w for w, _, _ in shots], device=device),
        time=torch.tensor([t for _, t, _ in shots], device=device),
        origin=origin.to(device),
        direction=(rotation @ torch.linalg.inv(intrinsics)).to(device),
        projection=_perspective(intrinsics, camera_from_world).to(device),
        height=joined.height * samples,
        width=joined.width * samples,
        near_m=NEAR_M,
        parallel=False,
    )


def bands(views: Views) -> Iterator[tuple[int, int]]:
    """Yield rows of pixels to work on at once: each band's first, and the one after its last."""
    rows = max(1, _PIXELS[views.world.device.type] // (len(views) * views.width))
    for top in range(0, views.height, rows):
        yield top, min(top + rows, views.height)


def on_pixels(views: Views, linear: Tensor) -> Tensor:
    """Return what maps of [x, y, 1] give at each pixel, in their floating-point type.

    Args:
        views: V of them.
        linear: one map a view. # (V, 3, 3)

    Returns:
        View after view. # (3, V * H * W)
    """
    y = torch.arange(views.height, dtype=linear.dtype, device=linear.device)[:, None]
    x = torch.arange(views.width, dtype=linear.dtype, device=linear.device)
    by_x, by_y, base = linear.movedim(1, 0)[..., None, None].unbind(2)
    return (by_x * x + (by_y * y + base)).flatten(1)


def of_pixels(views: Views, values: Tensor) -> Tensor:
    """Return each view's value for each of its pixels. # (..., V) -> (..., V * H * W)."""
    return values.repeat_interleave(views.height * views.width, -1)


def project(views: Views, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return where points lie in each view.

    Args:
        views: V of them.
        points: in the world; directions have a last number of 0 instead of 1. # (4, V * P)

    Returns:
        Column, row (px; without meaning where depth is not positive) and depth. # (V * P,) each
    """
    shaped = points.reshape(4, len(views), -1).movedim(1, 0)
    x, y, w, depth = (views.projection.to(points.dtype) @ shaped).movedim(1, 0).reshape(4, -1)
    w = torch.where(w > 0, w, 1.0)
    return x / w, y / w, depth


def _perspective(intrinsics: Tensor, camera_from_world: Tensor) -> Tensor:
    image = intrinsics @ camera_from_world
    return torch.cat([image, camera_from_world[:, 2:]], 1)


def _finer(intrinsics: Tensor, samples: int) -> Tensor:
    """Return K of an image with ``samples`` times the pixels along each axis, borders kept."""
    scale, shift = float(samples), (samples - 1) / 2
    finer = intrinsics.new_tensor([[scale, 0, shift], [0, scale, shift], [0, 0, 1]])
    return finer @ intrinsics
