"""What is true of rendered triplets, gathered as ``Triplets`` has it."""

from __future__ import annotations

import torch
from torch import Tensor

from offline.synthetic.cameras import Views, bands, of_pixels
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
    rigs = [world.rig for world in joined.worlds]
    intrinsics = torch.stack([rig.intrinsics for rig in rigs])
    baseline = intrinsics.new_tensor([rig.baseline_m for rig in rigs])
    parts = [_planes(joined, views, seen, band) for band in bands(views.of(slice(0, None, 6)))]
    planes = {name: torch.cat([part[name] for part in parts], -2) for name in parts[0]}
    return Triplets(
        left=left,
        right=right,
        intrinsics=intrinsics.to(joined.device),
        baseline_m=baseline.to(joined.device),
        world_from_camera=torch.stack([rig.world_from_camera[:3] for rig in rigs]).to(
            joined.device
        ),
        seeds=tuple(world.seed for world in joined.worlds),
        **planes,
    )


def _planes(joined: Joined, views: Views, seen: Seen, band: tuple[int, int]) -> dict[str, Tensor]:
    """Return what is true of some rows of the current left images, by its name."""
    count = 3 * len(joined.worlds)
    before, now, after = (list(range(time, count, 3)) for time in range(3))
    beside = [index + count for index in now]
    current = views.of(now).band(*band)
    places = exact(joined, current, seen.of(now).band(*band))
    backward, forward, right = (
        carry(joined, places, current, views.of(other), seen.of(other))
        for other in (before, after, beside)
    )
    depth = places.depth.reshape(forward.x.shape)
    focal_baseline = _focal_baseline(joined)
    labels, instances, moving = labels_of(joined, current, places)
    return {
        "depth": _plane(torch.where(depth.isfinite(), depth, 0)),
        "depth_known": depth.isfinite()[:, None],
        "disparity": _plane(focal_baseline / depth),
        "next_disparity": _plane(torch.where(forward.known, focal_baseline / forward.depth, 0)),
        "flow_forward": flow(forward, band[0]),
        "flow_backward": flow(backward, band[0]),
        "forward_known": forward.known[:, None],
        "backward_known": backward.known[:, None],
        "occluded_next": forward.hidden[:, None],
        "occluded_previous": backward.hidden[:, None],
        "occluded_right": right.hidden[:, None],
        "labels": labels,
        "instances": instances,
        "moving": moving[:, None],
    }


def flow(carried: Carried, top: int = 0) -> Tensor:
    """Return how far pixels move to the other view, px; 0 where not known. # (V, 2, H, W).

    Args:
        carried: what they see.
        top: row of the image that its first one is.
    """
    _, height, width = carried.x.shape
    rows = torch.arange(top, top + height, dtype=torch.float64, device=carried.x.device)
    columns = torch.arange(width, dtype=torch.float64, device=carried.x.device)
    moved = torch.stack([carried.x - columns, carried.y - rows[:, None]], 1)
    return torch.where(carried.known[:, None], moved, 0).float()


def labels_of(joined: Joined, views: Views, places: Exact) -> tuple[Tensor, Tensor, Tensor]:
    """Return what ``views`` see of classes, things and what moves.

    Returns:
        Cityscapes train ids, uint8; numbers of things, int32; bool. # (V, H, W) each
    """
    shape = (len(views), views.height, views.width)
    world = of_pixels(views, views.world)
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
    return labels.reshape(shape), instances.reshape(shape), moving.reshape(shape)


def _focal_baseline(joined: Joined) -> Tensor:
    """Return each rig's focal length times baseline, px m. # (B, 1, 1)."""
    rigs = [world.rig for world in joined.worlds]
    products = [float(rig.intrinsics[0, 0]) * rig.baseline_m for rig in rigs]
    return torch.tensor(products, dtype=torch.float64, device=joined.device)[:, None, None]


def _plane(values: Tensor) -> Tensor:
    return values.float()[:, None]
