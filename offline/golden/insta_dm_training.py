"""One training step of Insta-DM as in a golden case: outputs, losses, gradients.

The case gives intrinsics and paired instances. Images as in ``insta_dm_losses``.
"""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor

from offline.golden.case import Array, Case
from offline.golden.network_inputs import Shapes, require_variables, weights
from offline.golden.training_steps import batch_of_images, gradients, tensor
from offline.losses.insta_dm import InstaDMLosses, InstaDMSettings, insta_dm_losses
from offline.losses.reference import ProjectedPair, Reference
from offline.training.insta_dm_chain import Described, ReferenceFrame, describe
from scene_perception.checkpoints.insta_dm import convert, name_map
from scene_perception.models.insta_dm import InstaDM

_OFFSETS = {"prev": 0, "next": 2}
_TARGET_OFFSET, _SEED_STEP = 1, 3
_NETWORKS = {"disp": "dispnet", "ego": "ego_pose", "obj": "obj_pose"}
_NAMES = tuple(f"grad_names_{network}" for network in _NETWORKS)
_GIVEN = ("K", *(f"inst_{frame}_{role}" for role in _OFFSETS for frame in ("target", "ref")))
_TERMS = ("photo", "geometry", "smooth", "scale", "motion", "total")
_HEIGHT_PRIOR = 0.02  # its initial value; the stand-in for a scalar would be 0


def inputs(case: Case) -> set[str]:
    """Return the names of a step's arrays that are given; none for another case."""
    return {*_GIVEN, *_NAMES} if is_step(case) else set()


def is_step(case: Case) -> bool:
    """Return whether a case is a training step."""
    return case.keys() >= {*_GIVEN, *_NAMES}


def arrays(case: Case, shapes: Shapes, seed: int) -> dict[str, Array]:
    """Return our arrays for a training step, by its names.

    Args:
        case: with what is given; the instances say the images' size.
        shapes: of every published entry, by network and name: ``dispnet/...``.
        seed: of the first sample's previous image.

    Raises:
        ValueError: if the entries do not make an Insta-DM, or what is given does not fit.
    """
    require_variables(shapes)
    network = insta_dm(shapes).train()
    torch.nn.init.constant_(network.disp_net.object_height_prior, _HEIGHT_PRIOR)
    try:
        described = _described(network, case, seed)
        losses = insta_dm_losses(
            described.image,
            described.depth,
            described.references,
            tensor(case, "K"),
            network.disp_net.object_height_prior,
            InstaDMSettings(published_nan=True),
        )
        torch.autograd.backward(losses.total)
    except RuntimeError as error:
        raise ValueError(f"inputs of the step do not fit together: {error}") from error
    found = _outputs(described, losses)
    results = {name: value.detach().numpy() for name, value in found.items() if name in case}
    for group, published in _NETWORKS.items():
        results |= gradients(network, name_map(published), case, group)
    return results


def insta_dm(shapes: Shapes) -> InstaDM:
    """Return the networks with stand-in weights.

    Args:
        shapes: of every published entry, by network and name: ``dispnet/...``.

    Raises:
        ValueError: if the entries do not make an Insta-DM.
    """
    published: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for name, shape in shapes.items():
        network, _, entry = name.partition("/")
        published[network][entry] = shape
    state = convert({network: weights(entries) for network, entries in published.items()})
    ours = InstaDM(ego_pose="ego_pose" in published, object_pose="obj_pose" in published)
    ours.load_state_dict(state)
    return ours


def _described(network: InstaDM, case: Case, seed: int) -> Described:
    batch, _, height, width = case["inst_target_prev"].shape

    def images(offset: int) -> Tensor:
        seeds = [seed + offset + _SEED_STEP * sample for sample in range(batch)]
        return batch_of_images(seeds, height, width)

    frames = [
        ReferenceFrame(
            images(offset), tensor(case, f"inst_target_{role}"), tensor(case, f"inst_ref_{role}")
        )
        for role, offset in _OFFSETS.items()
    ]
    return describe(network, images(_TARGET_OFFSET), frames, tensor(case, "K"))


def _outputs(described: Described, losses: InstaDMLosses) -> dict[str, Tensor]:
    found = {
        "losses": torch.stack([getattr(losses, term) for term in _TERMS]),
        "disp_target": 1 / described.depth,
    }
    for role, reference, pair in zip(_OFFSETS, described.references, losses.pairs, strict=True):
        found |= {f"{name}_{role}": value for name, value in _of_pair(reference, pair).items()}
    return found


def _of_pair(reference: Reference, pair: ProjectedPair) -> dict[str, Tensor]:
    return {
        "disp": 1 / reference.depth,
        "ego_fwd": reference.ego_forward,
        "ego_bwd": reference.ego_backward,
        "obj_fwd": reference.objects_forward,
        "obj_bwd": reference.objects_backward,
        "ego_valid_ref": reference.seen_in_target,
        "ego_valid_target": reference.seen_in_reference,
        "valid": pair.forward.valid,
    }
