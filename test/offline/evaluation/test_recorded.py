"""What a node published is found by the stamp of the frame it describes."""

import dataclasses

import cv2
import numpy as np
import pytest

from offline.evaluation.recorded import recorded_source, recorded_tasks
from scene_perception.frame import MetricScale
from scene_perception.pipelines.ego_motion import mean_velocity
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagWriter

DEPTH = "/depth/image_rect"


def write_depths(path, depths, namespace=""):
    """Write a recording with one depth image for each ``stamp_ns: depth``."""
    with BagWriter(path) as bag:
        bag.add_topic(namespace + DEPTH, cdr.IMAGE)
        for stamp_ns, depth in depths.items():
            image = np.full((4, 6), depth, np.float32)
            data = cdr.image(image, "32FC1", stamp_ns, "camera")
            bag.write(namespace + DEPTH, stamp_ns, data)
    return path


def test_predictions_are_matched_by_stamp(tmp_path, depth_samples):
    stamps = [sample.stamp_ns for sample in depth_samples]
    bag = write_depths(tmp_path / "out", {stamps[0]: 1.0, stamps[0] + 1: 7.0, stamps[2]: 3.0})
    source, shared = recorded_source(bag, "depth", depth_samples)
    assert [sample.name for sample in shared] == ["000000", "000002"]
    found = [source.predict(i, sample, {})["depth"][0, 0] for i, sample in enumerate(shared)]
    assert found == [1.0, 3.0]


def test_an_earlier_frame_can_be_asked_for_again(tmp_path, depth_samples):
    depths = {sample.stamp_ns: float(i) for i, sample in enumerate(depth_samples)}
    source, shared = recorded_source(write_depths(tmp_path / "out", depths), "depth", depth_samples)
    found = [source.predict(i, shared[i], {})["depth"][0, 0] for i in (2, 0, 1, 1)]
    assert found == [2.0, 0.0, 1.0, 1.0]


def test_depth_that_the_node_calls_invalid_is_infinitely_far(tmp_path, depth_samples):
    bag = write_depths(tmp_path / "out", {depth_samples[0].stamp_ns: np.nan})
    source, shared = recorded_source(bag, "depth", depth_samples)
    assert np.isposinf(source.predict(0, shared[0], {})["depth"]).all()


def test_a_namespace_is_looked_into(tmp_path, depth_samples):
    bag = write_depths(tmp_path / "out", {depth_samples[0].stamp_ns: 1.0}, namespace="/front")
    assert recorded_tasks(bag, "/front") == ("depth",)
    with pytest.raises(ValueError, match=r"it has /front/depth/image_rect; --namespace says"):
        recorded_tasks(bag)
    with pytest.raises(ValueError, match=r"must have the topic /depth/image_rect, it has /front"):
        recorded_source(bag, "depth", depth_samples)


def test_a_recording_of_another_drive_is_refused_with_both_times(tmp_path, depth_samples):
    bag = write_depths(tmp_path / "out", {5: 1.0})
    with pytest.raises(ValueError, match=r"\(100000000 \.\.\. 300000000 ns\).*\(5 \.\.\. 5 ns\)"):
        recorded_source(bag, "depth", depth_samples)


def test_a_task_that_no_node_publishes_is_refused(tmp_path, depth_samples):
    bag = write_depths(tmp_path / "out", {5: 1.0})
    with pytest.raises(ValueError, match=r"recordings hold depth, .* got faces"):
        recorded_source(bag, "faces", depth_samples)


def test_a_mean_velocity_becomes_the_motion_that_it_was_made_from(tmp_path, depth_samples):
    next_from_current = np.eye(4)
    next_from_current[:3, :3] = cv2.Rodrigues(np.array([0.02, -0.2, 0.01]))[0]
    next_from_current[:3, 3] = 0.3, -0.1, -1.2
    motion = mean_velocity(next_from_current, MetricScale(), 0.1)
    with BagWriter(tmp_path / "out") as bag:
        bag.add_topic("/ego_motion", cdr.TWIST)
        for sample in depth_samples:
            data = cdr.twist(motion.linear_m_s, motion.angular_rad_s, sample.stamp_ns, "camera")
            bag.write("/ego_motion", sample.stamp_ns, data)
    samples = tuple(dataclasses.replace(s, truth={}) for s in depth_samples)
    source, shared = recorded_source(tmp_path / "out", "pose", samples)
    found = source.predict(0, shared[0], {})["next_from_current"]
    assert found == pytest.approx(next_from_current, abs=1e-9)
