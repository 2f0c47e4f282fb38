"""Insta-DM's training loss (Lee et al., AAAI 2021; ``train.py``, ``loss_functions.py``)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import NamedTuple

import torch
from torch import Tensor

from offline.losses.motion_consistency import motion_consistency_loss
from offline.losses.object_scale import object_scale_loss
from offline.losses.projection import ProjectionSettings
from offline.losses.reference import ProjectedPair, Reference, project_pair
from offline.losses.smoothness import divide_by_mean, edge_aware_changes


@dataclass(frozen=True)
class InstaDMWeights:
    """What each term counts in the total; the defaults are those of the training scripts.

    Raises:
        ValueError: for a weight below 0 or not finite.
    """

    photo: float = 2.0
    geometry: float = 1.0
    smooth: float = 0.1
    scale: float = 0.02
    motion: float = 0.1
    height: float = 0.0
    depth_mean: float = 0.0

    def __post_init__(self) -> None:
        for term in fields(self):
            weight = getattr(self, term.name)
            if not (math.isfinite(weight) and weight >= 0):
                raise ValueError(
                    f"weight {term.name} must be a finite number of at least 0, got {weight}"
                )


@dataclass(frozen=True)
class InstaDMSettings:
    """How the loss is made; the defaults are those of the published training.

    Attributes:
        weights: of the terms.
        projection: of one frame against another.
        motion_alpha: weight of the translation in the motion term.
        max_depth_difference: pixels beyond it do not count in the motion term.
        published_nan: let the scale term be NaN where instances are counted but none has a
            height, as the published code does; else it is 0 there.
    """

    weights: InstaDMWeights = field(default_factory=InstaDMWeights)
    projection: ProjectionSettings = field(default_factory=ProjectionSettings)
    motion_alpha: float = 5.0
    max_depth_difference: float = 0.1
    published_nan: bool = False


class InstaDMLosses(NamedTuple):
    """The terms and their weighted sum, scalars, and what they came from."""

    photo: Tensor
    geometry: Tensor
    smooth: Tensor
    scale: Tensor
    motion: Tensor
    height: Tensor
    depth_mean: Tensor
    total: Tensor
    pairs: tuple[ProjectedPair, ...]


def insta_dm_losses(
    image: Tensor,
    depth: Tensor,
    references: Sequence[Reference],
    intrinsics: Tensor,
    height_prior: Tensor,
    settings: InstaDMSettings,
) -> InstaDMLosses:
    """Return the loss of a batch of targets with their references.

    Args:
        image: of the target, -1..1. # (B, 3, H, W)
        depth: of the target. # (B, 1, H, W)
        references: previous and next frame, in any order.
        intrinsics: of all frames. # (B, 3, 3)
        height_prior: of objects, learned, in the unit of the depth, a scalar.
        settings: of the loss.

    Raises:
        ValueError: without references, or for shapes that do not match.
    """
    if not references:
        raise ValueError("references must be at least one, got none")
    pairs = tuple(
        project_pair(image, depth, reference, intrinsics, settings.projection)
        for reference in references
    )
    frames = [(image, depth), *((r.image, r.depth) for r in references)]
    projections = [projection for pair in pairs for projection in (pair.forward, pair.backward)]
    terms = {
        "photo": _sum(projection.photo for projection in projections),
        "geometry": _sum(projection.geometry for projection in projections),
        "smooth": _sum(depth_smoothness(d, i) for i, d in frames),
        "scale": _sum(
            pair_scale_loss(height_prior, depth, reference, intrinsics, settings)
            for reference in references
        ),
        "motion": _sum(_motion_loss(pair, settings) for pair in pairs) / len(pairs),
        "height": height_prior,
        "depth_mean": _sum((1 / d).mean() for _, d in frames) / len(frames),
    }
    total = _sum(getattr(settings.weights, name) * term for name, term in terms.items())
    return InstaDMLosses(**terms, total=total, pairs=pairs)


def depth_smoothness(depth: Tensor, image: Tensor) -> Tensor:
    """Return how much depth over its mean varies where the image does not, a scalar.

    Unlike other systems it is the depth, not its inverse; and the sums of changes are divided
    by the number of pixels, not of neighbours (``compute_smooth_loss``).

    Args:
        depth: # (B, 1, H, W)
        image: -1..1. # (B, 3, H, W)

    Raises:
        ValueError: for sizes that differ.
    """
    along_x, along_y = edge_aware_changes(divide_by_mean(depth), image)
    return (along_x.sum() + along_y.sum()) / depth.numel()


def pair_scale_loss(
    height_prior: Tensor,
    depth: Tensor,
    reference: Reference,
    intrinsics: Tensor,
    settings: InstaDMSettings,
) -> Tensor:
    """Return the mean of the scale losses of target and reference, 0 without instances.

    Args:
        height_prior: of objects, a scalar.
        depth: of the target. # (B, 1, H, W)
        reference: the other frame.
        intrinsics: of both. # (B, 3, 3)
        settings: of the loss.

    Raises:
        ValueError: for shapes that do not match.
    """
    frames = (depth, reference.target_instances), (reference.depth, reference.instances)
    losses = [
        object_scale_loss(
            height_prior, d, instances, intrinsics, published_nan=settings.published_nan
        )
        for d, instances in frames
    ]
    counted = reference.target_instances[:, 0, 0, 0].sum() > 0
    return torch.where(counted, (losses[0] + losses[1]) / 2, 0.0)


def _motion_loss(pair: ProjectedPair, settings: InstaDMSettings) -> Tensor:
    return motion_consistency_loss(
        pair.field_forward,
        pair.field_backward,
        pair.forward,
        alpha=settings.motion_alpha,
        max_depth_difference=settings.max_depth_difference,
    )


def _sum(terms: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(terms)).sum()
