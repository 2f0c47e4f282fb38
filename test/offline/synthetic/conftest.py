from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from offline.synthetic.world import Triplets


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
