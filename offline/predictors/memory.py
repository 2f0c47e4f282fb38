"""What was computed of the last few images, so that tasks and neighbouring samples share it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")
Image = NDArray[np.uint8]


class Recent(Generic[Value]):
    """A function of images that remembers its last few answers.

    Images are told apart by identity, not by what they show: they must not be written to. Several
    threads may ask at once; each remembers its own.

    Args:
        compute: the function.
        length: number of answers.
    """

    def __init__(self, compute: Callable[..., Value], length: int = 3) -> None:
        self._compute = compute
        self._length = length
        self._thread = threading.local()

    def __call__(self, *images: Image) -> Value:
        """Return the function's value."""
        answers = self._answers()
        for seen, value in answers:
            if all(one is other for one, other in zip(seen, images, strict=True)):
                return value
        value = self._compute(*images)
        answers.append((images, value))
        return value

    def _answers(self) -> deque[tuple[tuple[Image, ...], Value]]:
        if not hasattr(self._thread, "answers"):
            self._thread.answers = deque(maxlen=self._length)
        answers: deque[tuple[tuple[Image, ...], Value]] = self._thread.answers
        return answers
