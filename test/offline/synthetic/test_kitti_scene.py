from __future__ import annotations

import numpy as np
import pytest

from offline.datasets.kitti_2015 import read_kitti_2015
from offline.datasets.kitti_calibration import baseline_m, projection, read_named, read_poses
from offline.datasets.kitti_semantics import read_kitti_semantics
from offline.png_files import read_png
from offline.synthetic.kinds import KINDS, image_of, truth_of
from offline.synthetic.kitti_scene import write_scene
from offline.synthetic.samples import frame_of


@pytest.fixture
def frames(some_triplets):
    triplets = some_triplets(2)
    return [frame_of(triplets, index) for index in range(2)]


@pytest.fixture
def folder(frames, tmp_path):
    for number, tensors in enumerate(frames):
        write_scene(tmp_path / "training", number, tensors)
    return tmp_path


def test_our_reader_finds_scenes_with_images_of_three_moments(frames, folder):
    samples = read_kitti_2015(folder)
    assert [sample.name for sample in samples] == ["000000_10", "000001_10"]
    for sample, tensors in zip(samples, frames, strict=True):
        for role in ("previous", "current", "next", "right", "next_right"):
            np.testing.assert_array_equal(sample.image(role), image_of(tensors, role))


def test_our_reader_finds_the_truth_to_what_the_files_can_say(frames, folder):
    for sample, tensors in zip(read_kitti_2015(folder), frames, strict=True):
        for kind in set(KINDS) - {"depth", "world_from_camera"}:
            found, expected = sample.known(kind), truth_of(kind, tensors)
            if isinstance(found, tuple):
                np.testing.assert_array_equal(found[1], expected[1])
                np.testing.assert_allclose(found[0], expected[0], atol=1 / 64)
            elif kind.startswith("disparity"):
                expected = np.where(expected < 1 / 256, np.nan, expected)  # nothing is "not known"
                np.testing.assert_allclose(found, expected, atol=1 / 256)
            else:
                np.testing.assert_array_equal(found, expected)


def test_labels_are_those_of_kitti_semantics_and_instances_hold_both(frames, folder):
    sample = read_kitti_semantics(folder)[1]
    ids = truth_of("label_ids", frames[1])
    np.testing.assert_array_equal(sample.known("label_ids"), ids)
    instances = read_png(folder / "training/instance/000001_10.png", np.uint16)
    np.testing.assert_array_equal(instances // 256, ids)
    np.testing.assert_array_equal(instances % 256, frames[1]["instances"])


def test_calibration_is_that_of_the_cameras(frames, folder):
    file = folder / "training/calib_cam_to_cam/000000.txt"
    left, right = (projection(read_named(file), f"P_rect_0{n}", file) for n in (2, 3))
    assert baseline_m(left, right) == pytest.approx(0.5)
    np.testing.assert_allclose(left.matrix[:, :3], frames[0]["intrinsics"])
    np.testing.assert_array_equal(left.offset_m(), 0)


def test_poses_are_of_three_frames_in_the_first(folder):
    poses = read_poses(folder / "training/poses/000000.txt")
    np.testing.assert_allclose(poses[:, 2, 3], [0, 0.8, 1.7], atol=1e-6)
    np.testing.assert_allclose(poses[:, :3, :3], np.tile(np.eye(3), (3, 1, 1)), atol=1e-7)
