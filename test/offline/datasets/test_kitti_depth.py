from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest

from offline.datasets import kitti_depth as module
from offline.datasets.kitti_depth import read_kitti_depth
from offline.datasets.velodyne import read_velodyne

DRIVE = "2011_09_26_drive_0002_sync"
IMAGE = f"2011_09_26/{DRIVE}/image_02/data/0000000069"
SCAN = f"2011_09_26/{DRIVE}/velodyne_points/data/0000000069.bin"
CALIBRATION = "2011_09_26/calib_cam_to_cam.txt"
LAYOUTS = (
    f"2011_09_26/{DRIVE}",
    f"data_depth_annotated/val/{DRIVE}",
    f"data_depth_annotated/train/{DRIVE}",
    f"../data_depth_annotated/train/{DRIVE}",
    f"val/{DRIVE}",
    DRIVE,
)


def samples(root, truth="velodyne_forward"):
    return read_kitti_depth(root, split=str(root / "list.txt"), truth=truth)


def annotate(root, layout, shape=(94, 311)):
    stored = np.zeros(shape, np.uint16)
    stored[3, 4] = 2560 + 64
    folder = root / layout / "proj_depth" / "groundtruth" / "image_02"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "0000000069.png"), stored)
    return folder / "0000000069.png"


def test_samples_are_called_as_the_list_calls_them(kitti_depth, golden_raw):
    found = samples(kitti_depth)
    assert [f"{sample.name}.png" for sample in found] == golden_raw["files"].tolist()
    assert found[0].sequence == DRIVE
    assert found[1].where == f"{kitti_depth / 'list.txt'}, line 2"


def test_neighbours_in_time_are_there_where_their_files_are(kitti_depth):
    first, second = samples(kitti_depth)
    images = first.images(("previous", "current", "next"))
    assert [int(image[0, 0, 0]) for image in images.values()] == [99, 100, 101]
    assert list(second.pictures) == ["current"]


@pytest.mark.parametrize("truth", ["velodyne_forward", "velodyne_z", "velodyne_png"])
@pytest.mark.parametrize("index", [0, 1])
def test_scanned_depth_is_that_of_the_published_evaluators(kitti_depth, golden_raw, truth, index):
    expected = golden_raw[f"{truth}_{index}"] / np.float32(256 if truth == "velodyne_png" else 1)
    depth = samples(kitti_depth, truth)[index].known("depth")
    assert depth.dtype == np.float32
    np.testing.assert_array_equal(depth, expected)


def test_the_right_cameras_frames_have_its_calibration(kitti_depth, golden_raw):
    drive = kitti_depth / "2011_09_26" / DRIVE
    shutil.copytree(drive / "image_02", drive / "image_03")
    (kitti_depth / "list.txt").write_text(f"2011_09_26/{DRIVE} 69 r\n")
    depth = samples(kitti_depth)[0].known("depth")
    np.testing.assert_array_equal(depth, golden_raw["camera_3_0"])


