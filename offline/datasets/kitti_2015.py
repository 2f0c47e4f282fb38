"""KITTI 2015: 200 scenes with flow, disparity and moving objects, and frames before and after.

A split (``training`` or ``testing``) holds ``image_2`` and ``image_3``, the left and right
colour images ``000000_10.png`` and ``000000_11.png``. The multi-view extension adds the
frames 00 ... 20, in the same folders or in ``data_scene_flow_multiview`` beside the data set;
KITTI semantics has labels of the same images, in ``semantic`` or in ``data_semantics``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from offline.datasets.base import ImageFile
from offline.datasets.folders import Entry, contents, entries, read_list
from offline.datasets.kitti_2015_depth import DEPTHS, disparity_depth
from offline.datasets.kitti_2015_files import (
    LEFT,
    MOMENT,
    RIGHT,
    SPLITS,
    Frame,
    find_split,
    frames_in,
    parse_frame,
    scenes_of,
)
from offline.datasets.kitti_2015_lists import LISTS, list_lines
from offline.datasets.label_maps import read_labels, read_train_ids
from offline.datasets.samples import Sample, Truth
from offline.kitti_files import read_disparity, read_flow

_READERS: dict[str, tuple[str, Callable[[Path], Truth]]] = {
    "flow_noc": ("flow_noc", read_flow),
    "flow_occ": ("flow_occ", read_flow),
    "disparity_noc_0": ("disp_noc_0", read_disparity),
    "disparity_occ_0": ("disp_occ_0", read_disparity),
    "disparity_noc_1": ("disp_noc_1", read_disparity),
    "disparity_occ_1": ("disp_occ_1", read_disparity),
    "object_map": ("obj_map", read_labels),
}
# What the fifth to seventh file of DWARF's training lines are.
_LISTED = ("disparity_occ_0", "disparity_occ_1", "flow_occ")
# Which file of a line is the current frame, by their number.
_CURRENT = {1: 0, 3: 1, 4: 0, 7: 0}

Readers = Mapping[str, Callable[[], Truth]]


@dataclass(frozen=True)
class _Files:
    """Where a split's files are; None for what is not there.

    Attributes:
        folder: the split's.
        others: the folder of the multi-view extension's frames.
        labels: the folder of KITTI semantics' ids.
        depth: one of ``DEPTHS``.
    """

    folder: Path
    others: Path | None
    labels: Path | None
    depth: str

    def image(self, camera: str, frame: Frame) -> ImageFile:
        own = self.others is None or frame.moment in (MOMENT, MOMENT + 1)
        folder = self.folder if own else self.others or self.folder
        return ImageFile(folder / camera / frame.file_name)

    def pictures(self, frame: Frame, *, previous: bool) -> dict[str, ImageFile]:
        following = frame._replace(moment=frame.moment + 1)
        roles = {"current": (LEFT, frame), "next": (LEFT, following)}
        if previous:
            roles = {"previous": (LEFT, frame._replace(moment=frame.moment - 1)), **roles}
        if (self.folder / RIGHT).is_dir():
            roles |= {"right": (RIGHT, frame), "next_right": (RIGHT, following)}
        return {role: self.image(*place) for role, place in roles.items()}

    def truth(self, frame: Frame) -> Readers:
        if frame.moment != MOMENT:
            return {}
        name = frame.file_name
        found: dict[str, Callable[[], Truth]] = {
            kind: partial(read, self.folder / folder / name)
            for kind, (folder, read) in _READERS.items()
            if (self.folder / folder).is_dir()
        }
        if "disparity_occ_0" in found:
            calibration = self.folder / "calib_cam_to_cam" / f"{frame.scene:06d}.txt"
            disparity = self.folder / "disp_occ_0" / name
            found["depth"] = partial(disparity_depth, disparity, calibration, self.depth)
        if self.labels is not None:
            found["label_ids"] = partial(read_labels, self.labels / name)
            found["labels"] = partial(read_train_ids, self.labels / name)
        return found


def read_kitti_2015(
    root: Path, *, split: str = "training", depth: str = "rectified"
) -> tuple[Sample, ...]:
    """Return the frames of a split or a list, called ``000000_10`` and so on.

    Every frame has ``current`` and ``next``; ``right`` and ``next_right`` where ``image_3`` is
    there, ``previous`` where the multi-view extension is, or where the list names it. Truth
    are those kinds whose folders are there: nothing is known but of frame 10, except by the
    labels that a list names.

    Args:
        root: the data set, or a split's folder, or its ``image_2``.
        split: ``training``, ``testing``, a list of ``kitti_2015_lists`` by its name (each is
            of the training split), or a list file of the same form.
        depth: how ``depth`` comes from the first disparity, one of ``kitti_2015_depth.DEPTHS``.

    Raises:
        ValueError: for a folder without images, a list that cannot be read, or another depth.
    """
    if depth not in DEPTHS:
        raise ValueError(f"depth of KITTI 2015 must be one of {', '.join(DEPTHS)}, got {depth!r}")
    listed = _entries(split)
    files = _find(root, "testing" if split == "testing" else "training", depth)
    if listed is None:
        return _all(files)
    return tuple(_listed_sample(files, entry) for entry in listed)


def read_kitti_2015_truth(folder: Path, *, depth: str = "rectified") -> tuple[Sample, ...]:
    """Return frames 10 of a folder with ground truth alone, as the development kit takes it.

    Args:
        folder: holds some of ``disp_occ_0``, ``flow_occ``, ``obj_map`` and so on.
        depth: as ``read_kitti_2015``.

    Raises:
        ValueError: for a folder without ground truth.
    """
    files = _Files(folder, None, None, depth)
    paths = [path for name in truth_folders(folder) for path in (folder / name).iterdir()]
    frames = {frame for path in paths if (frame := parse_frame(path.name)) is not None}
    if not frames:
        raise ValueError(
            f"KITTI scene flow folder {folder} must have disp_occ_0, flow_occ or others with "
            f"000000_10.png ...; {contents(folder)}"
        )
    return tuple(
        Sample(name=Path(frame.file_name).stem, pictures={}, truth=files.truth(frame))
        for frame in sorted(frames)
    )


def truth_folders(folder: Path) -> list[str]:
    """Return which folders of ground truth there are."""
    return [name for name, _ in _READERS.values() if (folder / name).is_dir()]


def _entries(split: str) -> tuple[Entry, ...] | None:
    """Return a list's lines, None for a whole split."""
    if split in SPLITS:
        return None
    if split in LISTS:
        return entries(f"list {split}", list_lines(split))
    if not Path(split).is_file():
        names = ", ".join((*SPLITS, *LISTS))
        raise ValueError(f"split of KITTI 2015 must be one of {names} or a file, got {split!r}")
    return read_list(Path(split))


