"""The monocular pipeline with models that give less than OmegaNet, and with parts of others."""

from dataclasses import replace

import pytest
import torch

from scene_perception.pipelines.config import FlowConfig, MonoConfig, ScaleConfig
from scene_perception.pipelines.mono import MonoPipeline
from scene_perception.pipelines.preprocess import to_network

STAMPS = (1.0, 1.1, 1.2)
UNKNOWN = torch.full((1, 128, 192), 255, dtype=torch.uint8)


@pytest.fixture(scope="module")
def frames(frame_at):
    return [frame_at(second) for second in STAMPS]


@pytest.fixture(scope="module")
def images(frames):
    return [to_network(frame, 192, 128).image for frame in frames]


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.inference_mode():
        yield


def results_of(engines, config, frames):
    pipeline = MonoPipeline(engines, config)
    return [pipeline.process(frame) for frame in frames]


def test_streaming_gives_sgdepth_s_own_numbers(within, sgdepth, engines_of, config, frames, images):
    first, second, _ = results_of(engines_of("sgdepth"), config, frames)
    scene = sgdepth.scene(images[0])
    assert within(1 / first.depth.depth, scene.inverse_depth[0, 0], 1e-5)
    assert (first.depth.labels == scene.labels[0].numpy()).mean() > 0.9999
    expected = sgdepth.ego_motion(images[0], images[1]).next_from_current[0]
    assert within(second.motion.ego_motion.next_from_current, expected, 1e-5)
    assert second.motion.depth is first.depth


def test_streaming_gives_insta_dm_s_own_numbers_with_labels_of_another(
    within, insta_dm, network, engines_of, labeller, config, frames, images
):
    engines = {**engines_of("insta_dm"), "semantics": labeller}
    first, second, _ = results_of(engines, config, frames)
    labels = [network.dsnet(image).labels for image in images]
    assert within(1 / first.depth.depth, insta_dm(images[0]).inverse_depth[0, 0], 1e-5)
    assert (first.depth.labels == labels[0][0].numpy()).mean() > 0.9999
    pose = insta_dm.ego_pose_net(*images[:2], *labels[:2]).next_from_current[0]
    assert within(second.motion.ego_motion.next_from_current, pose, 1e-5)
    unmasked = insta_dm.ego_pose_net(*images[:2], UNKNOWN, UNKNOWN).next_from_current[0]
    assert not within(pose, unmasked, 1e-5)


def test_without_labels_everything_is_unknown_and_background(
    within, insta_dm, engines_of, config, frames, images
):
    first, second, _ = results_of(engines_of("insta_dm"), config, frames)
    assert (first.depth.labels == 255).all()
    pose = insta_dm.ego_pose_net(*images[:2], UNKNOWN, UNKNOWN).next_from_current[0]
    assert within(second.motion.ego_motion.next_from_current, pose, 1e-5)


def test_flow_of_omeganet_beside_sgdepth_is_explained_with_the_camera_s_intrinsics(
    within, network, sgdepth, engines_of, flow_engines, config, frames, images
):
    motion = results_of({**engines_of("sgdepth"), **flow_engines}, config, frames)[-1].motion
    flow = network.sd_ofnet(*images).flow
    scene = sgdepth.scene(images[1])
    pose = sgdepth.ego_motion(*images[1:]).next_from_current
    camera = frames[1].intrinsics.matrix()[None]
    expected = network.rigid_motion(scene.inverse_depth, pose, camera, flow).motion_probability
    assert within(motion.flow, flow[0].permute(1, 2, 0), 1e-5)
    assert within(motion.motion_probability, expected[0, 0], 1e-4)
    moving = (scene.labels >= 11) & (scene.labels < 19) & (expected[0] > 0.5)
    assert ((motion.motion_mask > 0) == moving[0].numpy()).mean() > 0.999
    assert (motion.stamp_ns, motion.depth.stamp_ns) == (frames[1].stamp_ns,) * 2


def test_what_no_part_gives_is_none(engines_of, config, frames):
    motion = results_of(engines_of("sgdepth"), config, frames)[1].motion
    assert (motion.flow, motion.motion_probability, motion.motion_mask) == (None, None, None)
    assert motion.ego_motion is not None


def test_flow_alone_comes_without_ego_motion(engines, flow_engines, config, frames):
    parts = {part: flow_engines[part] for part in ("flow_encoder", "flow_decoder")}
    motion = results_of({"dsnet": engines["dsnet"], **parts}, config, frames)[-1].motion
    assert motion.flow.shape == (128, 192, 2)
    assert (motion.ego_motion, motion.motion_probability) == (None, None)


def test_without_labels_there_is_a_motion_probability_and_no_mask(
    engines_of, flow_engines, config, frames
):
    motion = results_of({**engines_of("insta_dm"), **flow_engines}, config, frames)[-1].motion
    assert motion.motion_probability is not None
    assert motion.motion_mask is None


def test_the_motion_between_two_images_comes_with_the_second(engines_of, config, frames):
    results = results_of(engines_of("sgdepth"), config, frames)
    stamps = [result.motion and result.motion.stamp_ns for result in results]
    assert stamps == [None, frames[0].stamp_ns, frames[1].stamp_ns]
    assert results[1].motion.next_stamp_ns == frames[1].stamp_ns


def test_the_pose_network_runs_only_for_listeners_or_for_the_scale(
    engines_of, counting, counts, config, frames
):
    engines = counting(engines_of("sgdepth"))
    pipeline = MonoPipeline(engines, config)
    assert [pipeline.process(frame, motion=False).motion for frame in frames] == [None] * 3
    assert counts == {"sgdepth": 3}
    measuring = MonoPipeline(engines, replace(config, scale=ScaleConfig(source="odometry")))
    for frame in frames:
        measuring.process(frame, motion=False)
    assert counts == {"sgdepth": 6, "sgdepth_pose": 2}


def test_motion_probability_without_predicted_intrinsics_needs_the_camera_s(
    engines_of, flow_engines, config, frames
):
    config = replace(config, model="sgdepth")
    blind = replace(frames[0], intrinsics=None)
    assert MonoPipeline(engines_of("sgdepth"), config).process(blind).depth is not None
    pipeline = MonoPipeline({**engines_of("sgdepth"), **flow_engines}, config)
    with pytest.raises(ValueError, match="motion_probability of model sgdepth needs the camera's"):
        pipeline.process(blind)


@pytest.mark.parametrize("change", [{"model": "insta_dm"}, {"flow": FlowConfig("w.safetensors")}])
def test_another_model_needs_a_new_pipeline(engines_of, config, change):
    pipeline = MonoPipeline(engines_of("sgdepth"), replace(config, model="sgdepth"))
    with pytest.raises(ValueError, match=r"must stay .*: make a new pipeline"):
        pipeline.reconfigure(replace(config, **{"model": "sgdepth", **change}))


def test_an_unknown_model_is_refused(engines_of, config):
    unknown = MonoConfig(model="monodepth", network=config.network)
    with pytest.raises(ValueError, match="model must be one of omeganet, sgdepth, insta_dm"):
        MonoPipeline(engines_of("sgdepth"), unknown)
