"""DWARF's published losses (Aleotti et al., AAAI 2020; ``sceneflow/dwarf.py``, ``kitti/dwarf.py``).

Sums over pixels and channels of absolute differences, in px / 20, averaged over the batch. From
scratch, every level is compared with the truth averaged down to its size; for fine-tuning on
sparse or proxy labels the finest one alone is enlarged to the images' size. Disparities have the
published sign here: they are negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from offline.losses.flow_supervised import pooled
from scene_perception.models.dwarf_decoder import UNIT_PX, predictions
from scene_perception.models.layers import resize_bilinear

# Published alphas of levels 6 ... 2, from scratch; and of level 2 for fine-tuning.
LEVEL_WEIGHTS = {6: 0.32, 5: 0.08, 4: 0.02, 3: 0.01, 2: 0.005}
FINE_TUNING_WEIGHT = 0.001
FLOW_WEIGHT = 0.5
WEIGHT_DECAY = 0.0004
TERMS = ("disparity", "next_disparity", "flow")

Truth = Mapping[str, tuple[Tensor, Tensor]]


def pyramid_loss(levels: Mapping[int, Tensor], truth: Truth) -> dict[str, Tensor]:
    """Return the terms that train from scratch.

    Args:
        levels: number n -> d, c, u, v, px / 20, of the last one refined.
            # (B, 4, H / 2^n, W / 2^n)
        truth: by ``TERMS``: px, disparities positive # (B, C, H, W), and where it is known,
            bool # (B, 1, H, W). The published truth is dense; a cell of which less than half
            is known is left out here.

    Raises:
        ValueError: for a level without a weight.
    """
    unknown = [n for n in levels if n not in LEVEL_WEIGHTS]
    if unknown:
        raise ValueError(f"levels must be of {', '.join(map(str, LEVEL_WEIGHTS))}, got {unknown}")
    total: dict[str, Tensor] = {}
    for n, motion in levels.items():
        targets = {name: pooled(*truth[name], 2**n) for name in TERMS}
        for name, term in _sums(motion, targets).items():
            total[name] = total.get(name, term.new_zeros(())) + LEVEL_WEIGHTS[n] * term
    return total


def fine_tuning_loss(motion: Tensor, truth: Truth) -> dict[str, Tensor]:
    """Return the terms of fine-tuning: the refined level 2 at the images' size.

    Args:
        motion: d, c, u, v, px / 20. # (B, 4, H / 4, W / 4)
        truth: as ``pyramid_loss``; what is not known does not count.
    """
    height, width = truth["flow"][0].shape[2:]
    targets = {name: pooled(*truth[name], 1) for name in TERMS}
    terms = _sums(resize_bilinear(motion, height, width), targets)
    return {name: FINE_TUNING_WEIGHT * term for name, term in terms.items()}


def weight_decay(parameters: Iterable[nn.Parameter], factor: float = WEIGHT_DECAY) -> Tensor:
    """Return the published regularisation: ``factor`` times the sum of all squared variables."""
    return factor * torch.stack([p.float().square().sum() for p in parameters]).sum()


def _sums(motion: Tensor, targets: Truth) -> dict[str, Tensor]:
    """Return the summed absolute error of each term, averaged over the batch."""
    signs = {"disparity": -1.0, "next_disparity": -1.0, "flow": 1.0}
    weights = {"disparity": 1.0, "next_disparity": 1.0, "flow": FLOW_WEIGHT}
    terms = {}
    for name, prediction in zip(TERMS, predictions(motion.float()), strict=True):
        truth, known = targets[name]
        error = (prediction - signs[name] * truth / UNIT_PX).abs() * known
        terms[name] = weights[name] * error.sum((1, 2, 3)).mean()
    return terms
