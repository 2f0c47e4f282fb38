"""How long engines take beside each other."""

from __future__ import annotations

import time
from collections.abc import Mapping

import torch
from torch import Tensor

from scene_perception.engines.base import Engine

_WARM_UP, _ROUNDS = 2, 7


def milliseconds(engines: Mapping[str, Engine], inputs: Mapping[str, Tensor]) -> dict[str, float]:
    """Return the shortest time that each engine needs for ``inputs``, ms.

    They take turns, so that another process's load meets them alike, and the shortest of
    several times is the one that it disturbed least.
    """
    best = dict.fromkeys(engines, float("inf"))
    for turn in range(_WARM_UP + _ROUNDS):
        for name, engine in engines.items():
            elapsed_ms = _once(engine, inputs)
            if turn >= _WARM_UP:
                best[name] = min(best[name], elapsed_ms)
    return best


def _once(engine: Engine, inputs: Mapping[str, Tensor]) -> float:
    start = time.perf_counter()
    outputs = engine(**inputs)
    if any(tensor.is_cuda for tensor in outputs.values()):
        torch.cuda.synchronize()
    return 1e3 * (time.perf_counter() - start)
