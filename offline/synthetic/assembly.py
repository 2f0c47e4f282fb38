"""A world while it is put together: rows are added thing by thing, then become tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from offline.synthetic.affine import Affine
from offline.synthetic.draws import Draws
from offline.synthetic.palette import Material
from offline.synthetic.world import Bodies, Rig, Solids

_LAST_ROW = (0.0, 0.0, 0.0, 1.0)
_SHADOW_M = 8.0  # what is this far out of view may still throw its shadow into it
_SHADOW_FAR_M = 30.0  # but only where it would be seen well


@dataclass(frozen=True)
class Part:
    """A solid in its body's frame.

    Attributes:
        shape: ``world.BOX`` ... ``world.DISC``.
        frame: body from local.
        material: row.
        label: Cityscapes train id.
    """

    shape: int
    frame: Affine
    material: int
    label: int


class Assembly:
    """The rows of a world.

    Attributes:
        clock: the instants, s.
    """

    def __init__(self, seed: int, clock: Sequence[float]) -> None:
        self.clock = tuple(clock)
        self._seeds = Draws(seed, "materials")
        self._materials: list[tuple[float, ...]] = []
        self._parts: list[tuple[Part, int]] = []  # and the body's row
        self._poses: list[Sequence[Affine]] = []
        self._owner: list[tuple[int, int]] = []  # instance and group of each body
        self._instances = self._groups = 0

    def material(self, material: Material) -> int:
        """Add a material and return its row."""
        self._materials.append(material.row(self._seeds.uniform(0, 1000)))
        return len(self._materials) - 1

    def scenery(self, parts: Sequence[Part], pose: Affine) -> None:
        """Add what stands still and is no thing of its own."""
        self._groups += 1
        self._body(parts, [pose] * len(self.clock), 0)

    def thing(self, limbs: Sequence[tuple[Sequence[Part], Sequence[Affine]]]) -> None:
        """Add one thing of one or more bodies, each with its poses at the instants."""
        self._groups += 1
        self._instances += 1
        for parts, poses in limbs:
            self._body(parts, poses, self._instances)

    def _body(self, parts: Sequence[Part], poses: Sequence[Affine], instance: int) -> None:
        self._poses.append(poses)
        self._owner.append((instance, self._groups))
        self._parts += [(part, len(self._poses) - 1) for part in parts]

    def finished(self, rig: Rig, size: tuple[int, int], most: int) -> tuple[Bodies, Solids, Tensor]:
        """Return bodies, solids and materials of what the camera can see.

        Args:
            rig: the camera.
            size: height and width of its images.
            most: solids to keep; of more, far and small things are left out.
        """
        solids, owner = self._solids(), torch.tensor(self._owner)
        bodies = _bodies(self._poses, owner[:, 0])
        small = _smallness(bodies, solids, rig, size)
        kept = _kept(small, owner[solids.body, 1], most)
        used, body = torch.unique(solids.body[kept], return_inverse=True)
        bodies = Bodies(bodies.world_from_body[:, used], bodies.instance[used], bodies.moving[used])
        chosen = Solids(
            solids.shape[kept],
            body,
            solids.body_from_local[kept],
            solids.material[kept],
            solids.label[kept],
        )
        return bodies, chosen, torch.tensor(self._materials, dtype=torch.float32)

    def _solids(self) -> Solids:
        parts = [part for part, _ in self._parts]
        frames = torch.tensor([part.frame for part in parts], dtype=torch.float64)
        return Solids(
            torch.tensor([part.shape for part in parts]),
            torch.tensor([body for _, body in self._parts]),
            frames.view(-1, 3, 4),
            torch.tensor([part.material for part in parts]),
            torch.tensor([part.label for part in parts], dtype=torch.uint8),
        )


def _bodies(poses: Sequence[Sequence[Affine]], instance: Tensor) -> Bodies:
    exact = torch.tensor(
        [[(*pose, *_LAST_ROW) for pose in body] for body in poses], dtype=torch.float64
    )
    world_from_body = exact.view(len(poses), -1, 4, 4).transpose(0, 1).contiguous()
    changes = (world_from_body != world_from_body[:1]).flatten(2).any(2).any(0)
    moved = torch.zeros(int(instance.max()) + 1, dtype=torch.bool)
    moved[instance[changes]] = True
    return Bodies(world_from_body, instance, moved[instance])


def _smallness(bodies: Bodies, solids: Solids, rig: Rig, size: tuple[int, int]) -> Tensor:
    """Return how little each solid matters: far and small things least. # (N,).

    It is the least distance over the root of the size; infinite for what is out of view.
    """
    world = bodies.world_from_body[:, solids.body]
    centre = (world[..., :3, :3] @ solids.body_from_local[:, :, 3:])[..., 0] + world[..., :3, 3]
    reach = solids.body_from_local[:, :, :3].norm(dim=(1, 2))
    pose = rig.world_from_camera
    seen = (centre - pose[:, None, :3, 3]) @ pose[:, :3, :3]  # (T, N, 3) in the camera
    fx, cx = float(rig.intrinsics[0, 0]), float(rig.intrinsics[0, 2])
    slope = max(cx, size[1] - cx) / fx
    beside = (seen[..., 0].abs() - slope * seen[..., 2]) / math.hypot(1, slope)
    margin = reach + rig.baseline_m + _SHADOW_M * (seen[..., 2] < _SHADOW_FAR_M)
    distance = seen.norm(dim=-1) - reach
    visible = (beside < margin) & (seen[..., 2] > -margin)
    small: Tensor = torch.where(visible, distance, math.inf).amin(0) / reach.clamp(min=1).sqrt()
    return small


def _kept(small: Tensor, group: Tensor, most: int) -> Tensor:
    """Return the rows to keep: whole groups, those that matter most first."""
    count = int(group.max()) + 1
    closest = torch.full((count,), math.inf, dtype=small.dtype)
    closest = closest.scatter_reduce(0, group, small, "amin")
    sizes = torch.bincount(group, minlength=count)
    order = closest.argsort(stable=True)
    fits = (sizes[order].cumsum(0) <= most) & closest[order].isfinite()
    wanted = torch.zeros(count, dtype=torch.bool)
    wanted[order[fits]] = True
    return wanted[group].nonzero()[:, 0]