@pytest.mark.parametrize(("listed", "there"), [(".png", ".jpg"), (".jpg", ".png")])
def test_images_are_found_in_either_format(kitti_depth, golden_raw, listed, there):
    for file in (kitti_depth / IMAGE).parent.iterdir():
        cv2.imwrite(str(file.with_suffix(there)), cv2.imread(str(file)))
        if there != ".png":
            file.unlink()
    (kitti_depth / "list.txt").write_text(f"{IMAGE}{listed}\n")
    (sample,) = samples(kitti_depth)
    assert set(sample.pictures) == {"previous", "current", "next"}
    assert sample.image("next")[0, 0, 0] == 101
    np.testing.assert_array_equal(sample.known("depth"), golden_raw["velodyne_forward_0"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_improved_depth_is_found_in_every_layout(kitti_depth, layout):
    annotate(kitti_depth, layout)
    depth = samples(kitti_depth, "improved")[0].known("depth")
    assert depth[3, 4] == 10.25
    assert np.count_nonzero(depth) == 1


def test_a_dates_calibration_is_read_once(kitti_depth, monkeypatch):
    folders = []
    read = module.raw_image_from_velodyne
    monkeypatch.setattr(
        module,
        "raw_image_from_velodyne",
        lambda folder, camera: folders.append(folder.name) or read(folder, camera),
    )
    for sample in samples(kitti_depth):
        sample.known("depth")
    assert folders == ["2011_09_26"]


def test_nothing_is_read_before_it_is_needed(kitti_depth):
    (kitti_depth / CALIBRATION).unlink()
    (kitti_depth / SCAN).unlink()
    (kitti_depth / f"{IMAGE}.png").write_bytes(b"")
    assert len(samples(kitti_depth)) == 2


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (SCAN, r"Velodyne scan .*0000000069.bin cannot be read: No such file"),
        (CALIBRATION, r"calib_cam_to_cam.txt cannot be read"),
        ("2011_09_26/calib_velo_to_cam.txt", r"calib_velo_to_cam.txt cannot be read"),
        (f"{IMAGE}.png", r"image .*0000000069.png cannot be read: No such file"),
    ],
)
def test_a_missing_file_is_named_with_the_splits_line(kitti_depth, damaged, message):
    (kitti_depth / damaged).unlink()
    place = rf"sample {IMAGE} \(.*list.txt, line 1\): .*"
    with pytest.raises(ValueError, match=place + message):
        samples(kitti_depth)[0].known("depth")


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (SCAN, r"0000000069.bin must have 16 bytes for each .* it is cut short"),
        (CALIBRATION, r"calib_cam_to_cam.txt must have R_rect_00 with 9 numbers"),
        (f"{IMAGE}.png", r"image .*0000000069.png is damaged or no PNG or JPEG"),
    ],
)
def test_a_cut_file_is_named_with_the_splits_line(kitti_depth, damaged, message):
    file = kitti_depth / damaged
    file.write_bytes(file.read_bytes()[: 50 if damaged == CALIBRATION else 23])
    with pytest.raises(ValueError, match=r"\(.*list.txt, line 1\): .*" + message):
        samples(kitti_depth)[0].known("depth")


def test_a_cut_image_is_named_when_it_is_looked_at(kitti_depth):
    file = kitti_depth / f"{IMAGE}.png"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"\(.*list.txt, line 1\): image .*69.png is damaged"):
        samples(kitti_depth)[0].image("current")


def test_a_drive_without_improved_depth_is_named(kitti_depth):
    message = rf"line 1\): annotated depth maps of {DRIVE} must lie in .*got none"
    with pytest.raises(ValueError, match=message):
        samples(kitti_depth, "improved")[0].known("depth")


def test_a_frame_without_improved_depth_says_which_split_has_none_such(kitti_depth):
    annotate(kitti_depth, LAYOUTS[0]).unlink()
    with pytest.raises(ValueError, match=r"69.png must be there, .*'eigen_benchmark'"):
        samples(kitti_depth, "improved")[0].known("depth")


def test_a_cut_depth_map_is_named(kitti_depth):
    file = annotate(kitti_depth, LAYOUTS[0])
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(ValueError, match=r"line 1\): .*69.png cannot be read: it is no image"):
        samples(kitti_depth, "improved")[0].known("depth")


def test_a_depth_map_of_another_size_than_its_image_is_refused(kitti_depth):
    annotate(kitti_depth, LAYOUTS[0], (92, 306))
    message = r"must have the size of .*69.png, 311x94 px, got 306x92 px"
    with pytest.raises(ValueError, match=message):
        samples(kitti_depth, "improved")[0].known("depth")


def test_a_wrong_root_says_what_is_needed_and_what_is_there(kitti_depth):
    message = r"2011_09_26 must have dates such as 2011_09_26; it has 2011_09_26_drive_0002_sync, "
    with pytest.raises(ValueError, match=message):
        read_kitti_depth(kitti_depth / "2011_09_26")
    with pytest.raises(ValueError, match=r"nowhere must .*; it does not exist"):
        read_kitti_depth(kitti_depth / "nowhere")


def test_a_root_without_any_drive_of_the_split_is_refused(kitti_depth):
    (kitti_depth / "list.txt").write_text("2011_10_03/2011_10_03_drive_0027_sync 5 l\n")
    message = r"must have drives of the split such as 2011_10_03/.*_0027_sync; it has 2011_09_26, "
    with pytest.raises(ValueError, match=message):
        samples(kitti_depth)


def test_another_truth_is_refused(kitti_depth):
    message = "depth truth of KITTI raw must be velodyne_forward, .*improved, got 'kitti2015'"
    with pytest.raises(ValueError, match=message):
        samples(kitti_depth, "kitti2015")


def test_a_scan_is_that_of_the_frames_number(kitti_depth, golden_raw):
    np.testing.assert_array_equal(read_velodyne(kitti_depth / SCAN), golden_raw["velo_0"])
