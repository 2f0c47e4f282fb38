"""SGDepth's segmentation loss (``losses/segmentation.py``)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from offline.losses.reductions import over_processes
from scene_perception.frame import UNKNOWN_LABEL

# 1 / ln(1.02 + p) of ENet (Paszke et al., 2016), p the share of each of the 19 train ids in
# Cityscapes; void has no weight.
CLASS_WEIGHTS = (
    *(2.8149201869965, 6.9850029945374, 3.7890393733978, 9.9428062438965, 9.7702074050903),
    *(9.5110931396484, 10.311357498169, 10.026463508606, 4.6323022842407, 9.5608062744141),
    *(7.8698215484619, 9.5168733596802, 10.373730659485, 6.6616044044495, 10.260489463806),
    *(10.287888526917, 10.289801597595, 10.405355453491, 10.138095855713, 0.0),
)


def segmentation_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy, weighted by class, over all pixels that have a label.

    Divided by the sum of those pixels' weights, over all processes as in ``mean_over``; 0 where
    that is 0 (the published loss is not a number then).

    Args:
        logits: of the train ids and void. # (B, 20, H, W)
        labels: train ids, 255 unknown, any integer type. # (B, H, W)

    Raises:
        ValueError: for another number of classes, or labels of another size.
    """
    return weighted_cross_entropy(logits, labels, len(CLASS_WEIGHTS))


def weighted_cross_entropy(logits: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Return ``segmentation_loss`` of the first ``classes`` classes.

    Raises:
        ValueError: as ``segmentation_loss``.
    """
    expected = (logits.shape[0], *logits.shape[2:])
    if logits.shape[1] != classes or labels.shape != expected:
        raise ValueError(
            f"logits must be (B, {classes}, H, W) and labels (B, H, W), "
            f"got {tuple(logits.shape)} and {tuple(labels.shape)}"
        )
    # Half precision would overflow in the sums.
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    weights = logits.new_tensor(CLASS_WEIGHTS[:classes])
    known, targets = labels != UNKNOWN_LABEL, labels.long()
    total = F.cross_entropy(logits, targets, weights, ignore_index=UNKNOWN_LABEL, reduction="sum")
    own_weight = (weights[targets.masked_fill(~known, 0)] * known).sum()
    weight, processes = over_processes(own_weight)
    return total / weight.clamp(min=torch.finfo(weight.dtype).tiny) * processes
