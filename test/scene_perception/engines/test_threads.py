"""One answer about threads for every engine."""

from __future__ import annotations

import pytest
import torch

from scene_perception.engines.threads import thread_count, threads_spin


def test_an_engine_takes_as_many_threads_as_pytorch() -> None:
    assert thread_count() == torch.get_num_threads()


@pytest.mark.parametrize(
    ("policy", "spin"), [("PASSIVE", False), ("passive", False), ("ACTIVE", True), ("", True)]
)
def test_threads_wait_as_openmp_is_told(
    policy: str, spin: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", policy)
    assert threads_spin() is spin
