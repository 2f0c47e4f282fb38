"""Insta-DM's losses and instance association in a golden case, from the case's own inputs.

Sample i of a batch has the target image ``seed + 1 + 3 i`` and the references ``seed + 3 i``
(previous) and ``seed + 2 + 3 i`` (next), of the size of the case's maps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from offline.golden.case import Array, Case
from offline.golden.insta_dm_geometry import Inputs
from offline.losses.forward_warp import EgoWarp, remove_ego_motion
from offline.losses.insta_dm import InstaDMLosses, InstaDMSettings, insta_dm_losses
from offline.losses.instances import pair_by_flow
from offline.losses.projection import ProjectionSettings
from offline.losses.reference import ProjectedPair, Reference
from offline.losses.ssim import dissimilarity
from scene_perception.geometry.se3 import pose_matrix

_TARGET_OFFSET = 1
_OFFSETS = {"prev": 0, "next": 2}
_OF_REFERENCE = ("depth", "ego_fwd", "ego_bwd", "obj_fwd", "obj_bwd", "inst_target", "inst_ref")
_GIVEN = ("K", "depth_target", *(f"{n}_{role}" for role in _OFFSETS for n in _OF_REFERENCE))
_ASSOCIATION = ("assoc_seg0", "assoc_seg1", "assoc_flow_f", "assoc_flow_b")
_HEIGHT_PRIOR = 0.02  # its initial value; the stand-in for a scalar would be 0
_SETTINGS = InstaDMSettings(published_nan=True)
_PROJECTIONS = {
    "_no_ssim": ProjectionSettings(ssim=False),
    "_no_mask": ProjectionSettings(depth_weight=False),
    "_no_automask": ProjectionSettings(automask=False),
    "_only_obj": ProjectionSettings(only_objects=True),
    "_border": ProjectionSettings(padding="border"),
}


@dataclass(frozen=True)
class _Batch:
    """A case's target frames and their references."""

    image: Tensor
    depth: Tensor
    intrinsics: Tensor
    references: tuple[Reference, ...]

    def losses(self, settings: InstaDMSettings) -> InstaDMLosses:
        prior = self.depth.new_tensor(_HEIGHT_PRIOR)
        return insta_dm_losses(
            self.image, self.depth, self.references, self.intrinsics, prior, settings
        )


def inputs(case: Case) -> set[str]:
    """Return the names of a case's arrays that its losses and its association read."""
    return {name for group in (_GIVEN, _ASSOCIATION) if _holds(case, group) for name in group}


@torch.inference_mode()
def arrays(case: Case, seed: int) -> dict[str, Array]:
    """Return our losses and association for a case that has all their inputs, else none.

    Args:
        case: given arrays and results by their names.
        seed: of the first sample's previous image.

    Raises:
        ValueError: for inputs that do not fit together.
    """
    given = Inputs(case, seed)
    found: dict[str, Tensor] = {}
    try:
        if _holds(case, _GIVEN):
            found |= _loss_arrays(given)
        if _holds(case, _ASSOCIATION):
            found |= _association(given)
    except RuntimeError as error:
        raise ValueError(f"inputs of Insta-DM's losses do not fit together: {error}") from error
    return {name: tensor.numpy() for name, tensor in found.items() if name in case}


def _holds(case: Case, group: tuple[str, ...]) -> bool:
    return case.keys() >= set(group)


def _loss_arrays(given: Inputs) -> dict[str, Tensor]:
    image = given.images("depth_target", _TARGET_OFFSET)
    found: dict[str, Tensor] = {}
    references = []
    for role in _OFFSETS:
        reference, warp = _reference(given, role, image)
        references.append(reference)
        found |= _ego_warp_arrays(role, warp, reference)
    batch = _Batch(image, given["depth_target"], given["K"], tuple(references))
    losses = batch.losses(_SETTINGS)
    for role, pair in zip(_OFFSETS, losses.pairs, strict=True):
        found |= _pair_arrays(role, pair)
    found["ssim"] = dissimilarity(image, references[0].image)
    return found | _terms(losses) | _variants(batch)


def _reference(given: Inputs, role: str, image: Tensor) -> tuple[Reference, EgoWarp]:
    own = {name: given[f"{name}_{role}"] for name in _OF_REFERENCE}
    intrinsics, other = given["K"], given.images("depth_target", _OFFSETS[role])
    backward, forward = (pose_matrix(own[name], clip=False) for name in ("ego_bwd", "ego_fwd"))
    warp = remove_ego_motion(other, own["inst_ref"], own["depth"], backward, intrinsics)
    target_warp = remove_ego_motion(
        image, own["inst_target"], given["depth_target"], forward, intrinsics
    )
    reference = Reference(
        image=other,
        depth=own["depth"],
        ego_forward=own["ego_fwd"],
        ego_backward=own["ego_bwd"],
        objects_forward=own["obj_fwd"],
        objects_backward=own["obj_bwd"],
        target_instances=own["inst_target"],
        instances=own["inst_ref"],
        seen_in_target=warp.valid,
        seen_in_reference=target_warp.valid,
    )
    return reference, warp


def _ego_warp_arrays(role: str, warp: EgoWarp, reference: Reference) -> dict[str, Tensor]:
    return {
        f"ego_warped_ref_{role}": warp.image,
        f"ego_warped_ref_depth_{role}": warp.depth,
        f"ego_valid_ref_{role}": warp.valid,
        f"ego_warped_inst_{role}": warp.instances,
        f"ego_valid_target_{role}": reference.seen_in_reference,
    }


def _pair_arrays(role: str, pair: ProjectedPair) -> dict[str, Tensor]:
    return {
        f"motion_fwd_{role}": pair.field_forward,
        f"motion_bwd_{role}": pair.field_backward,
        f"warped_ref_{role}": pair.forward.image,
        f"flow_ref_{role}": pair.forward.flow,
        f"depth_diff_{role}": pair.forward.depth_difference,
        f"valid_{role}": pair.forward.valid,
        f"valid_bwd_{role}": pair.backward.valid,
    }


def _terms(losses: InstaDMLosses) -> dict[str, Tensor]:
    scalars = losses._asdict()
    return {f"loss_{name}": value for name, value in scalars.items() if name != "pairs"}


def _variants(batch: _Batch) -> dict[str, Tensor]:
    found = {"loss_motion_alpha10": batch.losses(replace(_SETTINGS, motion_alpha=10.0)).motion}
    for suffix, projection in _PROJECTIONS.items():
        losses = batch.losses(replace(_SETTINGS, projection=projection))
        found[f"loss_photo{suffix}"] = losses.photo
        found[f"loss_geometry{suffix}"] = losses.geometry
    return found


def _association(given: Inputs) -> dict[str, Tensor]:
    pairing = pair_by_flow(*(given[name] for name in _ASSOCIATION))
    return {
        "assoc_noc_f": pairing.seen_in_second,
        "assoc_noc_b": pairing.seen_in_first,
        "assoc_iou_01": pairing.first_to_second.iou,
        "assoc_idx_01": pairing.first_to_second.channel,
        "assoc_iou_10": pairing.second_to_first.iou,
        "assoc_idx_10": pairing.second_to_first.channel,
    }
