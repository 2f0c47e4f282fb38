"""Keeping freed memory; each setting is for a whole process, so each test has its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys
from scene_perception import allocator
if sys.argv[1:]:
    assert getattr(allocator, sys.argv[1])()
import numpy
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
numpy.ones(8 * 2**20, numpy.uint8)
before = faults()
for _ in range(10):
    numpy.ones(8 * 2**20, numpy.uint8)
print(faults() - before)
"""


def _faults(*function: str) -> int:
    command = [sys.executable, "-c", _FAULTS, *function]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has the setting")
@pytest.mark.parametrize("function", ["keep_freed_messages", "keep_freed_tensors"])
def test_a_block_that_was_freed_is_reused_without_clearing_its_pages(function: str) -> None:
    assert _faults(function) < _faults() / 10