def _find(root: Path, split: str, depth: str) -> _Files:
    folder = find_split(root, split)
    beside = folder.resolve().parents[1]
    others = beside / "data_scene_flow_multiview" / folder.name
    labels = (folder / "semantic", beside / "data_semantics" / folder.name / "semantic")
    return _Files(
        folder,
        others if (others / LEFT).is_dir() else None,
        next((path for path in labels if path.is_dir()), None),
        depth,
    )


def _all(files: _Files) -> tuple[Sample, ...]:
    frames = frames_in(files.folder)
    scenes = scenes_of(frames, files.folder)
    previous = files.others is not None or any(frame.moment < MOMENT for frame in frames)
    return tuple(_sample(files, Frame(scene, MOMENT), previous=previous) for scene in scenes)


def _sample(
    files: _Files,
    frame: Frame,
    *,
    previous: bool,
    where: str = "",
    listed: Readers | None = None,
) -> Sample:
    return Sample(
        name=frame.file_name.removesuffix(".png"),
        pictures=files.pictures(frame, previous=previous),
        truth={**files.truth(frame), **(listed or {})},
        where=where,
        sequence=f"{frame.scene:06d}",
    )


def _listed_sample(files: _Files, entry: Entry) -> Sample:
    count = len(entry.words)
    if count not in _CURRENT:
        raise ValueError(
            f"{entry.where} must name 1, 3, 4 or 7 files (as the lists of omegaNet and DWARF), "
            f"got {count}"
        )
    word = entry.words[_CURRENT[count]]
    frame = parse_frame(PurePosixPath(word).name)
    if frame is None:
        raise ValueError(f"{entry.where} must name images as 000000_10.png, got {word!r}")
    previous = count == 3 or (files.others is not None and frame.moment > 0)
    labels = zip(_LISTED, entry.words[4:], strict=False)
    listed = {kind: partial(_READERS[kind][1], files.folder / file) for kind, file in labels}
    return _sample(files, frame, previous=previous, where=entry.where, listed=listed)
