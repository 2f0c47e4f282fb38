"""How many threads an engine takes, and how they wait: one answer for every backend."""

from __future__ import annotations

import os

import torch


def thread_count() -> int:
    """Return the threads that one engine may use: as many as PyTorch's own operators.

    ``OMP_NUM_THREADS`` and ``torch.set_num_threads`` hold for every backend that way. Engines
    of one process run one after the other, so each may use all of them.
    """
    return torch.get_num_threads()


def threads_spin() -> bool:
    """Return whether idle threads may keep their cores busy; the nodes say they may not.

    Spinning saves microseconds on an idle machine and costs a robot, where other processes want
    the cores, most of its speed (``nodes/__init__.py``). Backends with threads of their own
    follow OpenMP's variable.
    """
    return os.environ.get("OMP_WAIT_POLICY", "").upper() != "PASSIVE"
