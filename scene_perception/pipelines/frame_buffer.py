"""A ring buffer of the newest consecutive frames, ordered by stamp.

A frame is refused when its stamp repeats the newest or lies a little before it. The buffer
starts afresh when a stamp jumps back, when several in a row lie a little before the newest (a
short recording that loops), when one comes too late after it, or the camera changes; the frame
that was waiting for its successor then never gets its motion.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

from scene_perception.frame import Frame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.pipelines.config import BufferConfig

DUPLICATE_STAMP = "duplicate_stamp"
OUT_OF_ORDER = "out_of_order"
TIME_JUMP_BACK = "time_jump_back"
GAP = "gap"
SIZE_CHANGE = "size_change"
INTRINSICS_CHANGE = "intrinsics_change"
FRAME_ID_CHANGE = "frame_id_change"

SKIPPING_EVENTS = (DUPLICATE_STAMP, OUT_OF_ORDER)
CLEARING_EVENTS = (TIME_JUMP_BACK, GAP, SIZE_CHANGE, INTRINSICS_CHANGE, FRAME_ID_CHANGE)

# A network delivers one or two frames late; a clock that was set back never delivers another.
_LATE_IN_A_ROW = 3

T = TypeVar("T")


@dataclass(frozen=True)
class _Seen:
    """What the buffer remembers of the newest frame; ``intrinsics`` are the last known ones."""

    stamp_ns: int
    frame_id: str
    size: tuple[int, ...]
    intrinsics: Intrinsics | None


class FrameBuffer(Generic[T]):
    """Keeps one entry for each of the newest ``length`` frames.

    Args:
        config: when to skip and when to start afresh.
        length: number of frames that make a full window.
    """

    def __init__(self, config: BufferConfig, length: int) -> None:
        self._max_gap_ns = round(config.max_gap_s * 1e9)
        self._max_reorder_ns = round(config.max_reorder_s * 1e9)
        self._length = length
        self._entries: deque[T] = deque(maxlen=length)
        self._newest: _Seen | None = None
        self._late_ns: list[int] = []

    def admit(self, frame: Frame) -> str:
        """Say how ``frame`` follows the newest one, and start afresh where it does not.

        Returns:
            an empty string if it follows; one of ``SKIPPING_EVENTS`` if it must not be
            appended; one of ``CLEARING_EVENTS`` if the buffer is now empty and waits for it.
        """
        event = self._event(frame)
        if event == OUT_OF_ORDER and self._goes_on_earlier(frame.stamp_ns):
            event = TIME_JUMP_BACK
        if event in CLEARING_EVENTS:
            self.clear()
        return event

    def append(self, frame: Frame, entry: T) -> None:
        """Keep ``entry`` for an admitted ``frame``; the oldest one beyond ``length`` goes."""
        known = self._newest.intrinsics if self._newest else None
        self._newest = _Seen(
            frame.stamp_ns, frame.frame_id, frame.image.shape, frame.intrinsics or known
        )
        self._entries.append(entry)
        self._late_ns.clear()

    def window(self) -> tuple[T, ...]:
        """Return the ``length`` newest entries, oldest first, or nothing while there are less."""
        return tuple(self._entries) if len(self._entries) == self._length else ()

    def clear(self) -> None:
        """Forget every frame."""
        self._entries.clear()
        self._late_ns.clear()
        self._newest = None

    def __len__(self) -> int:
        return len(self._entries)

    def _goes_on_earlier(self, stamp_ns: int) -> bool:
        """Whether late frames have come in a row, in the order of their stamps."""
        if self._late_ns and stamp_ns <= self._late_ns[-1]:
            self._late_ns.clear()
        self._late_ns.append(stamp_ns)
        return len(self._late_ns) >= _LATE_IN_A_ROW

    def _event(self, frame: Frame) -> str:
        newest = self._newest
        if newest is None:
            return ""
        elapsed_ns = frame.stamp_ns - newest.stamp_ns
        if elapsed_ns == 0:
            return DUPLICATE_STAMP
        if elapsed_ns < 0:
            return OUT_OF_ORDER if -elapsed_ns <= self._max_reorder_ns else TIME_JUMP_BACK
        if elapsed_ns > self._max_gap_ns:
            return GAP
        return _camera_change(newest, frame)


def _camera_change(newest: _Seen, frame: Frame) -> str:
    """Return the event for a frame of another camera; intrinsics count once both are known."""
    if frame.image.shape != newest.size:
        return SIZE_CHANGE
    if frame.frame_id != newest.frame_id:
        return FRAME_ID_CHANGE
    both_known = frame.intrinsics is not None and newest.intrinsics is not None
    if both_known and frame.intrinsics != newest.intrinsics:
        return INTRINSICS_CHANGE
    return ""


def kept(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return copies of an engine's outputs, which its next call may overwrite.

    On the CPU by NumPy, which copies in this thread: PyTorch splits a copy of 100 KB among
    threads, and on a busy machine waits for them longer than it copies.
    """
    return {
        name: tensor.clone() if tensor.is_cuda else torch.from_numpy(tensor.numpy().copy())
        for name, tensor in tensors.items()
    }
