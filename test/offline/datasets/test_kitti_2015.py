from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from offline.datasets.kitti_2015 import read_kitti_2015
from offline.kitti_files import write_disparity, write_flow

FLAT = np.full((8, 16), 4.0, np.float32)


@pytest.fixture
def measured(kitti_scene_flow: Path) -> Path:
    """The data set with ground truth: 4 px of disparity, flow (2, 1), unknown at (0, 0)."""
    training = kitti_scene_flow / "training"
    hole = FLAT.copy()
    hole[0, 0] = np.nan
    flow = np.stack([FLAT / 2, FLAT / 4], axis=-1)
    for kind in ("disp_noc_0", "disp_occ_0", "disp_noc_1", "disp_occ_1", "flow_noc", "flow_occ"):
        (training / kind).mkdir()
        for scene in range(3):
            file = training / kind / f"{scene:06d}_10.png"
            if kind.startswith("disp"):
                write_disparity(file, hole)
            else:
                write_flow(file, flow, np.isfinite(hole))
    (training / "obj_map").mkdir()
    for scene in range(3):
        cv2.imwrite(
            str(training / "obj_map" / f"{scene:06d}_10.png"), np.full((8, 16), scene, np.uint8)
        )
    return kitti_scene_flow


def add_frames(folder: Path, *moments: int) -> None:
    for camera in ("image_2", "image_3"):
        (folder / camera).mkdir(parents=True, exist_ok=True)
        for scene in range(3):
            for moment in moments:
                pixels = np.full((8, 16, 3), moment, np.uint8)
                cv2.imwrite(str(folder / camera / f"{scene:06d}_{moment:02d}.png"), pixels)


def test_a_split_has_stereo_pairs_now_and_next(kitti_scene_flow):
    samples = read_kitti_2015(kitti_scene_flow)
    assert [sample.name for sample in samples] == ["000000_10", "000001_10", "000002_10"]
    assert samples[1].sequence == "000001"
    images = samples[1].images(("current", "right", "next", "next_right"))
    assert [image[0, 0, 0] for image in images.values()] == [100, 101, 110, 111]
    assert "previous" not in samples[1].pictures


@pytest.mark.parametrize("given", ["training", "training/image_2"])
def test_the_splits_and_the_image_folder_may_be_given(kitti_scene_flow, given):
    assert len(read_kitti_2015(kitti_scene_flow / given)) == 3


def test_truth_is_of_every_kind_whose_folder_is_there(measured):
    sample = read_kitti_2015(measured)[2]
    disparity = sample.known("disparity_occ_1")
    assert np.isnan(disparity[0, 0])
    assert disparity[0, 1] == 4
    flow, known = sample.known("flow_noc")
    assert (flow[3, 5].tolist(), known[0, 0], known[0, 1]) == ([2, 1], False, True)
    assert sample.known("object_map")[0, 0] == 2
    assert set(sample.truth) == {
        *("flow_noc", "flow_occ", "disparity_noc_0", "disparity_occ_0"),
        *("disparity_noc_1", "disparity_occ_1", "object_map", "depth"),
    }


def test_images_without_ground_truth_say_so(kitti_scene_flow):
    with pytest.raises(ValueError, match=r"sample 000000_10 must have the ground truth 'flow_occ'"):
        read_kitti_2015(kitti_scene_flow)[0].known("flow_occ")


@pytest.mark.parametrize(
    ("kind", "folder"),
    [("flow_occ", "flow_occ"), ("depth", "disp_occ_0"), ("object_map", "obj_map")],
)
def test_a_missing_map_is_named(measured, kind, folder):
    (measured / "training" / folder / "000001_10.png").unlink()
    sample = read_kitti_2015(measured)[1]
    with pytest.raises(ValueError, match=rf"000001_10: .*{folder}/000001_10.png cannot be read"):
        sample.known(kind)


def test_a_truncated_map_is_named(measured):
    file = measured / "training" / "flow_occ" / "000001_10.png"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"flow_occ/000001_10.png cannot be read: .* damaged"):
        read_kitti_2015(measured)[1].known("flow_occ")


