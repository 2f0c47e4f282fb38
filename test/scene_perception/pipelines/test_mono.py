"""The monocular pipeline: what comes when, what runs for it, and the numbers of OmegaNet."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from scene_perception.engines.config import NetworkConfig
from scene_perception.pipelines.config import BufferConfig, MonoConfig, MotionConfig, ScaleConfig
from scene_perception.pipelines.mono import MonoPipeline
from scene_perception.pipelines.preprocess import to_network

ENCODERS = {"dsnet", "camera_encoder", "flow_encoder"}
DECODERS = {"camera_decoder", "flow_decoder", "rigid_motion"}
STAMPS = (1.0, 1.1, 1.2)


def test_streaming_gives_the_numbers_of_the_three_frame_network(
    within, network, engines, config, frame_at
):
    frames = [frame_at(second) for second in STAMPS]
    pipeline = MonoPipeline(engines, config)
    motion = [pipeline.process(frame) for frame in frames][-1].motion
    images = [to_network(frame, 192, 128).image for frame in frames]
    with torch.inference_mode():
        expected = network(*images)
    assert motion is not None
    assert within(motion.depth.depth, expected.inverse_depth[0, 0].reciprocal(), 1e-5)
    assert (motion.depth.labels == expected.labels[0].numpy()).mean() > 0.9999
    assert within(motion.flow, expected.flow[0].permute(1, 2, 0), 1e-5)
    assert within(motion.motion_probability, expected.motion_probability[0, 0], 1e-5)
    assert within(motion.ego_motion.next_from_current, expected.next_from_current[0], 1e-5)
    moving = (
        (expected.labels >= 11) & (expected.labels < 19) & (expected.motion_probability[0] > 0.5)
    )
    assert ((motion.motion_mask > 0) == moving[0].numpy()).mean() > 0.9999


def test_depth_comes_with_its_frame_and_motion_with_the_next(constant, config, frame_at):
    pipeline = MonoPipeline(constant, config)
    results = [pipeline.process(frame_at(1 + i / 10)) for i in range(5)]
    depths = [result.depth.stamp_ns for result in results]
    motions = [result.motion and result.motion.stamp_ns for result in results]
    assert depths == [frame_at(1 + i / 10).stamp_ns for i in range(5)]
    assert motions == [None, None, *depths[1:4]]
    assert results[2].motion.next_stamp_ns == depths[2]
    assert results[2].motion.depth is results[1].depth


def test_depth_can_be_had_before_anything_else_runs(counted, counts, config, frame_at):
    pipeline = MonoPipeline(counted, config)
    early = []
    for second in STAMPS:
        counts.clear()
        result = pipeline.process(
            frame_at(second), on_depth=lambda depth: early.append((depth, dict(counts)))
        )
        depth, ran = early[-1]
        assert depth is result.depth
        assert ran == {"dsnet": 1}


def test_each_encoder_runs_once_per_frame(counted, counts, config, frame_at):
    pipeline = MonoPipeline(counted, config)
    for i in range(5):
        pipeline.process(frame_at(1 + i / 10))
    assert counts == {**dict.fromkeys(ENCODERS, 5), **dict.fromkeys(DECODERS, 3)}


def test_without_a_listener_no_decoder_runs_and_motion_can_start_at_once(
    counted, counts, config, frame_at
):
    pipeline = MonoPipeline(counted, config)
    for second in STAMPS:
        assert pipeline.process(frame_at(second), motion=False).motion is None
    assert counts == dict.fromkeys(ENCODERS, 3)
    assert pipeline.process(frame_at(1.3)).motion is not None
    assert counts == {**dict.fromkeys(ENCODERS, 4), **dict.fromkeys(DECODERS, 1)}


def test_odometry_needs_the_camera_s_translation_even_without_a_listener(
    counted, counts, config, frame_at
):
    pipeline = MonoPipeline(counted, replace(config, scale=ScaleConfig(source="odometry")))
    for i in range(30):
        pipeline.add_odometry(round((0.9 + i / 50) * 1e9), np.array([i / 5, 0.0, 0.0]))
    for second in STAMPS:
        pipeline.process(frame_at(second), motion=False)
    assert counts == {**dict.fromkeys(ENCODERS, 3), "camera_decoder": 1}
    assert pipeline.process(frame_at(1.3), motion=False).depth.scale.is_metric


def test_depth_alone_runs_with_dsnet_alone(counted, counts, config, frame_at):
    pipeline = MonoPipeline({"dsnet": counted["dsnet"]}, config)
    results = [pipeline.process(frame_at(second)) for second in STAMPS]
    assert pipeline.contents == {"depth", "labels"}
    assert all(result.depth is not None and result.motion is None for result in results)
    assert counts == {"dsnet": 3}


@pytest.mark.parametrize(
    ("second", "event"),
    [(1.2, "duplicate_stamp"), (1.1, "out_of_order")],
)
def test_a_frame_that_does_not_follow_is_skipped(counted, counts, config, frame_at, second, event):
    pipeline = MonoPipeline(counted, config)
    for stamp in STAMPS:
        pipeline.process(frame_at(stamp))
    before = Counter(counts)
    result = pipeline.process(frame_at(second))
    assert (result.depth, result.motion, result.event) == (None, None, event)
    assert counts == before
    assert +pipeline.counters == {event: 1}
    assert pipeline.process(frame_at(1.3)).motion.stamp_ns == frame_at(1.2).stamp_ns


@pytest.mark.parametrize(
    ("change", "event"),
    [
        ({"stamp_ns": 100}, "time_jump_back"),
        ({"stamp_ns": 9_000_000_000}, "gap"),
        ({"frame_id": "rear"}, "frame_id_change"),
        ({"image": np.zeros((64, 64, 3), np.uint8), "intrinsics": None}, "size_change"),
    ],
)
def test_a_frame_that_starts_afresh_has_depth_and_two_later_the_next_motion(
    constant, config, frame_at, change, event
):
    pipeline = MonoPipeline(constant, config)
    for second in STAMPS:
        pipeline.process(frame_at(second))
    first = replace(frame_at(1.3), **change)
    later = [replace(first, stamp_ns=first.stamp_ns + i * 10**8) for i in range(3)]
    results = [pipeline.process(frame) for frame in later]
    assert [result.event for result in results] == [event, "", ""]
    assert [result.motion is not None for result in results] == [False, False, True]
    assert all(result.depth is not None for result in results)
    assert +pipeline.counters == {event: 1}


def test_other_intrinsics_start_afresh(constant, config, frame_at):
    pipeline = MonoPipeline(constant, config)
    for second in STAMPS:
        pipeline.process(frame_at(second))
    frame = frame_at(1.3)
    zoomed = replace(frame, intrinsics=replace(frame.intrinsics, fx=200.0))
    assert pipeline.process(zoomed).event == "intrinsics_change"


def test_a_reset_forgets_the_frames_and_keeps_the_counters(constant, config, frame_at):
    pipeline = MonoPipeline(constant, config)
    for second in (*STAMPS, 1.2):
        pipeline.process(frame_at(second))
    pipeline.reset()
    assert pipeline.process(frame_at(1.2)).event == ""
    assert pipeline.process(frame_at(1.3)).motion is None
    assert +pipeline.counters == {"duplicate_stamp": 1}


def test_new_settings_count_from_the_next_frame_and_keep_the_frames(constant, config, frame_at):
    pipeline = MonoPipeline(constant, config)
    for second in STAMPS[:2]:
        pipeline.process(frame_at(second))
    pipeline.reconfigure(replace(config, scale=ScaleConfig("fixed", factor=3.0)))
    result = pipeline.process(frame_at(1.2))
    assert result.depth.scale.factor == 3.0
    assert result.motion.ego_motion.scale.factor == 1.0


def test_another_network_or_buffer_needs_a_new_pipeline(constant, config):
    pipeline = MonoPipeline(constant, config)
    with pytest.raises(ValueError, match="make a new pipeline"):
        pipeline.reconfigure(replace(config, buffer=BufferConfig(max_gap_s=2.0)))


def test_an_engine_that_fails_leaves_the_pipeline_usable(constant, config, frame_at):
    class Failing:
        inputs, outputs = constant["dsnet"].inputs, constant["dsnet"].outputs
        fails = True

        def __call__(self, **tensors):
            if self.fails:
                raise RuntimeError("out of memory")
            return constant["dsnet"](**tensors)

    failing = Failing()
    pipeline = MonoPipeline({**constant, "dsnet": failing}, config)
    with pytest.raises(RuntimeError, match="out of memory"):
        pipeline.process(frame_at(1.0))
    failing.fails = False
    results = [pipeline.process(frame_at(second)) for second in STAMPS]
    assert [result.event for result in results] == ["", "", ""]
    assert results[2].motion is not None


def test_depth_and_motion_of_a_frame_share_one_scale(constant, config, frame_at):
    pipeline = MonoPipeline(constant, replace(config, scale=ScaleConfig("fixed", factor=7.0)))
    relative = MonoPipeline(constant, config)
    for second in STAMPS:
        result, unscaled = (each.process(frame_at(second)) for each in (pipeline, relative))
    assert result.motion.ego_motion.scale is result.motion.depth.scale
    np.testing.assert_allclose(
        result.motion.depth.depth, 7 * unscaled.motion.depth.depth, rtol=1e-6
    )
    np.testing.assert_allclose(
        result.motion.ego_motion.linear_m_s, 7 * unscaled.motion.ego_motion.linear_m_s, rtol=1e-6
    )
    np.testing.assert_array_equal(result.motion.flow, unscaled.motion.flow)


def test_the_camera_s_own_intrinsics_can_explain_the_flow(engines, config, frame_at):
    own = MonoPipeline(engines, replace(config, motion=MotionConfig(intrinsics="camera_info")))
    predicted = MonoPipeline(engines, config)
    for second in STAMPS:
        first, second_result = (each.process(frame_at(second)) for each in (own, predicted))
    assert not np.array_equal(
        first.motion.motion_probability, second_result.motion.motion_probability
    )


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"scale": ScaleConfig(source="camera_height")}, "scale.source camera_height"),
        ({"motion": MotionConfig(intrinsics="camera_info")}, "motion.intrinsics camera_info"),
    ],
)
def test_a_frame_without_intrinsics_is_refused_where_they_are_needed(
    constant, config, frame_at, part, message
):
    pipeline = MonoPipeline(constant, replace(config, **part))
    blind = replace(frame_at(1.0), intrinsics=None)
    with pytest.raises(ValueError, match=f"{message} needs the camera's intrinsics"):
        pipeline.process(blind)
    assert pipeline.process(frame_at(1.0)).event == ""


def test_the_stages_of_a_step_are_timed(constant, config, frame_at):
    pipeline = MonoPipeline(constant, config)
    for second in STAMPS:
        timings = pipeline.process(frame_at(second)).timings_ns
    assert set(timings) == {"preprocess", "buffer", "postprocess"} | ENCODERS | DECODERS
    assert all(value > 0 for value in timings.values())


def test_two_hundred_frames_keep_only_three(constant, config, frame_at):
    pipeline = MonoPipeline(constant, config)
    motions = sum(pipeline.process(frame_at(1 + i / 10)).motion is not None for i in range(200))
    assert motions == 198
    assert pipeline.buffered == 3


def test_engines_of_another_size_are_refused(constant):
    config = MonoConfig(network=NetworkConfig(height=192, width=640))
    with pytest.raises(ValueError, match=r"must take images of \(1, 3, 192, 640\), got .*128, 192"):
        MonoPipeline(constant, config)


def test_odometry_without_camera_motion_is_refused(constant, config):
    odometry = replace(config, scale=ScaleConfig(source="odometry"))
    with pytest.raises(ValueError, match="weights of depth alone, got odometry"):
        MonoPipeline({"dsnet": constant["dsnet"]}, odometry)


def test_a_setting_out_of_range_is_refused(constant, config):
    with pytest.raises(ValueError, match=r"motion.threshold must be <= 1.0, got 2.0"):
        MonoPipeline(constant, replace(config, motion=MotionConfig(threshold=2.0)))
