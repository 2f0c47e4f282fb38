"""What is true of rendered triplets, gathered as ``Triplets`` has it."""

from __future__ import annotations

import torch
from torch import Tensor

from offline.synthetic.cameras import Views
from offline.synthetic.ground import ground_labels
from offline.synthetic.joined import GROUND, Joined
from offline.synthetic.truth import Carried, Exact, carry, exact
from offline.synthetic.visibility import Seen
from offline.synthetic.world import Triplets
from scene_perception.cityscapes import SKY

_VOID = 255


def triplet_truth(
    joined: Joined, views: Views, seen: Seen, left: Tensor, right: Tensor
) -> Triplets:
    """Return triplets with all that is true of them.

    Args:
        joined: B worlds.
        views: of the left cameras, three times of each world after another, then of the right
            ones. # 6 * B
        seen: by them.
        left: their images. # (B, 3, 3, H, W)
        right: # (B, 3, 3, H, W)
    """
    count = len(joined.worlds)
    before, now, after = (list(range(time, 3 * count, 3)) for time in range(3))
    current = views.of(now)
    places = exact(joined, current, seen.of(now))
    other = [now_right + 3 * count for now_right in now]
    forward, backward, beside = (
        carry(joined, places, current, views.of(there), seen.of(there))
        for there in (after, before, other)
    )
    rigs = [world.rig for world in joined.worlds]
    intrinsics = torch.stack([rig.intrinsics for rig in rigs]).to(joined.device)
    baseline = torch.tensor([rig.baseline_m for rig in rigs], dtype=torch.float64)
    baseline = baseline.to(joined.device)
    focal_baseline = (intrinsics[:, 0, 0] * baseline)[:, None, None]
    depth = places.depth.reshape(forward.x.shape)
    finite = depth.isfinite()
    labels, instances, moving = labels_of(joined, current, places)
    return Triplets(
        left=left,
        right=right,
        intrinsics=intrinsics,
        baseline_m=baseline,
        world_from_camera=torch.stack([rig.world_from_camera[:3] for rig in rigs]).to(intrinsics),
        depth=_plane(torch.where(finite, depth, 0)),
        depth_known=finite[:, None],
        disparity=_plane(focal_baseline / depth),
        next_disparity=_plane(torch.where(forward.known, focal_baseline / forward.depth, 0)),
        flow_forward=flow(forward),
        flow_backward=flow(backward),
        forward_known=forward.known[:, None],
        backward_known=backward.known[:, None],
        occluded_next=forward.hidden[:, None],
        occluded_previous=backward.hidden[:, None],
        occluded_right=beside.hidden[:, None],
        labels=labels,
        instances=instances,
        moving=moving,
        seeds=tuple(world.seed for world in joined.worlds),
    )


def flow(carried: Carried) -> Tensor:
    """Return how far pixels move to the other view, px; 0 where not known. # (V, 2, H, W)."""
    _, height, width = carried.x.shape
    rows = torch.arange(height, dtype=torch.float64, device=carried.x.device)[:, None]
    columns = torch.arange(width, dtype=torch.float64, device=carried.x.device)
    moved = torch.stack([carried.x - columns, carried.y - rows], 1)
    return torch.where(carried.known[:, None], moved, 0).float()


def labels_of(joined: Joined, views: Views, places: Exact) -> tuple[Tensor, Tensor, Tensor]:
    """Return what ``views`` see of classes, things and what moves.

    Returns:
        Cityscapes train ids, uint8 (V, H, W); numbers of things, int32 (V, H, W); bool
        (V, 1, H, W)
    """
    shape = (len(views), views.height, views.width)
    world = views.world.repeat_interleave(views.height * views.width)
    labels = torch.where(joined.has_ground, SKY, _VOID)[world].to(torch.uint8)
    chosen = (places.row == GROUND).nonzero()[:, 0]
    x, _, z = places.point[:, chosen].float().unbind(0)
    labels[chosen] = ground_labels(x, z, joined.ground[world[chosen]])
    solid = (places.row < GROUND).nonzero()[:, 0]
    row = places.row[solid]
    labels[solid] = joined.label[row]
    instances = torch.zeros_like(labels, dtype=torch.int32)
    instances[solid] = joined.instance[row].to(torch.int32)
    moving = torch.zeros_like(labels, dtype=torch.bool)
    moving[solid] = joined.moving[row]
    return labels.reshape(shape), instances.reshape(shape), moving.reshape(shape)[:, None]


def _plane(values: Tensor) -> Tensor:
    return values.float()[:, None]
