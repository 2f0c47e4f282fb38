"""The learning rate's factor as a function of the step: nothing to be saved or resumed."""

from __future__ import annotations

import math

from offline.training.config import Schedule


def factor(schedule: Schedule, step: int, steps: int) -> float:
    """Return what the learning rate of a step is multiplied by.

    Args:
        schedule: its shape.
        step: from 0.
        steps: of the whole run.
    """
    warmup = schedule.warmup_steps
    if step < warmup:
        return (step + 1) / warmup
    if schedule.name == "step":
        return float(schedule.step_factor ** (step // schedule.step_every))
    if schedule.name == "cosine":
        share = (step - warmup) / (steps - warmup)
        return schedule.final + (1 - schedule.final) * (1 + math.cos(math.pi * share)) / 2
    return 1.0
