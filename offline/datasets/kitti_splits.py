"""Lists of frames of KITTI raw in the formats of all five systems, as one kind of record.

| format | who |
|---|---|
| ``<date>/<drive>/image_02/data/0000000069.png`` (``.jpg``; more words are ignored) | omegaNet, Insta-DM, Semseg |
| ``<date>/<drive> 69 l`` | monodepth2 and what follows it |
| ``<date> <drive> 0000000069`` | Zhou's static frames, Semseg |
| ``<drive>_02 0000000069`` | SfMLearner's formatted training lists |
| JSON with ``names`` and ``files`` | SGDepth |
"""  # noqa: E501

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from offline.datasets.folders import Entry, read_list
from offline.datasets.sgdepth_index import read_index

_DRIVE = r"(?P<drive>\d{4}_\d\d_\d\d_drive_\d{4}_(?:sync|extract))"
_NUMBER = r"(?P<number>\d{1,10})"
_FORMATS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:.*?/)?{_DRIVE}/image_0(?P<camera>[0-3])/(?:data/)?"
        rf"{_NUMBER}(?P<suffix>\.png|\.jpe?g)(?: .*)?",
        rf"(?:.*?/)?{_DRIVE} {_NUMBER} (?P<side>[lr])",
        rf"\d{{4}}_\d\d_\d\d {_DRIVE} {_NUMBER}",
        rf"{_DRIVE}_0(?P<camera>[0-3]) {_NUMBER}",
    )
)
_EXAMPLES = (
    "2011_09_26/2011_09_26_drive_0002_sync/image_02/data/0000000069.png or "
    "2011_09_26/2011_09_26_drive_0002_sync 69 l"
)


@dataclass(frozen=True)
class RawFrame:
    """A frame of KITTI raw that a list names.

    Attributes:
        drive: such as ``2011_09_26_drive_0002_sync``.
        camera: 0 to 3; 2 is the left colour camera.
        number: of the frame in its drive.
        suffix: of the image file that the list names; ``.png`` where it names none.
        where: the list and line, for messages.
    """

    drive: str
    camera: int
    number: int
    suffix: str = ".png"
    where: str = ""

    @property
    def sequence(self) -> str:
        """Folder of the drive, relative to the data set."""
        return f"{self.drive[:10]}/{self.drive}"

    @property
    def name(self) -> str:
        """Path of the image, relative to the data set and without suffix."""
        return f"{self.sequence}/image_{self.camera:02d}/data/{self.number:010d}"


def read_split(file: Path) -> tuple[RawFrame, ...]:
    """Return the frames of a list in any of the formats.

    Raises:
        ValueError: naming the file and line that cannot be read or that comes twice.
    """
    entries = _read_json(file) if file.suffix == ".json" else read_list(file)
    frames = tuple(_frame(entry) for entry in entries)
    seen: dict[str, str] = {}
    for frame in frames:
        if (first := seen.setdefault(frame.name, frame.where)) != frame.where:
            raise ValueError(
                f"{frame.where} must name a frame of its own, got {frame.name} as in {first}"
            )
    return frames


def _frame(entry: Entry) -> RawFrame:
    line = " ".join(entry.words)
    match = next(filter(None, (pattern.fullmatch(line) for pattern in _FORMATS)), None)
    if match is None:
        raise ValueError(
            f"{entry.where} must name a frame of KITTI raw like {_EXAMPLES}, got {line!r}"
        )
    found = match.groupdict()
    side = {"l": "2", "r": "3"}.get(found.get("side", ""), "2")
    return RawFrame(
        drive=found["drive"],
        camera=int(found.get("camera", side)),
        number=int(found["number"]),
        suffix=found.get("suffix", ".png"),
        where=entry.where,
    )


def _read_json(file: Path) -> tuple[Entry, ...]:
    """Return the colour images of an index of SGDepth."""
    index = read_index(file, ("color",))
    paths = index["color"].order if "color" in index else ()
    if not paths:
        raise ValueError(f"{file} must name images in 'color', it has none")
    return tuple(
        Entry(f"{file}, color {place + 1}", (path.as_posix(),)) for place, path in enumerate(paths)
    )
