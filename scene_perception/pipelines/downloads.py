"""Outputs on their way to the host: copied beside what the GPU computes next.

On a CPU nothing is copied and nothing waits; pipelines are the same code for both.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class Download:
    """Tensors of which a copy to the host has begun.

    Args:
        tensors: on the host, by name; whole once ``arrived`` has happened.
        sources: that they are copies of, whose memory nobody else may get before that.
        arrived: None where they are whole already.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        sources: Mapping[str, Tensor],
        arrived: torch.cuda.Event | None,
    ) -> None:
        self._tensors = dict(tensors)
        self._sources = dict(sources)
        self._arrived = arrived

    def wait(self) -> dict[str, Tensor]:
        """Return the tensors, once they are whole; waits for nothing that was launched later."""
        if self._arrived is not None:
            self._arrived.synchronize()
        return dict(self._tensors)


class Downloader:
    """Begins copies into pinned memory, on a stream of its own.

    What is copied must stay as it is until ``Download.wait``: an engine overwrites its outputs at
    its next call.

    Args:
        device: where the tensors are.
    """

    def __init__(self, device: torch.device) -> None:
        on_gpu = device.type == "cuda"
        self._device = device
        self._stream = torch.cuda.Stream(device) if on_gpu else None  # type: ignore[no-untyped-call]

    @property
    def overlaps(self) -> bool:
        """Whether to launch what comes next before waiting; else that would only come later."""
        return self._stream is not None

    def __call__(self, tensors: Mapping[str, Tensor]) -> Download:
        """Begin to copy ``tensors`` as they are once all that was launched so far has run."""
        if self._stream is None:
            return Download(tensors, {}, None)
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        copies = {name: self._copied(tensor) for name, tensor in tensors.items()}
        return Download(copies, tensors, self._stream.record_event())

    def _copied(self, tensor: Tensor) -> Tensor:
        if not tensor.is_cuda:
            return tensor
        # PyTorch keeps pinned memory for the next call: it costs nothing to take it anew.
        host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        with torch.cuda.stream(self._stream):
            host.copy_(tensor, non_blocking=True)
        return host
