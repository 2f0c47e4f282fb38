"""Means over what is known, the same however many processes share the batch.

DDP averages the gradients of the processes. A mean over the pixels that one process knows would
give its pixels more weight the fewer they are, so the count is that of all processes, and the
value is scaled so that the average over processes is the mean over all pixels.
"""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor


def mean_over(values: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the mean of ``values`` where ``mask`` is true, over the batches of all processes.

    Each process returns its own share times the number of processes: their average, which DDP
    forms of the gradients and the loop of the logged terms, is the mean. 0 where nothing is
    known. Every process must call this as often as the others.

    Args:
        values: any shape; what is not known may be anything, also not finite.
        mask: bool, or weights >= 0 without a gradient, which broadcast to ``values``; None takes
            all of them.
    """
    values = values if values.dtype == torch.float64 else values.float()
    if mask is None:
        count = torch.tensor(float(values.numel()), dtype=values.dtype, device=values.device)
        total = values.sum()
    else:
        weights = mask.detach().expand_as(values)
        known = weights if weights.dtype == torch.bool else weights > 0
        count = weights.sum(dtype=values.dtype)
        total = (torch.where(known, values, 0.0) * weights).sum()
    everywhere, processes = over_processes(count)
    return total * (processes / torch.where(everywhere > 0, everywhere, 1.0))


def over_processes(count: Tensor) -> tuple[Tensor, int]:
    """Return the sum of ``count`` over all processes, without a gradient, and their number."""
    count = count.detach()
    if not (dist.is_available() and dist.is_initialized()):
        return count, 1
    everywhere = count.clone()
    dist.all_reduce(everywhere)
    return everywhere, dist.get_world_size()
