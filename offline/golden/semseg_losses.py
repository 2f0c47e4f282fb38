"""The Semseg-MonoDepth baselines' losses in a golden case, computed from its own inputs.

Results are named ``out_<loss>_<variant>``; with ``_grad`` they are gradients with respect to
the prediction.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from offline.golden.case import Array, Case, Network
from offline.losses.semseg_depth import (
    berhu_loss,
    huber_loss,
    l1_loss,
    scale_invariant_loss,
    second_differences,
    valid_pixels,
)
from offline.losses.semseg_labels import bootstrapped_cross_entropy, cross_entropy

_Loss = Callable[[Tensor], Tensor]
_DEPTH_LOSSES = {
    "l1_loss": l1_loss,
    "berhu_loss": berhu_loss,
    "huber_loss": huber_loss,
    "scale_invariant_loss": scale_invariant_loss,
}
_DEPTH = re.compile(
    rf"out_(?P<loss>{'|'.join(_DEPTH_LOSSES)})_(?P<variant>(no)?smooth|half_size_pred)"
)
_BOOTSTRAPPED = re.compile(r"out_bootstrapped_cross_entropy_K(?P<hardest>\d+)")
_CROSS_ENTROPY = re.compile(r"out_cross_entropy(?P<variant>_sum|_weighted|_half_size_logits)?")
_GRADIENT = "_grad"


def inputs(case: Case) -> set[str]:
    """Return the names of a case's arrays that losses are computed from."""
    return {name for name in case if name.startswith("in_")}


def arrays(case: Case, _seed: int = 0) -> dict[str, Array]:
    """Return every loss that the case names, its gradient, and what losses are made of.

    Raises:
        ValueError: naming the loss whose inputs are absent or do not fit together.
    """
    results: dict[str, Array] = {}
    for name in case:
        try:
            results |= _loss_arrays(name, case)
        except (KeyError, ValueError, RuntimeError) as error:
            raise ValueError(f"{name} cannot be computed from the case: {error}") from error
    return {**results, **_parts(case)} if results else {}


def _loss_arrays(name: str, case: Case) -> dict[str, Array]:
    chosen = _depth_loss(name, case) or _label_loss(name, case)
    if chosen is None:
        return {}
    prediction = torch.from_numpy(case[chosen[0]]).requires_grad_()
    loss = chosen[1](prediction)
    (gradient,) = torch.autograd.grad(loss, prediction)
    return {
        name: _scalar(loss),
        f"{name}{_GRADIENT}": gradient.numpy(),
    }


def _depth_loss(name: str, case: Case) -> tuple[str, _Loss] | None:
    match = _DEPTH.fullmatch(name)
    if match is None:
        return None
    loss, truth = _DEPTH_LOSSES[match["loss"]], torch.from_numpy(case["in_gt"])
    prediction = "in_pred_half" if match["variant"] == "half_size_pred" else "in_pred"
    return prediction, lambda depth: loss(depth, truth, smooth=match["variant"] != "nosmooth")


def _label_loss(name: str, case: Case) -> tuple[str, _Loss] | None:
    labels = torch.from_numpy(case["in_target"]) if "in_target" in case else torch.empty(0)
    if match := _BOOTSTRAPPED.fullmatch(name):
        hardest = int(match["hardest"])
        return "in_logits", lambda logits: bootstrapped_cross_entropy(logits, labels, hardest)
    if match := _CROSS_ENTROPY.fullmatch(name):
        variant = match["variant"]
        weights = torch.from_numpy(case["in_class_weight"]) if variant == "_weighted" else None
        prediction = "in_logits_half" if variant == "_half_size_logits" else "in_logits"
        average = variant != "_sum"
        return prediction, lambda logits: cross_entropy(
            logits, labels, weights=weights, average=average
        )
    return None


def _parts(case: Case) -> dict[str, Array]:
    if not case.keys() >= {"in_pred", "in_gt"}:
        return {}
    depth, truth = (torch.from_numpy(case[name]) for name in ("in_pred", "in_gt"))
    mask, divisor = valid_pixels(depth, truth)
    without_invalid = l1_loss(depth.abs() + 1, torch.ones_like(truth), smooth=False)
    return {
        "out_smooth_term": _scalar(second_differences(depth)),
        "out_valid_mask": mask.to(torch.uint8).numpy(),
        "out_divisor": _scalar(divisor),
        "out_l1_loss_all_valid": _scalar(without_invalid),
    }


def _scalar(value: Tensor) -> Array:
    return np.array(value.item(), np.float64)


def _network_arrays(case: Case, _shapes: object, seed: int) -> dict[str, Array]:
    return arrays(case, seed)


SEMSEG_CASES = Network(_network_arrays, inputs)
