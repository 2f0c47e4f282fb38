"""Replay, node and recorder as the processes that a user runs, over DDS."""

from dataclasses import replace

import pytest

from offline import make_bag
from offline.live_run import LiveRun, ros_arguments, run_live
from offline.recording import summarise_recording
from offline.shows import MONO, STEREO, missing_outputs

SMALL = {
    "network.random_weights": True,
    "network.backend": "torch",
    "network.height": 128,
    "network.width": 256,
}
FRAMES = 51


@pytest.fixture(scope="module")
def kitti(shared, tmp_path_factory):
    """The 51 real frames of KITTI odometry as a bag."""
    source = shared / "data" / "kitti" / "odometry"
    if not source.is_dir():
        pytest.skip("needs the KITTI odometry frames in ../shared/data")
    bag = tmp_path_factory.mktemp("kitti") / "bag"
    assert make_bag.main(["kitti_odometry", str(source), str(bag)]) == 0
    return bag


def test_parameters_become_ros_arguments():
    assert ros_arguments({"a.b": True, "c": 2}) == ["--ros-args", "-p", "a.b:=true", "-p", "c:=2"]


def test_real_frames_paced_by_the_consumer_lose_nothing(kitti, tmp_path):
    run = LiveRun(kitti, tmp_path, SMALL, {"pace": "consumer", "delay_s": 3.0})
    summary = summarise_recording(run_live(run, print))
    sent = summarise_recording(kitti).stamps_ns["/image_rect"]
    assert missing_outputs(MONO, summary, FRAMES) == []
    assert summary.stamps_ns["/depth/image_rect"] == sent
    assert summary.stamps_ns["/semantic/image"] == sent
    for topic in ("/flow/image", "/motion_mask/image", "/ego_motion"):
        assert summary.stamps_ns[topic] == sent[1:-1]


def test_at_ten_times_real_time_frames_are_dropped_and_counted(kitti, tmp_path):
    topics = "depth/image_rect,flow/image,diagnostics"
    node = {**SMALL, "diagnostics_period_s": 0.2}
    run = LiveRun(
        kitti, tmp_path, node, {"rate": 10.0, "delay_s": 3.0, "loop": False}, {"topics": topics}
    )
    summary = summarise_recording(run_live(run, print))
    depths = summary.counts["/depth/image_rect"]
    assert 3 <= depths < FRAMES
    assert int(summary.values["input/count overwritten"]) > 0
    newest = max(summary.stamps_ns["/depth/image_rect"])
    assert newest == summarise_recording(kitti).stamps_ns["/image_rect"][-1]


def test_node_that_cannot_start_is_reported_with_its_own_words(kitti, tmp_path):
    run = LiveRun(kitti, tmp_path, {"network.weights": "none.safetensors"})
    with pytest.raises(RuntimeError, match=r"none\.safetensors"):
        run_live(run, print)


def test_stereo_pairs_paced_by_the_consumer_lose_nothing(tmp_path):
    bag = tmp_path / "bag"
    size = ["--height", "188", "--width", "621"]
    assert make_bag.main(["synthetic", str(bag), "--stereo", "--limit", "6", *size]) == 0
    run = replace(STEREO.live_run(tmp_path, bag, None), node=SMALL)
    summary = summarise_recording(run_live(run, print))
    sent = summarise_recording(bag).stamps_ns["/left/image_rect"]
    assert missing_outputs(STEREO, summary, 6) == []
    for topic in ("/disparity", "/depth/image_rect", "/scene_flow/image", "/points"):
        assert summary.stamps_ns[topic] == sent[:-1]
    assert not any(int(value) for key, value in summary.values.items() if "overwritten" in key)
