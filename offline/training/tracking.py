"""A run's scalars and pictures for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from torch import Tensor
from torch.utils.tensorboard import SummaryWriter


class Tracking:
    """Writes what a run says of itself; on other processes than the first it writes nothing.

    Args:
        folder: of the event files.
        step: that the run goes on from; what an interrupted slice wrote after it is dropped.
        enabled: whether this process writes.
    """

    def __init__(self, folder: Path, step: int, *, enabled: bool) -> None:
        self._writer: SummaryWriter | None = None
        if enabled:
            self._writer = SummaryWriter(str(folder), purge_step=step)

    def __enter__(self) -> Tracking:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Add points to curves."""
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)

    def pictures(self, pictures: Mapping[str, Tensor], step: int) -> None:
        """Add RGB uint8 pictures. # (H, W, 3)."""
        if self._writer is not None:
            for name, picture in pictures.items():
                self._writer.add_image(name, picture.cpu(), step, dataformats="HWC")
