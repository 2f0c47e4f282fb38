"""The stereo pipeline: what comes when, what runs for it, and the numbers of DWARF."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from scene_perception.engines.config import NetworkConfig
from scene_perception.models.dwarf import PARTS
from scene_perception.pipelines.stereo import StereoPipeline
from scene_perception.pipelines.stereo_config import StereoOutputConfig, StereoSemanticsConfig
from scene_perception.pipelines.stereo_input import choose_fit, to_network

ENCODER, DECODER, DISPARITY, MOTION = PARTS
NEWEST = StereoOutputConfig(describes="newest")


def four_images(network, first, second):
    fit = choose_fit((192, 128), (192, 128), "auto")
    pairs = [to_network(pair, fit) for pair in (first, second)]
    with torch.inference_mode():
        return network(*(images[n : n + 1] for images in pairs for n in (0, 1)))


def test_streaming_gives_the_numbers_of_the_four_image_network(
    within, stereo_network, stereo_engines, stereo_config, pair_at
):
    pairs = [pair_at(second) for second in (1.0, 1.1, 1.2)]
    pipeline = StereoPipeline(stereo_engines, stereo_config)
    estimate = [pipeline.process(pair) for pair in pairs][-1].estimate
    expected = four_images(stereo_network, *pairs[1:])
    assert estimate is not None
    assert np.isfinite(estimate.disparity).mean() > 0.5
    assert within(estimate.disparity, expected.disparity[0, 0], 1e-5)
    assert within(estimate.motion.flow, expected.flow[0].permute(1, 2, 0), 1e-5)
    assert within(estimate.motion.next_disparity, expected.next_disparity[0, 0], 1e-5)


def test_describing_the_newest_pair_runs_the_network_backwards(
    within, stereo_network, stereo_engines, stereo_config, pair_at
):
    pairs = [pair_at(second) for second in (1.0, 1.1)]
    pipeline = StereoPipeline(stereo_engines, replace(stereo_config, output=NEWEST))
    estimate = [pipeline.process(pair) for pair in pairs][-1].estimate
    expected = four_images(stereo_network, pairs[1], pairs[0])
    assert estimate is not None
    assert within(estimate.motion.flow, expected.flow[0].permute(1, 2, 0), 1e-5)
    assert estimate.motion.next_stamp_ns == pairs[0].left.stamp_ns


@pytest.mark.parametrize(("describes", "first"), [("previous", 0), ("newest", 1)])
def test_all_pairs_but_one_are_described(stereo_constant, stereo_config, pair_at, describes, first):
    config = replace(stereo_config, output=StereoOutputConfig(describes=describes))
    pipeline = StereoPipeline(stereo_constant, config)
    pairs = [pair_at(1 + i / 10) for i in range(5)]
    estimates = [pipeline.process(pair).estimate for pair in pairs]
    stamps = [pair.left.stamp_ns for pair in pairs]
    assert [e and e.depth.stamp_ns for e in estimates] == [None, *stamps[first : first + 4]]


def test_the_encoder_sees_each_image_once(stereo_counted, counts, stereo_config, pair_at):
    pipeline = StereoPipeline(stereo_counted, stereo_config)
    for i in range(5):
        pipeline.process(pair_at(1 + i / 10))
    images_a_run = stereo_counted[ENCODER].inputs["images"].shape[0]
    assert counts[ENCODER] * images_a_run == 5 * 2
    assert counts == {ENCODER: 5, DECODER: 4, DISPARITY: 4, MOTION: 4}


def test_without_a_listener_motion_is_not_refined(stereo_counted, counts, stereo_config, pair_at):
    pipeline = StereoPipeline(stereo_counted, stereo_config)
    results = [pipeline.process(pair_at(second), motion=False) for second in (1.0, 1.1)]
    assert results[1].estimate.motion is None
    assert np.isfinite(results[1].estimate.depth.depth).any()
    assert counts == {ENCODER: 2, DECODER: 1, DISPARITY: 1}


def test_semantics_come_from_dsnet_beside_dwarf(stereo_constant, constant, stereo_config, pair_at):
    semantics = StereoSemanticsConfig(weights="dsnet.safetensors", height=128, width=192)
    config = replace(stereo_config, semantics=semantics)
    pipeline = StereoPipeline({**stereo_constant, "semantics": constant["dsnet"]}, config)
    assert pipeline.provides_labels
    pipeline.process(pair_at(1.0))
    labels = pipeline.process(pair_at(1.1)).estimate.depth.labels
    assert (labels < 19).all()


def test_without_semantics_every_label_is_unknown(stereo_constant, stereo_config, pair_at):
    pipeline = StereoPipeline(stereo_constant, stereo_config)
    pipeline.process(pair_at(1.0))
    assert not pipeline.provides_labels
    assert (pipeline.process(pair_at(1.1)).estimate.depth.labels == 255).all()


@pytest.mark.parametrize(("second", "event"), [(1.1, "duplicate_stamp"), (1.0, "out_of_order")])
def test_a_pair_that_does_not_follow_is_skipped(
    stereo_counted, counts, stereo_config, pair_at, second, event
):
    pipeline = StereoPipeline(stereo_counted, stereo_config)
    for stamp in (1.0, 1.1):
        pipeline.process(pair_at(stamp))
    before = Counter(counts)
    result = pipeline.process(pair_at(second))
    assert (result.estimate, result.event) == (None, event)
    assert counts == before
    assert pipeline.counters[event] == 1


def test_a_gap_starts_afresh_and_says_nothing_about_the_pair_before(
    stereo_constant, stereo_config, pair_at
):
    pipeline = StereoPipeline(stereo_constant, stereo_config)
    pipeline.process(pair_at(1.0))
    result = pipeline.process(pair_at(3.0))
    assert (result.estimate, result.event, pipeline.buffered) == (None, "gap", 1)


def test_kept_features_survive_engines_that_reuse_their_buffers(
    within, stereo_network, stereo_engines, stereo_config, pair_at
):
    class Reusing:
        def __init__(self, engine):
            self._engine, self._buffers = engine, {}
            self.inputs, self.outputs = engine.inputs, engine.outputs

        def __call__(self, **tensors):
            for name, tensor in self._engine(**tensors).items():
                self._buffers.setdefault(name, torch.empty_like(tensor)).copy_(tensor)
            return dict(self._buffers)

    pairs = [pair_at(second) for second in (1.0, 1.1)]
    engines = {part: Reusing(engine) for part, engine in stereo_engines.items()}
    pipeline = StereoPipeline(engines, stereo_config)
    estimate = [pipeline.process(pair) for pair in pairs][-1].estimate
    expected = four_images(stereo_network, *pairs)
    assert within(estimate.disparity, expected.disparity[0, 0], 1e-5)


def test_engines_of_another_size_are_refused(stereo_constant, stereo_config):
    config = replace(stereo_config, network=NetworkConfig(height=192, width=640))
    with pytest.raises(ValueError, match=r"stereo_encoder must take images of \(2, 3, 192, 640\)"):
        StereoPipeline(stereo_constant, config)


def test_engines_of_another_network_are_refused(constant, stereo_config):
    with pytest.raises(ValueError, match=r"engines must be stereo_encoder, .* got"):
        StereoPipeline(constant, stereo_config)


def test_settings_that_need_other_engines_cannot_change(stereo_constant, stereo_config):
    pipeline = StereoPipeline(stereo_constant, stereo_config)
    changed = replace(stereo_config, network=replace(stereo_config.network, device="cuda"))
    with pytest.raises(ValueError, match=r"network must stay .* make a new pipeline"):
        pipeline.reconfigure(changed)


def test_the_valid_range_can_change_between_pairs(stereo_constant, stereo_config, pair_at):
    pipeline = StereoPipeline(stereo_constant, stereo_config)
    pipeline.process(pair_at(1.0))
    pipeline.reconfigure(replace(stereo_config, output=StereoOutputConfig(max_depth=0.5)))
    assert np.isnan(pipeline.process(pair_at(1.1)).estimate.depth.depth).all()


def test_each_stage_is_timed(stereo_constant, stereo_config, pair_at):
    pipeline = StereoPipeline(stereo_constant, stereo_config)
    pipeline.process(pair_at(1.0))
    timings = pipeline.process(pair_at(1.1)).timings_ns
    assert set(timings) == {"preprocess", *PARTS, "buffer", "depth", "motion"}
