from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.inference.files import Arrays, KittiFiles, Pictures, Trajectory, pictures
from offline.inference.moments import Moment
from offline.kitti_files import read_disparity, read_flow
from scene_perception.visualization import color_disparity

IMAGE = np.full((4, 6, 3), 100, np.uint8)


def moment(index: int = 0, name: str = "000042_10") -> Moment:
    return Moment(index, name, {"current": lambda: IMAGE})


def plane(value: float) -> np.ndarray:
    return np.full((4, 6), value, np.float32)


def test_kittis_files_hold_what_their_kits_read(tmp_path):
    found = {
        "disparity": plane(7.5),
        "next_disparity": plane(2.0),
        "flow": np.full((4, 6, 2), -1.5, np.float32),
        "depth": plane(np.nan),
        "motion_mask": np.full((4, 6), 255, np.uint8),
    }
    KittiFiles(tmp_path).write(moment(), IMAGE, found)
    assert read_disparity(tmp_path / "disp_0" / "000042_10.png")[0, 0] == 7.5
    assert read_disparity(tmp_path / "disp_1" / "000042_10.png")[0, 0] == 2
    flow, known = read_flow(tmp_path / "flow" / "000042_10.png")
    assert flow[0, 0].tolist() == [-1.5, -1.5]
    assert known.all()
    depth = cv2.imread(str(tmp_path / "depth" / "000042_10.png"), cv2.IMREAD_UNCHANGED)
    assert (depth.dtype, depth.max()) == (np.uint16, 0)
    mask = cv2.imread(str(tmp_path / "motion" / "000042_10.png"), cv2.IMREAD_UNCHANGED)
    assert np.unique(mask).tolist() == [255]


@pytest.mark.parametrize(("label_ids", "stored"), [(False, [0, 13, 255]), (True, [7, 26, 0])])
def test_labels_are_stored_as_train_ids_or_as_ids(tmp_path, label_ids, stored):
    labels = np.array([[0, 13, 255]], np.uint8)
    KittiFiles(tmp_path, label_ids=label_ids).write(moment(), IMAGE, {"labels": labels})
    file = tmp_path / "semantics" / "000042_10.png"
    assert cv2.imread(str(file), cv2.IMREAD_UNCHANGED)[0].tolist() == stored


def test_names_may_have_folders(tmp_path):
    found = {"next_from_current": np.eye(4)}
    Arrays(tmp_path).write(moment(name="drive/3"), IMAGE, found)
    array = np.load(tmp_path / "next_from_current" / "drive" / "3.npy")
    np.testing.assert_array_equal(array, np.eye(4))


def test_both_disparities_have_one_colour_scale(tmp_path):
    ramp = np.linspace(0, 50, 24, dtype=np.float32).reshape(4, 6)
    made = pictures(IMAGE, {"disparity": ramp, "next_disparity": ramp + 10})
    assert not np.array_equal(made["disp_0"], made["disp_1"])
    np.testing.assert_array_equal(made["disp_0"], color_disparity(ramp))


def test_what_moves_is_drawn_into_the_image_at_the_masks_size(tmp_path):
    mask = np.zeros((2, 3), np.uint8)
    mask[0, 0] = 255
    Pictures(tmp_path).write(moment(), IMAGE, {"motion_mask": mask})
    picture = cv2.imread(str(tmp_path / "motion" / "000042_10.png"))
    assert picture.shape == (2, 3, 3)
    assert picture[1, 2].tolist() == [100, 100, 100]
    assert picture[0, 0, 2] > picture[0, 0, 0]


def step(x: float) -> dict[str, np.ndarray]:
    pose = np.eye(4)
    pose[0, 3] = x
    return {"next_from_current": pose}


def test_a_trajectory_is_the_cameras_and_ends_where_a_step_is_missing(tmp_path):
    trajectory = Trajectory(tmp_path / "out" / "poses.txt")
    for index, x in ((1, -1.0), (2, -2.0), (4, -5.0)):
        trajectory.write(moment(index), IMAGE, step(x))
    poses = np.loadtxt(tmp_path / "out" / "poses.txt").reshape(-1, 3, 4)
    assert poses[:, 0, 3].tolist() == [0, 1, 3]


def test_without_a_pose_there_is_no_trajectory(tmp_path):
    Trajectory(tmp_path / "poses.txt").write(moment(), IMAGE, {"depth": plane(1)})
    assert not list(tmp_path.iterdir())
