from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from scene_perception.geometry.camera import Intrinsics
from scene_perception.recordings import cdr
from scene_perception.recordings.image_folder import (
    ImageFolder,
    image_files,
    read_calibration,
    read_image,
)

CAMERA = Intrinsics(50.0, 50.0, 7.5, 3.5, width=16, height=8)
CALIBRATION = """\
image_width: 1242
image_height: 375
camera_name: left
camera_matrix: {rows: 3, cols: 3, data: [800., 0., 620., 0., 800., 190., 0., 0., 1.]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [-0.3, 0.1, 0., 0., 0.]}
rectification_matrix: {rows: 3, cols: 3, data: [1., 0., 0., 0., 1., 0., 0., 0., 1.]}
projection_matrix:
  rows: 3
  cols: 4
  data: [721.5, 0., 609.5, 44.8, 0., 722.5, 172.8, 0.2, 0., 0., 1., 0.003]
"""


def save(file: Path, value: int = 0, shape: tuple[int, ...] = (8, 16, 3)) -> Path:
    assert cv2.imwrite(str(file), np.full(shape, value, np.uint8))
    return file


def test_files_are_ordered_by_the_numbers_in_their_names(tmp_path):
    for name in ("frame10.png", "frame9.jpg", "frame100.PNG", "notes.txt"):
        save(tmp_path / name) if name != "notes.txt" else (tmp_path / name).write_text("")
    assert [f.name for f in image_files(tmp_path)] == ["frame9.jpg", "frame10.png", "frame100.PNG"]


def test_an_empty_or_missing_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must hold .png, .jpg or .jpeg files, got none"):
        image_files(tmp_path)
    with pytest.raises(ValueError, match="nowhere does not exist"):
        image_files(tmp_path / "nowhere")


def test_colour_files_are_read_as_rgb(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((2, 2, 3), (10, 20, 30), np.uint8))  # BGR
    pixels, encoding = read_image(tmp_path / "a.png")
    assert encoding == "rgb8"
    assert pixels[0, 0].tolist() == [30, 20, 10]


@pytest.mark.parametrize(
    ("stored", "asked", "shape", "dtype"),
    [
        ((4, 4, 3), "rgb8", (4, 4, 3), np.uint8),
        ((4, 4, 3), "bgr8", (4, 4, 3), np.uint8),
        ((4, 4, 3), "mono8", (4, 4), np.uint8),
        ((4, 4), "rgb8", (4, 4, 3), np.uint8),
        ((4, 4, 4), "rgb8", (4, 4, 3), np.uint8),
        ((4, 4, 4), "mono8", (4, 4), np.uint8),
    ],
)
def test_files_are_converted_to_the_encoding_asked_for(tmp_path, stored, asked, shape, dtype):
    pixels, encoding = read_image(save(tmp_path / "a.png", 90, stored), asked)
    assert (encoding, pixels.shape, pixels.dtype) == (asked, shape, dtype)
    cdr.image(pixels, encoding, 0, "")


@pytest.mark.parametrize(
    ("shape", "encoding"), [((4, 4), "mono8"), ((4, 4, 3), "rgb8"), ((4, 4, 4), "rgba8")]
)
def test_files_keep_their_channels_unless_asked(tmp_path, shape, encoding):
    assert read_image(save(tmp_path / "a.png", 0, shape))[1] == encoding


def test_grey_files_of_16_bits_stay_so_and_colour_ones_become_8(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((2, 2), 0x1234, np.uint16))
    cv2.imwrite(str(tmp_path / "colour.png"), np.full((2, 2, 3), 0x1234, np.uint16))
    grey, encoding = read_image(tmp_path / "grey.png")
    assert (encoding, grey[0, 0]) == ("mono16", 0x1234)
    colour, encoding = read_image(tmp_path / "colour.png")
    assert (encoding, colour.dtype, colour[0, 0, 0]) == ("rgb8", np.uint8, 0x12)
    assert read_image(tmp_path / "grey.png", "mono8")[0][0, 0] == 0x12


def test_an_unknown_encoding_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must be rgb8, bgr8, mono8 or empty, got 'yuv'"):
        read_image(save(tmp_path / "a.png"), "yuv")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("kept", [0, 20, 200, -4])
def test_a_truncated_file_is_refused_by_name(tmp_path, suffix, kept):
    file = tmp_path / f"frame7{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    cv2.imwrite(str(file), noise)
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(ValueError, match=f"frame7{suffix} is damaged"):
        read_image(file)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match=r"frame3.png cannot be read: No such file"):
        read_image(tmp_path / "frame3.png")


def test_calibration_is_that_of_the_rectified_image(tmp_path):
    (tmp_path / "left.yaml").write_text(CALIBRATION)
    assert read_calibration(tmp_path / "left.yaml") == Intrinsics(
        721.5, 722.5, 609.5, 172.8, width=1242, height=375
    )


@pytest.mark.parametrize(
    "content", ["", "image_width: 5", "{", CALIBRATION.replace("721.5, ", ""), "- 1\n- 2"]
)
def test_a_wrong_calibration_is_refused_by_name(tmp_path, content):
    (tmp_path / "left.yaml").write_text(content)
    with pytest.raises(ValueError, match=r"left.yaml must be a camera_calibration YAML file"):
        read_calibration(tmp_path / "left.yaml")


def test_a_folder_plays_images_and_their_calibration_at_its_rate(tmp_path):
    for index in range(3):
        save(tmp_path / f"{index}.png", index)
    folder = ImageFolder(tmp_path, fps=4.0, frame_id="cam", intrinsics=CAMERA, start_ns=1000)
    messages = list(folder.messages())
    assert [m.topic for m in messages] == ["camera_info", "image_rect"] * 3
    assert [m.time_ns for m in messages[1::2]] == [1000, 250_001_000, 500_001_000]
    assert [cdr.header_stamp_ns(m.data) for m in messages] == [m.time_ns for m in messages]
    assert {t.name: t.count for t in folder.topics} == {"image_rect": 3, "camera_info": 3}


def test_a_folder_without_calibration_plays_images_alone(tmp_path):
    save(tmp_path / "0.png")
    folder = ImageFolder(tmp_path)
    assert [t.name for t in folder.topics] == ["image_rect"]
    assert [m.topic for m in folder.messages()] == ["image_rect"]


def test_the_topics_asked_for_are_played(tmp_path):
    save(tmp_path / "0.png")
    folder = ImageFolder(tmp_path, intrinsics=CAMERA)
    assert [m.topic for m in folder.messages(["camera_info"])] == ["camera_info"]


def test_a_damaged_file_ends_playing_or_is_reported_and_skipped(tmp_path):
    for index in range(3):
        save(tmp_path / f"{index}.png")
    (tmp_path / "1.png").write_bytes(b"rubbish")
    with pytest.raises(ValueError, match=r"1.png is damaged"):
        list(ImageFolder(tmp_path).messages())
    said: list[str] = []
    played = list(ImageFolder(tmp_path, start_ns=0, report=said.append).messages())
    assert [m.time_ns for m in played] == [0, 200_000_000]
    assert len(said) == 1
    assert "1.png is damaged" in said[0]


def test_an_image_of_another_size_than_its_calibration_is_refused(tmp_path):
    save(tmp_path / "0.png", shape=(8, 17, 3))
    with pytest.raises(ValueError, match=r"0.png has 17x8 px, its calibration is for 16x8 px"):
        list(ImageFolder(tmp_path, intrinsics=CAMERA).messages())
