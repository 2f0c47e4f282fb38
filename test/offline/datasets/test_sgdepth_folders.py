from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from offline.datasets.sgdepth_folders import read_sgdepth_folders

DRIVE = "2011_09_26/2011_09_26_drive_0002_sync"


def image(folder: str, frame: int, camera: str = "02") -> str:
    return f"{folder}/{DRIVE}/image_{camera}/data/{frame:010d}.png"


def index(**categories: list[tuple[str, tuple[int, int, int, int]]]) -> str:
    """Return an index of files with their positions."""
    content = {
        "names": list(categories),
        "types": [".png"] * len(categories),
        "folders": [[] for _ in categories],
        "files": [[file for file, _ in files] for files in categories.values()],
        "positions": [[position for _, position in files] for files in categories.values()],
    }
    return json.dumps(content)


def write(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)


@pytest.fixture
def root(tmp_path):
    """A drive of frames 0 ... 3; depth of 1 and 3, which are the test split with 2."""
    kitti, split = tmp_path / "kitti", tmp_path / "kitti_zhou_split"
    split.mkdir()
    for frame in range(4):
        for camera, more in (("02", 0), ("03", 100)):
            pixels = np.full((8, 16, 3), frame + more, np.uint8)
            write(kitti / image("Raw_data", frame, camera), pixels)
    for frame in (1, 3):
        depth = np.full((8, 16), 256 * frame + 128, np.uint16)
        write(kitti / image("Depth", frame), depth)
        write(kitti / image("Depth_improved", frame), depth + 256)
    color = [(image("Raw_data", frame), (frame, frame, 3 - frame, frame)) for frame in range(4)]
    right = [
        (image("Raw_data", frame, "03"), (frame, frame, 3 - frame, frame)) for frame in range(4)
    ]
    depth = [(image("Depth", f), (f, 0, 0, n)) for n, f in enumerate((1, 3))]
    improved = [(image("Depth_improved", f), (f, 0, 0, n)) for n, f in enumerate((1, 3))]
    (kitti / "basic_files.json").write_text(index(color=color, color_right=right, depth=depth))
    (split / "test.json").write_text(
        index(color=color[1:], color_right=right[1:], depth=depth, depth_improved=improved)
    )
    return tmp_path


def test_frames_that_have_depth_are_read(root):
    samples = read_sgdepth_folders(root)
    assert [sample.name[-10:] for sample in samples] == ["0000000001", "0000000003"]
    assert samples[0].sequence == f"Raw_data/{DRIVE}/image_02/data"
    assert samples[1].known("depth")[0, 0] == 3.5


def test_neighbours_are_found_in_the_index_of_all_files(root):
    first, last = read_sgdepth_folders(root)
    images = first.images(("previous", "current", "next", "right"))
    assert [pixels[0, 0, 0] for pixels in images.values()] == [0, 1, 2, 101]
    assert sorted(last.pictures) == ["current", "previous", "right"]


def test_other_depth_maps_are_asked_for_by_name(root):
    sample = read_sgdepth_folders(root, names=("color", "depth_improved"))[0]
    assert sample.known("depth")[0, 0] == 2.5


def test_images_alone_are_all_there(root):
    samples = read_sgdepth_folders(root, names=("color",))
    assert len(samples) == 3
    assert [list(sample.truth) for sample in samples] == [[], [], []]


def test_paths_written_on_windows_are_read(root):
    file = root / "kitti_zhou_split" / "test.json"
    file.write_text(file.read_text().replace("/", "\\\\"))
    assert read_sgdepth_folders(root)[0].image("current")[0, 0, 0] == 1


def test_a_missing_file_is_named_with_the_index_and_frame(root):
    (root / "kitti" / image("Depth", 3)).unlink()
    message = r"test.json, frame 3\): .*Depth/.*0000000003.png cannot be read"
    with pytest.raises(ValueError, match=message):
        read_sgdepth_folders(root)[1].known("depth")


def test_cityscapes_has_its_own_depth_and_labels_by_the_nearest_id(tmp_path):
    names = ("leftImg8bit", "disparity", "gtFine_labelIds")
    files = [f"{name.split('_')[0]}/val/bonn/bonn_000000_000019_{name}.png" for name in names]
    folder = tmp_path / "cityscapes"
    write(folder / files[0], np.zeros((2, 2, 3), np.uint8))
    write(folder / files[1], np.full((2, 2), 1 + 256 * 2, np.uint16))
    write(folder / files[2], np.array([[26, 255], [0, 33]], np.uint8))
    parts = {
        name: [(file, (0, 0, 0, 0))]
        for name, file in zip(("color", "depth", "segmentation"), files, strict=True)
    }
    for name in ("basic_files", "validation"):
        (folder / f"{name}.json").write_text(index(**parts))
    (sample,) = read_sgdepth_folders(tmp_path, split="cityscapes/validation")
    assert sample.known("labels").tolist() == [[13, 18], [255, 18]]
    assert sample.known("depth")[0, 0] == pytest.approx(0.209313 * 2262.52 / 2)


@pytest.mark.parametrize("split", ["kitti_zhou_split", "kitti_zhou_split/val", "test"])
def test_another_split_is_refused(root, split):
    with pytest.raises(ValueError, match=r"must be FOLDER/train\|validation\|test, got"):
        read_sgdepth_folders(root, split=split)


def test_a_wrong_root_is_told_what_it_must_have(root):
    with pytest.raises(ValueError, match=r"must have kitti/basic_files.json for kitti_zhou_split"):
        read_sgdepth_folders(root / "kitti")
    with pytest.raises(ValueError, match=r"kitti_zhou_split/train.json cannot be read: No such"):
        read_sgdepth_folders(root, split="kitti_zhou_split/train")


def test_names_that_the_index_has_not_are_told(root):
    with pytest.raises(ValueError, match=r"test.json must have the names segmentation, it has not"):
        read_sgdepth_folders(root, names=("color", "segmentation"))
    with pytest.raises(ValueError, match="names of SGDepth's index must include 'color'"):
        read_sgdepth_folders(root, names=("depth",))


@pytest.mark.parametrize(
    "content",
    [
        "[",
        "[]",
        '{"names": ["color"], "files": [["a.png"]]}',
        '{"names": ["color"], "files": [["a.png"]], "positions": [[]]}',
        '{"names": ["color"], "files": [["a.png"]], "positions": [[[0, 0]]]}',
    ],
)
def test_a_damaged_index_is_named(root, content):
    (root / "kitti_zhou_split" / "test.json").write_text(content)
    with pytest.raises(ValueError, match=r"test.json must be an index of SGDepth with names"):
        read_sgdepth_folders(root, names=("color",))


def test_an_index_without_common_frames_is_refused(root):
    file = root / "kitti_zhou_split" / "test.json"
    color = [(image("Raw_data", 2), (2, 2, 1, 2))]
    depth = [(image("Depth", 1), (1, 0, 0, 0))]
    file.write_text(index(color=color, depth=depth))
    with pytest.raises(ValueError, match=r"must have frames with color, depth, it has none"):
        read_sgdepth_folders(root)
    file.write_text(index(depth=depth))
    with pytest.raises(ValueError, match=r"test.json must have the names color, it has not"):
        read_sgdepth_folders(root)
    file.write_text(index(color=[]))
    with pytest.raises(ValueError, match=r"must have frames with color, it has none"):
        read_sgdepth_folders(root)
