"""A folder of labels: what is in it by list, and its samples with these labels as their truth.

``labels.txt`` begins with the data set that was labelled and goes on with a line a sample::

    data_set kitti_2015
    folder /data/kitti
    split kitti_multiview
    kinds disparity next_disparity flow
    000000_09 proxy proxy proxy
    000000_10 truth truth none

``truth`` is what the data set knows, ``proxy`` is ``<kind>/<sample>.png`` beside the list, ``none``
is not known. The list may be edited, or another one be given as the split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from offline.datasets.folders import read_list
from offline.datasets.samples import Sample, Truth
from offline.distillation.kinds import KINDS
from offline.whole_files import write_whole

LIST = "labels.txt"
TRUTH, PROXY, NONE = "truth", "proxy", "none"
_HEADER = ("data_set", "folder", "split", "kinds")
_EMPTY = "-"

ReadSamples = Callable[[str, Path | None, str], Sequence[Sample]]


@dataclass(frozen=True)
class Labelled:
    """What a list says.

    Attributes:
        data_set: name of the data set that was labelled.
        folder: of that data set; empty for one without.
        split: of that data set; empty for the usual one.
        kinds: of labels.
        origins: sample's name -> where each of the kinds comes from.
    """

    data_set: str
    folder: str
    split: str
    kinds: tuple[str, ...]
    origins: Mapping[str, tuple[str, ...]]


def write_list(path: Path, labelled: Labelled) -> None:
    """Write a list.

    Raises:
        OSError: if it cannot be written.
        ValueError: for a folder or a name with blanks in it.
    """
    header = (labelled.data_set, labelled.folder or _EMPTY, labelled.split or _EMPTY)
    for word in (*header, *labelled.origins):
        if len(word.split()) != 1:
            raise ValueError(f"{path} must have names without blanks, got {word!r}")
    lines = [f"{key} {word}" for key, word in zip(_HEADER, header, strict=False)]
    lines.append(" ".join(("kinds", *labelled.kinds)))
    lines += [" ".join((name, *origins)) for name, origins in labelled.origins.items()]
    write_whole({path: ("\n".join(lines) + "\n").encode()})


def parse_list(path: Path) -> Labelled:
    """Return what a list says.

    Raises:
        ValueError: naming the line that is wrong.
    """
    lines = read_list(path)
    header, samples = lines[: len(_HEADER)], lines[len(_HEADER) :]
    keys = tuple(entry.words[0] for entry in header)
    if keys != _HEADER or any(len(entry.words) < 2 for entry in header):
        raise ValueError(f"{path} must begin with lines of {', '.join(_HEADER)}, got {keys}")
    kinds = header[-1].words[1:]
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ValueError(f"{header[-1].where} must name some of {', '.join(KINDS)}, got {unknown}")
    origins: dict[str, tuple[str, ...]] = {}
    for entry in samples:
        name, *said = entry.words
        if len(said) != len(kinds) or set(said) - {TRUTH, PROXY, NONE} or name in origins:
            raise ValueError(
                f"{entry.where} must be a sample, once, and for each of {', '.join(kinds)} "
                f"{TRUTH}, {PROXY} or {NONE}, got {' '.join(entry.words)!r}"
            )
        origins[name] = tuple(said)
    words = (entry.words[1] for entry in header[:-1])
    data_set, folder, split = ("" if word == _EMPTY else word for word in words)
    return Labelled(data_set, folder, split, kinds, origins)


def read_distilled(root: Path, split: str, read: ReadSamples) -> tuple[Sample, ...]:
    """Return the listed samples with the labels of the list, and no other truth.

    Args:
        root: folder of labels.
        split: another list in it, or its path; empty for ``labels.txt``.
        read: returns a data set's samples by its name, folder and split.

    Raises:
        ValueError: naming what the list or the data set lacks.
    """
    path = root / (split or LIST)
    if split and not path.is_file():
        path = Path(split)
    if not path.is_file():
        raise ValueError(
            f"{root} must hold the list of `python -m offline.distill`, {path} is no file"
        )
    labelled = parse_list(path)
    folder = Path(labelled.folder) if labelled.folder else None
    samples = {sample.name: sample for sample in read(labelled.data_set, folder, labelled.split)}
    missing = [name for name in labelled.origins if name not in samples]
    if missing:
        raise ValueError(f"{labelled.data_set} must have the sample {missing[0]} of {path}")
    return tuple(
        replace(samples[name], truth=_truth(samples[name], root, labelled.kinds, origins))
        for name, origins in labelled.origins.items()
    )


def _truth(
    sample: Sample, root: Path, kinds: Sequence[str], origins: Sequence[str]
) -> dict[str, Callable[[], Truth]]:
    found: dict[str, Callable[[], Truth]] = {}
    for kind, origin in zip(kinds, origins, strict=True):
        entry = KINDS[kind]
        if origin == PROXY:
            found[entry.truth] = partial(entry.read, root / kind / f"{sample.name}.png")
        elif origin == TRUTH:
            found[entry.truth] = partial(sample.known, entry.truth)
        else:
            found[entry.truth] = partial(_nothing, sample, kind)
    return found


def _nothing(sample: Sample, kind: str) -> Truth:
    height, width = sample.image("current").shape[:2]
    return KINDS[kind].nothing((height, width))
