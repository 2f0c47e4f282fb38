"""A run whose numbers are no numbers any more stops, and says where."""

from __future__ import annotations

import math
from collections.abc import Mapping


class Diverged(ValueError):
    """The loss or its gradient is not finite."""


def require_finite(
    terms: Mapping[str, float], gradient: float | None, step: int, names: tuple[str, ...]
) -> None:
    """Refuse to go on with numbers that are not finite.

    Args:
        terms: the loss terms.
        gradient: its length; None where it is not looked at.
        step: that they belong to.
        names: of the batch's samples.

    Raises:
        Diverged: with the step, the terms and the samples.
    """
    told = ", ".join(f"{name} {value:.4g}" for name, value in terms.items())
    wrong = [name for name, value in terms.items() if not math.isfinite(value)]
    if wrong:
        what = f"loss terms must be finite, {' and '.join(wrong)} of {told}"
    elif gradient is not None and not math.isfinite(gradient):
        what = f"the gradient must be finite, its length is {gradient}; terms are {told}"
    else:
        return
    raise Diverged(
        f"step {step}: {what} at the batch {', '.join(names)}; the last state is from before: try "
        "a lower optimizer.learning_rate, a lower clip_norm, or precision 32-true"
    )
