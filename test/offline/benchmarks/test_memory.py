from __future__ import annotations

import mmap
from argparse import Namespace

import numpy as np
import pytest

from offline.benchmarks.memory import memory_rows, resident_mb


def test_memory_that_is_touched_is_resident():
    before = resident_mb("VmRSS")
    # From the system itself: what malloc hands out may be resident already.
    with mmap.mmap(-1, 64_000_000) as held:
        np.frombuffer(held, np.uint8)[:] = 1
        assert resident_mb("VmRSS") - before == pytest.approx(64, abs=16)
    assert resident_mb("VmHWM") >= 64


def test_an_unknown_figure_is_refused():
    with pytest.raises(ValueError, match="field must be in /proc/self/status, got 'VmNone'"):
        resident_mb("VmNone")


def test_what_a_process_cannot_run_is_named_and_left_out(tmp_path, capsys):
    options = Namespace(
        models=["omeganet"],
        backends=["torch"],
        precisions=["float16"],
        device=None,
        cache=tmp_path,
        size_of=lambda _: (128, 128),
    )
    assert memory_rows(options) == []
    assert "left out omeganet torch float16: dsnet cannot run on torch" in capsys.readouterr().err
