from __future__ import annotations

import json

import pytest

from offline.datasets.kitti_splits import RawFrame, read_split

DRIVE = "2011_09_26_drive_0002_sync"
IMAGE = f"2011_09_26/{DRIVE}/image_02/data/0000000069"


def only(path, content):
    path.write_text(content)
    (frame,) = read_split(path)
    return frame


@pytest.mark.parametrize(
    ("line", "camera", "suffix"),
    [
        (f"{IMAGE}.jpg\n", 2, ".jpg"),  # omegaNet
        (f"{IMAGE}.png", 2, ".png"),  # Insta-DM, Semseg: no final newline
        (f"{IMAGE}.png {DRIVE}/proj_depth/groundtruth/image_02/0000000069.png 721.5\n", 2, ".png"),
        (f"2011_09_26/{DRIVE} 69 l\n", 2, ".png"),  # monodepth2
        (f"2011_09_26/{DRIVE} 0000000069 r\n", 3, ".png"),
        (f"2011_09_26 {DRIVE} 0000000069\n", 2, ".png"),  # Zhou's static frames
        (f"{DRIVE}_03 0000000069\n", 3, ".png"),  # SfMLearner
        (f"/my data/{IMAGE}.png\n", 2, ".png"),
        (f"{IMAGE}.jpg 2011_09_26/{DRIVE}/image_03/data/0000000069.jpg\n", 2, ".jpg"),
        (f"\ufeff2011_09_26/{DRIVE} 69 l\r\n", 2, ".png"),  # written on Windows
    ],
)
def test_every_format_gives_the_same_frame(tmp_path, line, camera, suffix):
    frame = only(tmp_path / "list.txt", line)
    assert frame == RawFrame(DRIVE, camera, 69, suffix, f"{tmp_path / 'list.txt'}, line 1")


def test_a_frame_is_called_as_in_eigens_list():
    frame = RawFrame(DRIVE, 2, 69)
    assert frame.name == IMAGE
    assert frame.sequence == f"2011_09_26/{DRIVE}"


def test_an_index_of_sgdepth_gives_its_colour_images(tmp_path):
    file = tmp_path / "test.json"
    index = {
        "names": ["depth", "color"],
        "files": [
            [f"Depth/{IMAGE}.png"],
            [f"Raw_data/{IMAGE}.png", f"Raw_data\\{IMAGE.replace('69', '70')}.png"],
        ],
        "positions": [[[0, 0, 0, 0]], [[0, 0, 0, 0], [1, 1, 0, 0]]],
    }
    file.write_text(json.dumps(index))
    frames = read_split(file)
    assert [frame.number for frame in frames] == [69, 70]
    assert frames[1].where == f"{file}, color 2"


def test_blank_lines_are_left_out_but_counted(tmp_path):
    (tmp_path / "list.txt").write_text(f"\n{IMAGE}.png\n\n2011_09_26/{DRIVE} 70 l\n\n")
    wheres = [frame.where.rpartition(", ")[2] for frame in read_split(tmp_path / "list.txt")]
    assert wheres == ["line 2", "line 4"]


@pytest.mark.parametrize(
    "line", ["000000_10.png", f"{DRIVE}/69", f"2011_09_26/{DRIVE} 69 x", f"{IMAGE}.bmp"]
)
def test_a_line_of_another_kind_is_named(tmp_path, line):
    (tmp_path / "list.txt").write_text(f"{IMAGE}.png\n{line}\n")
    with pytest.raises(ValueError, match=r"list.txt, line 2 must name a frame of KITTI raw like"):
        read_split(tmp_path / "list.txt")


def test_a_frame_that_comes_twice_is_named_with_both_lines(tmp_path):
    (tmp_path / "list.txt").write_text(f"{IMAGE}.png\n2011_09_26/{DRIVE} 69 l\n")
    message = r"line 2 must name a frame of its own, got .*0000000069 as in .*list.txt, line 1"
    with pytest.raises(ValueError, match=message):
        read_split(tmp_path / "list.txt")


@pytest.mark.parametrize("content", ["", " \n\n"])
def test_an_empty_list_is_refused(tmp_path, content):
    (tmp_path / "list.txt").write_text(content)
    with pytest.raises(ValueError, match=r"list.txt must not be empty"):
        read_split(tmp_path / "list.txt")


def test_a_missing_list_is_named(tmp_path):
    for name in ("list.txt", "test.json"):
        with pytest.raises(ValueError, match=rf"{name} cannot be read"):
            read_split(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"test.json must be an index of SGDepth with names"),
        ("[]", r"test.json must be an index of SGDepth"),
        ('{"names": ["depth"], "files": [[]]}', r"test.json must name images in 'color'"),
        ('{"names": ["color"], "files": [[]], "positions": [[]]}', r"'color', it has none"),
        (
            '{"names": ["color"], "files": [["x.png"]], "positions": [[[0, 0, 0, 0]]]}',
            r"test.json, color 1 must name a frame",
        ),
    ],
)
def test_a_wrong_index_is_refused(tmp_path, content, message):
    (tmp_path / "test.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        read_split(tmp_path / "test.json")
