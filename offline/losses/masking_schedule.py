"""From when on, and how many, images with moving objects are masked (``dc_masking.py``)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class MaskingSettings:
    """Options of the masking; the defaults are those of the published training.

    Attributes:
        enable: mask at all (``--masking-enable``).
        from_epoch: the first epoch whose images are scored (``--masking-from-epoch``). Its
            scores decide what is masked in the next: nothing is masked in itself.
        linear_increase: mask all images at first and ever fewer until the end
            (``--masking-linear-increase``), else always the same share.
        share: of images that are masked without the linear increase, 0..1
            (``--moving-mask-percent``).
        epochs: of the whole training (``--train-num-epochs``).

    Raises:
        ValueError: for numbers out of their range.
    """

    enable: bool = False
    from_epoch: int = 15
    linear_increase: bool = False
    share: float = 0.1
    epochs: int = 20

    def __post_init__(self) -> None:
        if self.from_epoch < 0 or self.epochs < 1:
            raise ValueError(
                f"from_epoch must be >= 0 and epochs >= 1, got {self.from_epoch} and {self.epochs}"
            )
        if not 0 <= self.share <= 1:
            raise ValueError(f"share must be in 0..1, got {self.share}")


def threshold_after(epoch: int, scores: Sequence[float], settings: MaskingSettings) -> float:
    """Return the score below which images are masked in the epoch after ``epoch``.

    Args:
        epoch: counted from 0.
        scores: of the images of this epoch, without those that have none.
        settings: options.

    Returns:
        The quantile of the scores for the share to be masked; 0 (nothing is masked) before the
        first epoch that is scored, without scores, and when the linear share has run out.
    """
    if not is_scored(epoch, settings) or not scores:
        return 0.0
    share = _linear_share(epoch, settings) if settings.linear_increase else settings.share
    return float(np.percentile(scores, 100 * share)) if share >= 0 else 0.0


def is_scored(epoch: int, settings: MaskingSettings) -> bool:
    """Return whether the images of ``epoch``, counted from 0, are scored and may be masked."""
    return settings.enable and epoch >= settings.from_epoch


def _linear_share(epoch: int, settings: MaskingSettings) -> float:
    passed = epoch + 1 - settings.from_epoch
    steps = settings.epochs - 1 - settings.from_epoch
    return 1 - passed / steps if steps > 0 else -1.0


class MaskingSchedule:
    """Collects the scores of an epoch and sets the threshold of the next.

    Attributes:
        threshold: for ``moving_mask`` in this epoch.
    """

    def __init__(self, settings: MaskingSettings) -> None:
        self.settings = settings
        self.threshold = 0.0
        self._scores: list[float] = []

    def start_epoch(self) -> None:
        """Forget the scores of the epoch before."""
        self._scores.clear()

    def record(self, scores: Iterable[float]) -> None:
        """Add the scores of a batch's images; NaN (no dynamic class in sight) is left out."""
        self._scores.extend(score for score in map(float, scores) if not math.isnan(score))

    def finish_epoch(self, epoch: int) -> None:
        """Set the threshold from the scores of ``epoch``, counted from 0."""
        self.threshold = threshold_after(epoch, self._scores, self.settings)

    def state_dict(self) -> dict[str, Any]:
        """Return what a training that resumes must know."""
        return {"threshold": self.threshold, "scores": list(self._scores)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that ``state_dict`` returned."""
        self.threshold, self._scores = float(state["threshold"]), list(state["scores"])