def test_a_map_with_the_wrong_channels_is_named(measured):
    folder = measured / "training"
    shutil.copy(folder / "disp_occ_0" / "000001_10.png", folder / "flow_occ" / "000001_10.png")
    with pytest.raises(ValueError, match=r"000001_10.png must be a 16-bit PNG of three channels"):
        read_kitti_2015(measured)[1].known("flow_occ")


def test_images_of_two_sizes_are_refused(kitti_scene_flow):
    file = kitti_scene_flow / "training" / "image_3" / "000000_10.png"
    cv2.imwrite(str(file), np.zeros((9, 16, 3), np.uint8))
    with pytest.raises(ValueError, match=r"one size, got current 16x8, right 16x9 px"):
        read_kitti_2015(kitti_scene_flow)[0].images(("current", "right"))


def test_depth_is_by_the_focal_length_of_the_images_width(measured):
    wide = np.full((2, 1242), 2.0, np.float32)
    wide[0, 0] = np.nan
    write_disparity(measured / "training" / "disp_occ_0" / "000000_10.png", wide)
    depth = read_kitti_2015(measured)[0].known("depth")
    assert (depth[0, 0], depth.dtype) == (0, np.float32)
    assert depth[0, 1] == pytest.approx(0.54 * 721.5377 / 2, rel=1e-6)


def test_depth_of_another_width_is_by_the_calibration(measured):
    depth = read_kitti_2015(measured)[0].known("depth")
    assert depth[1, 1] == pytest.approx(0.54 * 10 / 4)


def test_sgdepths_depth_is_by_the_unrectified_camera_and_cut_off(measured):
    calibration = measured / "training" / "calib_cam_to_cam" / "000000.txt"
    calibration.write_text("K_02: 960 0 7 0 980 3 0 0 1\n")
    depth = read_kitti_2015(measured, depth="sgdepth")[0].known("depth")
    # 0.54 * 970 / 4 = 130.95; 130.95 * 256 = 33523.2
    assert (depth[0, 0], depth[1, 1]) == (0, 33523 / 256)


def test_sgdepths_depth_wraps_round_at_256_m(measured):
    calibration = measured / "training" / "calib_cam_to_cam" / "000000.txt"
    calibration.write_text("K_02: 2000 0 7 0 2000 3 0 0 1\n")
    depth = read_kitti_2015(measured, depth="sgdepth")[0].known("depth")
    assert depth[1, 1] == pytest.approx(0.54 * 2000 / 4 - 256, abs=1 / 256)


def test_a_calibration_without_the_camera_is_named(measured):
    with pytest.raises(ValueError, match=r"000000.txt must have K_02 with 9 numbers, got \[\]"):
        read_kitti_2015(measured, depth="sgdepth")[0].known("depth")


def test_another_depth_is_refused(measured):
    with pytest.raises(ValueError, match="depth of KITTI 2015 must be one of rectified, sgdepth"):
        read_kitti_2015(measured, depth="metric")


def test_frames_before_are_found_in_the_same_folder(kitti_scene_flow):
    add_frames(kitti_scene_flow / "training", 9)
    assert read_kitti_2015(kitti_scene_flow)[2].image("previous")[0, 0, 0] == 9


def test_frames_before_are_found_in_the_extension_beside(kitti_scene_flow):
    add_frames(kitti_scene_flow.parent / "data_scene_flow_multiview" / "training", 9, 10)
    sample = read_kitti_2015(kitti_scene_flow)[0]
    assert sample.image("previous")[0, 0, 0] == 9
    assert sample.image("current")[0, 0, 0] == 0


@pytest.mark.parametrize("place", ["scene_flow/training", "data_semantics/training"])
def test_labels_are_found_in_the_folder_and_beside(kitti_scene_flow, place):
    folder = kitti_scene_flow.parent / place / "semantic"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "000000_10.png"), np.full((8, 16), 26, np.uint8))
    sample = read_kitti_2015(kitti_scene_flow)[0]
    assert (sample.known("label_ids")[0, 0], sample.known("labels")[0, 0]) == (26, 13)


