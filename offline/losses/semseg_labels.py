"""Supervised segmentation losses of the Semseg-MonoDepth baselines (``ptsemseg/loss/loss.py``)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

IGNORED = 250  # the baselines' label of pixels that do not count


def cross_entropy(
    logits: Tensor, labels: Tensor, *, weights: Tensor | None = None, average: bool = True
) -> Tensor:
    """Return the cross-entropy over all pixels with a label.

    Args:
        logits: enlarged to the labels' size where they are smaller. # (B, C, h, w)
        labels: classes, 250 ignored, any integer type. # (B, H, W)
        weights: of the classes. # (C,)
        average: divide by the sum of the counted pixels' weights (not a number for none).

    Raises:
        ValueError: for logits that are larger than the labels in a direction.
    """
    size = labels.shape[1:]
    if any(small > large for small, large in zip(logits.shape[2:], size, strict=True)):
        raise ValueError(
            "logits must be at most as large as the labels, "
            f"got {tuple(logits.shape[2:])} and {tuple(size)}"
        )
    if logits.shape[2:] != size:
        logits = F.interpolate(logits, size, mode="bilinear", align_corners=False)
    reduction = "mean" if average else "sum"
    return F.cross_entropy(
        logits, labels.long(), weights, ignore_index=IGNORED, reduction=reduction
    )


def bootstrapped_cross_entropy(
    logits: Tensor, labels: Tensor, hardest: int, *, weights: Tensor | None = None
) -> Tensor:
    """Return the cross-entropy of each image's hardest pixels, averaged over the batch.

    Pohlen et al., "Full-Resolution Residual Networks" (2017). Ignored pixels have an error of
    0 and are taken like any other when the rest is not enough.

    Args:
        logits: at the labels' size. # (B, C, H, W)
        labels: classes, 250 ignored, any integer type. # (B, H, W)
        hardest: how many pixels count, 1..H W; an eighth of them as published.
        weights: of the classes. # (C,)

    Raises:
        ValueError: for another number of pixels.
    """
    pixels = labels[0].numel()
    if not 1 <= hardest <= pixels:
        raise ValueError(f"hardest must be in 1..{pixels} pixels of the image, got {hardest}")
    errors = F.cross_entropy(logits, labels.long(), weights, ignore_index=IGNORED, reduction="none")
    return errors.flatten(1).topk(hardest, 1).values.mean()
