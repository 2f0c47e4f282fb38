from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
import torch

from offline.synthetic.assembly import Part
from offline.synthetic.ground import COLUMNS
from offline.synthetic.world import BOX, SPHERE, Bodies, Rig, Solids, Triplets, World


@pytest.fixture
def some_triplets() -> Callable[..., Triplets]:
    """Return triplets of random values with the layout that ``Triplets`` promises."""

    def make(count: int = 2, height: int = 16, width: int = 32, seed: int = 0) -> Triplets:
        generator = torch.Generator().manual_seed(seed)
        plane = (count, 1, height, width)

        def uniform(shape: tuple[int, ...], scale: float = 1) -> torch.Tensor:
            return scale * torch.rand(shape, generator=generator)

        def chance(shape: tuple[int, ...] = plane) -> torch.Tensor:
            return uniform(shape) < 0.7

        images = (uniform((count, 3, 3, height, width)) * 255).round() / 255
        poses = torch.eye(4, dtype=torch.float64).repeat(count, 3, 1, 1)
        poses[:, :, 2, 3] = torch.tensor([0.0, 0.8, 1.7], dtype=torch.float64)
        known = chance()
        return Triplets(
            left=images,
            right=images.flip(-1),
            intrinsics=torch.tensor([[30.0, 0, 15.5], [0, 30, 7.5], [0, 0, 1]]).double()[None]
            .repeat(count, 1, 1),
            baseline_m=torch.full((count,), 0.5, dtype=torch.float64),
            world_from_camera=poses,
            depth=(1 + uniform(plane, 60)) * known,
            depth_known=known,
            disparity=uniform(plane, 20),
            next_disparity=uniform(plane, 20),
            flow_forward=uniform((count, 2, height, width), 10) - 5,
            flow_backward=uniform((count, 2, height, width), 10) - 5,
            forward_known=chance(),
            backward_known=chance(),
            occluded_next=chance(),
            occluded_previous=chance(),
            occluded_right=chance(),
            labels=(uniform((count, height, width)) * 19).to(torch.uint8),
            instances=(uniform((count, height, width)) * 5).to(torch.int32),
            moving=chance(),
            seeds=tuple(range(seed, seed + count)),
        )  # fmt: skip

    return make


@pytest.fixture
def make_small_world() -> Callable[..., World]:
    """Return worlds of a few unit shapes seen by a camera at (0, -1.5, 0) that looks along z.

    Focal length 64 px, principal point at pixel (32, 16) of 64 x 32, baseline 0.5 m.
    """

    def make(
        *solids: tuple[int, tuple[float, float, float], tuple[float, float, float]],
        motion: tuple[float, float, float] = (0, 0, 0),
        drive: tuple[float, float, float] = (0, 0, 0),
        yaw: float = 0,
        ground: bool = True,
        to_sun: tuple[float, float, float] | None = None,
        size: tuple[int, int] = (32, 64),
        seed: int = 0,
    ) -> World:
        """Take shape, centre and half sizes of solids; all but the first stand still.

        Args:
            solids: each a body of its own.
            motion: of the first between two times, m.
            drive: of the camera between two times, m.
            yaw: the same, rad.
            ground: whether there is any.
            to_sun: towards it, of any length.
            size: of the image.
            seed: of the world.
        """
        double = torch.float64
        count, steps = len(solids), torch.arange(3, dtype=double) - 1
        bodies = torch.eye(4, dtype=double).repeat(3, count + 1, 1, 1)
        maps = torch.zeros(count, 3, 4, dtype=double)
        for index, (_, centre, half) in enumerate(solids):
            bodies[:, index + 1, :3, 3] = torch.tensor(centre, dtype=double)
            maps[index, :, :3] = torch.diag(torch.tensor(half, dtype=double))
        moving = torch.zeros(count + 1, dtype=torch.bool)
        if any(motion):
            moving[1] = True
            bodies[:, 1, :3, 3] += steps[:, None] * torch.tensor(motion, dtype=double)
        cameras = torch.eye(4, dtype=double).repeat(3, 1, 1)
        cameras[:, :3, 3] = steps[:, None] * torch.tensor(drive, dtype=double)
        cameras[:, 1, 3] -= 1.5
        cos, sin = torch.cos(yaw * steps), torch.sin(yaw * steps)
        cameras[:, 0, 0], cameras[:, 0, 2], cameras[:, 2, 0], cameras[:, 2, 2] = cos, sin, -sin, cos
        intrinsics = torch.tensor([[64.0, 0, 32], [0, 64, 16], [0, 0, 1]], dtype=double)
        sun = None if to_sun is None else torch.tensor(to_sun, dtype=double)
        return World(
            seed=seed,
            height=size[0],
            width=size[1],
            rig=Rig(intrinsics, 0.5, cameras),
            bodies=Bodies(bodies, torch.arange(count + 1), moving),
            solids=Solids(
                torch.tensor([shape for shape, _, _ in solids], dtype=torch.int64),
                torch.arange(count) + 1,
                maps,
                torch.arange(count),
                (torch.arange(count) + 11).to(torch.uint8),
            ),
            materials=torch.zeros(max(count, 1), 4),
            ground=torch.zeros(COLUMNS) if ground else None,
            light=torch.zeros(23),
            to_sun=None if sun is None else sun / sun.norm(),
        )

    return make


@pytest.fixture
def lowest() -> Callable[[Sequence[Part]], float]:
    """Return how far the lowest point of parts lies below their body's origin, m."""

    def measure(parts: Sequence[Part]) -> float:
        return max(_lowest(part) for part in parts)

    return measure


def _lowest(part: Part) -> float:
    x, y, z, middle = part.frame[4:8]
    if part.shape == BOX:
        return middle + abs(x) + abs(y) + abs(z)
    if part.shape == SPHERE:
        return middle + math.sqrt(x * x + y * y + z * z)
    return middle + abs(y) + math.hypot(x, z)  # along a cylinder's or cone's axis, and across