def test_omegas_list_is_of_three_frames(measured):
    add_frames(measured / "training", 9)
    samples = read_kitti_2015(measured, split="omeganet")
    assert (len(samples), samples[1].name) == (200, "000001_10")
    assert samples[1].where == "list omeganet, line 2"
    assert samples[1].image("previous")[0, 0, 0] == 9
    assert samples[1].known("flow_occ")[1].any()


def test_a_scene_that_a_list_has_and_the_folder_has_not_is_named_with_its_line(kitti_scene_flow):
    sample = read_kitti_2015(kitti_scene_flow, split="omeganet")[17]
    with pytest.raises(ValueError, match=r"\(list omeganet, line 18\): image .*000017_10.png cann"):
        sample.image("current")


def test_a_list_file_names_dwarfs_pairs_and_their_labels(measured, tmp_path):
    training = measured / "training"
    add_frames(training, 4, 5, 6)
    (training / "ILG" / "flow").mkdir(parents=True)
    write_flow(training / "ILG" / "flow" / "000001_05.png", np.ones((8, 16, 2), np.float32))
    images = [f"{c}/000001_{t}.png" for t in ("05", "06") for c in ("image_2", "image_3")]
    labels = [f"ILG/{kind}/000001_05.png" for kind in ("disp_0", "disp_1", "flow")]
    (tmp_path / "list.txt").write_text("\n" + " ".join(images + labels))
    (sample,) = read_kitti_2015(measured, split=str(tmp_path / "list.txt"))
    assert (sample.name, set(sample.truth)) == (
        "000001_05",
        {"disparity_occ_0", "disparity_occ_1", "flow_occ"},
    )
    assert [sample.image(role)[0, 0, 0] for role in ("current", "next_right")] == [5, 6]
    assert sample.known("flow_occ")[0][0, 0].tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"list.txt, line 2\): .*ILG/disp_0/000001_05.png cannot"):
        sample.known("disparity_occ_0")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.png b.png", r"list.txt, line 1 must name 1, 3, 4 or 7 files .*, got 2"),
        ("7.png", r"list.txt, line 1 must name images as 000000_10.png, got '7.png'"),
    ],
)
def test_a_wrong_line_is_named(kitti_scene_flow, tmp_path, line, message):
    (tmp_path / "list.txt").write_text(line)
    with pytest.raises(ValueError, match=message):
        read_kitti_2015(kitti_scene_flow, split=str(tmp_path / "list.txt"))


def test_another_split_is_refused(kitti_scene_flow):
    with pytest.raises(
        ValueError, match=r"split of KITTI 2015 must be one of .* or a file, got 'v"
    ):
        read_kitti_2015(kitti_scene_flow, split="validation")


def test_a_wrong_root_is_told_what_it_must_have_and_what_it_has(kitti_scene_flow):
    message = r"must have training/image_2 with 000000_10.png, .*; it has scene_flow$"
    with pytest.raises(ValueError, match=message):
        read_kitti_2015(kitti_scene_flow.parent)
    with pytest.raises(ValueError, match=r"testing/image_2 with .*; it has training$"):
        read_kitti_2015(kitti_scene_flow, split="testing")


def test_a_folder_without_the_frames_is_refused(tmp_path):
    (tmp_path / "image_2").mkdir()
    with pytest.raises(ValueError, match=r"image_2 must hold images called .*; it is empty"):
        read_kitti_2015(tmp_path)


def test_the_golden_ground_truth_is_read(shared, kitti_scene_flow):
    for folder in (shared / "golden" / "kitti_scene_flow" / "gt").iterdir():
        shutil.copytree(folder, kitti_scene_flow / "training" / folder.name)
    sample = read_kitti_2015(kitti_scene_flow)[0]
    occluded, visible = (sample.known(f"disparity_{kind}_0") for kind in ("occ", "noc"))
    assert occluded.shape == (64, 128)
    assert np.isfinite(occluded).sum() > np.isfinite(visible).sum() > 0
