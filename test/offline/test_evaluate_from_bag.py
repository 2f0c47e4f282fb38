"""What a node published on a replayed drive is scored against the drive's truth by one command."""

import csv
import json
from itertools import pairwise

import cv2
import numpy as np
import pytest

from offline.datasets.generated import generated_samples
from offline.datasets.kitti_sequences import odometry_samples
from offline.evaluate import main
from scene_perception.frame import MetricScale
from scene_perception.pipelines.ego_motion import mean_velocity
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagWriter

COUNT, PERIOD_S = 5, 0.1
SHAPE = (64, 208)


@pytest.fixture
def street():
    """Return the samples of a generated drive of small images."""
    return generated_samples(COUNT + 1, height=SHAPE[0], width=SHAPE[1])


@pytest.fixture
def odometry(tmp_path):
    """Return a sequence of KITTI odometry, 0.5 m and 0.02 rad to the right each frame."""
    folder = tmp_path / "sequences" / "09"
    (folder / "image_0").mkdir(parents=True)
    poses, pose = [], np.eye(4)
    for index in range(COUNT + 1):
        assert cv2.imwrite(str(folder / f"image_0/{index:06d}.png"), np.zeros(SHAPE, np.uint8))
        poses.append(" ".join(f"{value:.15g}" for value in pose[:3].ravel()))
        pose = pose @ current_from_next()
    (folder / "poses.txt").write_text("\n".join(poses) + "\n")
    camera = "100 0 104 0 0 100 32 0 0 0 1 0"
    (folder / "calib.txt").write_text(f"P0: {camera}\nP1: {camera}\n")
    return folder


def current_from_next():
    transform = np.eye(4)
    transform[:3, :3] = cv2.Rodrigues(np.array([0.0, 0.02, 0.0]))[0]
    transform[2, 3] = 0.5
    return transform


def write_bag(path, stamps_ns, depths, motions):
    """Write a recording of depth, and of ego-motion with a translation of half the length."""
    with BagWriter(path) as bag:
        bag.add_topic("/depth/image_rect", cdr.IMAGE)
        bag.add_topic("/ego_motion", cdr.TWIST)
        for stamp_ns, depth, transform in zip(stamps_ns, depths, motions, strict=True):
            image = cdr.image(depth, "32FC1", stamp_ns, "camera")
            bag.write("/depth/image_rect", stamp_ns, image)
            halved = np.array(transform)
            halved[:3, 3] *= 0.5
            motion = mean_velocity(halved, MetricScale(), PERIOD_S)
            twist = cdr.twist(motion.linear_m_s, motion.angular_rad_s, stamp_ns, "camera")
            bag.write("/ego_motion", stamp_ns, twist)
    return path


def figures(folder, task):
    return json.loads((folder / f"{task}.json").read_text())["figures"]


def test_every_recorded_task_that_the_drive_knows_is_scored(street, tmp_path):
    stamps = [sample.stamp_ns for sample in street[:COUNT]]
    true = [sample.known("depth") for sample in street[:COUNT]]
    poses = [sample.known("world_from_camera") for sample in street]
    motions = [np.linalg.inv(b) @ a for a, b in pairwise(poses)]
    halved = [np.where(depth > 0, 0.5 * depth, np.nan).astype(np.float32) for depth in true]
    bag = write_bag(tmp_path / "bag", stamps, halved, motions)
    out = tmp_path / "out"
    data = ["--dataset", "generated", "--split", "0@64x208"]
    assert main(["--from-bag", str(bag), *data, "--output", str(out)]) == 0
    assert sorted(path.name for path in out.glob("*.json")) == ["depth.json", "pose.json"]
    depth, pose = figures(out, "depth"), figures(out, "pose")
    assert depth["scale_median"] == pytest.approx(2.0)
    assert (depth["frames"], depth["abs_rel"]) == (COUNT, pytest.approx(0, abs=1e-6))
    assert (pose["frames"], pose["ate"]) == (COUNT, pytest.approx(0, abs=1e-6))
    with (out / "depth.csv").open() as file:
        assert [row["sample"] for row in csv.DictReader(file)] == [s.name for s in street[:COUNT]]
    assert "<h2>Best 5" in (out / "depth.html").read_text()


def test_what_the_drive_does_not_know_is_passed_over_and_named(odometry, tmp_path, capsys):
    stamps = [sample.stamp_ns for sample in odometry_samples(odometry)[:COUNT]]
    depths = [np.ones(SHAPE, np.float32)] * COUNT
    bag = write_bag(tmp_path / "bag", stamps, depths, [np.linalg.inv(current_from_next())] * COUNT)
    out = tmp_path / "out"
    data = ["--data", str(odometry), "--dataset", "kitti_odometry"]
    assert main(["--from-bag", str(bag), *data, "--output", str(out)]) == 0
    assert "passed over: depth (kitti_odometry has no depth)" in capsys.readouterr().err
    assert [path.name for path in out.glob("*.json")] == ["pose.json"]
    pose = figures(out, "pose")
    assert pose["length_m"] == pytest.approx(0.5 * (COUNT - 1))
    assert pose["rotation_median_deg"] == pytest.approx(0, abs=1e-6)
    assert pose["ate"] == pytest.approx(0, abs=1e-6)


def test_a_drive_that_knows_nothing_of_a_recording_is_refused(odometry, tmp_path, capsys):
    (odometry / "poses.txt").unlink()
    bag = write_bag(tmp_path / "bag", [0], [np.ones(SHAPE, np.float32)], [np.eye(4)])
    data = ["--data", str(odometry), "--dataset", "kitti_odometry"]
    assert main(["--from-bag", str(bag), *data, "--output", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert "must hold predictions that kitti_odometry has ground truth for" in told
    assert "pose (kitti_odometry has no world_from_camera)" in told
