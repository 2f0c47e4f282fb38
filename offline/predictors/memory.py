"""What was computed of the last few images, so that tasks and neighbouring samples share it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")
Image = NDArray[np.uint8]


class Recent(Generic[Value]):
    """A function of images that remembers its last few answers.

    Images are told apart by identity, not by what they show: they must not be written to.

    Args:
        compute: the function.
        length: number of answers.
    """

    def __init__(self, compute: Callable[..., Value], length: int = 3) -> None:
        self._compute = compute
        self._answers: deque[tuple[tuple[Image, ...], Value]] = deque(maxlen=length)

    def __call__(self, *images: Image) -> Value:
        """Return the function's value."""
        for seen, value in self._answers:
            if all(one is other for one, other in zip(seen, images, strict=True)):
                return value
        value = self._compute(*images)
        self._answers.append((images, value))
        return value
