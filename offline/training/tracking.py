"""A run's scalars and pictures for TensorBoard.

Its event files are written record by record: PyTorch's writer would load TensorFlow wherever that
is installed, which takes longer than many steps.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import cv2
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
from torch import Tensor

_VERSION = "brain.Event:2"


class Tracking:
    """Writes what a run says of itself; on other processes than the first it writes nothing.

    Args:
        folder: of the event files, one for each slice of a run.
        step: that the run goes on from; what an interrupted slice wrote after it is dropped.
        enabled: whether this process writes.

    Raises:
        OSError: if the folder cannot be written to.
    """

    def __init__(self, folder: Path, step: int, *, enabled: bool) -> None:
        self._records: RecordWriter | None = None
        if enabled:
            folder.mkdir(parents=True, exist_ok=True)
            name = f"events.out.tfevents.{time.time_ns():020d}"
            self._records = RecordWriter((folder / name).open("wb"))
            self._write(Event(wall_time=time.time(), file_version=_VERSION))
            start = SessionLog(status=SessionLog.START)
            self._write(Event(wall_time=time.time(), step=step, session_log=start))

    def __enter__(self) -> Tracking:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._records is not None:
            self._records.close()

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Add points to curves."""
        self._add(
            [Summary.Value(tag=name, simple_value=value) for name, value in values.items()], step
        )

    def pictures(self, pictures: Mapping[str, Tensor], step: int) -> None:
        """Add RGB uint8 pictures. # (H, W, 3)."""
        self._add([_picture(name, picture) for name, picture in pictures.items()], step)

    def _add(self, values: Sequence[Summary.Value], step: int) -> None:
        self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))

    def _write(self, event: Event) -> None:
        if self._records is not None:
            self._records.write(event.SerializeToString())
            self._records.flush()


def _picture(name: str, picture: Tensor) -> Summary.Value:
    pixels = cv2.cvtColor(picture.cpu().numpy(), cv2.COLOR_RGB2BGR)
    height, width = pixels.shape[:2]
    _, encoded = cv2.imencode(".png", pixels)
    image = Summary.Image(
        height=height, width=width, colorspace=3, encoded_image_string=encoded.tobytes()
    )
    return Summary.Value(tag=name, image=image)
