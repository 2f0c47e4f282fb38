"""Several worlds as one: tables of all their solids, at every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from offline.synthetic.world import World

# Rows of what is no solid, in joined tables; ``Hits.solid`` has -1 and -2 for them.
GROUND, SKY = 2**31 - 2, 2**31 - 1


@dataclass(frozen=True, eq=False)
class Joined:
    """The worlds of a batch as tables on one device; rows of solids are counted through all.

    Attributes:
        worlds: that were joined, in their order.
        height: of images, px.
        width: of images, px.
        shape: of each solid. # (N,) int64
        world: that it is in. # (N,) int64
        first: row of each world's first solid, and N. # (B + 1,) int64
        material: row of the joined materials. # (N,) int64
        label: Cityscapes train id. # (N,) uint8
        instance: of its body. # (N,) int64
        moving: of its body. # (N,) bool
        fixed: whether it is in one place at all times. # (N,) bool
        world_from_local: of points, float64. # (T, N, 3, 4)
        local_from_world: the inverse. # (T, N, 3, 4)
        body_from_local: float64. # (N, 3, 4)
        world_from_body: the body of each solid, float64. # (T, N, 3, 4)
        has_ground: of each world. # (B,) bool
        ground: layout of each world's, 0 where it has none. # (B, G) float32
    """

    worlds: tuple[World, ...]
    height: int
    width: int
    shape: Tensor
    world: Tensor
    first: Tensor
    material: Tensor
    label: Tensor
    instance: Tensor
    moving: Tensor
    fixed: Tensor
    world_from_local: Tensor
    local_from_world: Tensor
    body_from_local: Tensor
    world_from_body: Tensor
    has_ground: Tensor
    ground: Tensor

    @property
    def device(self) -> torch.device:
        """Return where the tables are."""
        return self.shape.device

    @property
    def times(self) -> int:
        """Return at how many instants the worlds are known."""
        return self.world_from_local.shape[0]


def join(worlds: Sequence[World], device: str | torch.device = "cpu") -> Joined:
    """Return ``worlds`` as one set of tables on ``device``.

    Raises:
        ValueError: for no world, or worlds of different image sizes or numbers of times.
    """
    _require_alike(worlds)
    bodies = [world.bodies.world_from_body[:, world.solids.body] for world in worlds]
    world_from_body = torch.cat(bodies, 1).to(device, torch.float64)
    body_from_local = torch.cat([w.solids.body_from_local for w in worlds]).to(
        device, torch.float64
    )
    counts = [len(world.solids.shape) for world in worlds]
    first = torch.tensor([0, *counts]).cumsum(0).to(device)
    square = world_from_body @ _squared(body_from_local)
    return Joined(
        worlds=tuple(worlds),
        height=worlds[0].height,
        width=worlds[0].width,
        shape=torch.cat([w.solids.shape for w in worlds]).to(device),
        world=torch.repeat_interleave(torch.tensor(counts)).to(device),
        first=first,
        material=_materials(worlds).to(device),
        label=torch.cat([w.solids.label for w in worlds]).to(device),
        instance=torch.cat([w.bodies.instance[w.solids.body] for w in worlds]).to(device),
        moving=torch.cat([w.bodies.moving[w.solids.body] for w in worlds]).to(device),
        fixed=(square == square[:1]).flatten(2).all(2).all(0),
        world_from_local=square[..., :3, :].contiguous(),
        local_from_world=torch.linalg.inv(square)[..., :3, :].contiguous(),
        body_from_local=body_from_local,
        world_from_body=world_from_body[..., :3, :].contiguous(),
        has_ground=torch.tensor([w.ground is not None for w in worlds], device=device),
        ground=_grounds(worlds).to(device),
    )


def _require_alike(worlds: Sequence[World]) -> None:
    kinds = {(w.height, w.width, len(w.rig.world_from_camera)) for w in worlds}
    if len(kinds) != 1:
        raise ValueError(
            "worlds that are drawn together must be at least one, all with the same height, "
            f"width and number of times, got {sorted(kinds)}; draw them one by one"
        )


def _materials(worlds: Sequence[World]) -> Tensor:
    counts = torch.tensor([0, *(len(world.materials) for world in worlds)]).cumsum(0)
    rows = [w.solids.material + start for w, start in zip(worlds, counts, strict=False)]
    return torch.cat(rows)


def _grounds(worlds: Sequence[World]) -> Tensor:
    rows = [torch.zeros(0) if world.ground is None else world.ground for world in worlds]
    return pad_sequence(rows, batch_first=True)


def _squared(affine: Tensor) -> Tensor:
    """Return affine maps with their last row. # (..., 3, 4) -> (..., 4, 4)."""
    last = affine.new_tensor([0.0, 0.0, 0.0, 1.0]).expand(*affine.shape[:-2], 1, 4)
    return torch.cat([affine, last], -2)
