"""What commands share that may run on several processes: how they end, and what they say then."""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch

from offline.in_order import one_thread_each
from offline.sharding import Shard, joined, shard

FAILED, INTERRUPTED = 2, 130


def run_shared(work: Callable[[Shard], int]) -> int:
    """Do this process's share of a job and return its exit status.

    What cannot be read, compared or written is said in one line, with status 2; Ctrl-C gives 130,
    as in a shell. Under ``torchrun`` one process that fails ends them all.

    Args:
        work: does the share and returns a status.
    """

    def connected(share: Shard) -> int:
        with joined(share), one_thread_each():
            return work(share)

    return reported(connected)


def reported(work: Callable[[Shard], int]) -> int:
    """Do as ``run_shared``, for work that connects the processes and counts threads itself."""
    share = Shard()
    try:
        share = shard()
        return work(share)
    except KeyboardInterrupt:
        print(_told("interrupted", share), file=sys.stderr)
        return INTERRUPTED
    except torch.OutOfMemoryError as error:
        advice = "take fewer --workers, a smaller batch or a smaller height and width"
        print(_told(f"error: GPU memory must hold the network, {error}; {advice}", share),
              file=sys.stderr)  # fmt: skip
        return FAILED
    except (OSError, ValueError) as error:
        print(_told(f"error: {error}", share), file=sys.stderr)
        return FAILED


def _told(text: str, share: Shard) -> str:
    return text if share.world == 1 else f"{text} (process {share.rank + 1} of {share.world})"
