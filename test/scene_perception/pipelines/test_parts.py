"""Engines say by their inputs and outputs what a pipeline can give; parts run by name."""

from dataclasses import replace

import pytest
import torch

from scene_perception.engines.base import TensorSpec
from scene_perception.engines.constant_engine import ConstantEngine
from scene_perception.pipelines.config import ScaleConfig
from scene_perception.pipelines.parts import PartRunner, Sources, check_engines

BUFFER = torch.zeros(2)
ENGINE = ConstantEngine({"image": TensorSpec((1,))}, {"features": BUFFER})
ALL = {*("depth", "labels", "flow", "ego_motion", "motion_probability", "motion_mask", "velocity")}


def engine(inputs, outputs):
    """An engine that takes and gives what the words name."""
    specs = {name: TensorSpec((1,)) for name in inputs.split()}
    return ConstantEngine(specs, {name: torch.zeros(1) for name in outputs.split()})


DEPTH = engine("image", "inverse_depth")


def test_a_part_takes_only_the_tensors_that_it_names():
    runner = PartRunner({"dsnet": ENGINE})
    outputs = runner.run("dsnet", {"image": torch.zeros(1), "flow": torch.zeros(1)})
    assert outputs["features"] is BUFFER
    assert set(runner.timer.elapsed_ns) == {"dsnet"}


def test_features_outlive_the_engine_s_buffer():
    runner = PartRunner({"dsnet": ENGINE})
    features = runner.encode({"image": torch.zeros(1)}, ("dsnet",))
    assert features["features"].data_ptr() != BUFFER.data_ptr()


def test_omeganet_gives_everything_from_three_frames_features(constant):
    sources = Sources.of(constant)
    assert sources.contents == ALL
    assert (sources.depth, sources.labels, sources.first) == ("dsnet", "dsnet", ("dsnet",))
    assert (sources.pose, sources.intrinsics) == ("camera_decoder", "camera_decoder")
    assert (sources.flow, sources.motion) == ("flow_decoder", "rigid_motion")
    assert sources.encoders == ("camera_encoder", "flow_encoder")
    assert sources.roles == ("previous", "current", "next")
    assert not sources.keeps_image


def test_sgdepth_gives_depth_labels_and_the_motion_between_two_images(engines_of):
    sources = Sources.of(engines_of("sgdepth"))
    assert sources.contents == {"depth", "labels", "ego_motion", "velocity"}
    assert (sources.first, sources.encoders) == (("sgdepth",), ())
    assert sources.roles == ("current", "next")
    assert sources.keeps_image


def test_insta_dm_gives_no_labels(engines_of):
    sources = Sources.of(engines_of("insta_dm"))
    assert sources.contents == {"depth", "ego_motion"}
    assert sources.keeps_image


@pytest.mark.parametrize("model", ["sgdepth", "insta_dm"])
def test_flow_beside_a_model_gives_motion_and_takes_a_third_frame(engines_of, flow_engines, model):
    sources = Sources.of({**engines_of(model), **flow_engines})
    without_labels = ALL - {"labels", "motion_mask", "velocity"}
    assert sources.contents == (ALL if model == "sgdepth" else without_labels)
    assert sources.roles == ("previous", "current", "next")
    assert not sources.intrinsics


def test_labels_beside_a_model_come_with_its_depth(engines_of, labeller):
    sources = Sources.of({**engines_of("insta_dm"), "semantics": labeller})
    assert sources.first == ("insta_dm", "semantics")
    assert sources.contents == {"depth", "labels", "ego_motion", "velocity"}


@pytest.mark.parametrize(
    ("engines", "message"),
    [
        ({"a": engine("image", "labels")}, r"must give inverse_depth of an image, got \['a'\]"),
        (
            {"a": engine("features", "inverse_depth"), "b": engine("image", "features")},
            "must give inverse_depth of an image",
        ),
        ({"a": DEPTH, "b": DEPTH}, "inverse_depth must come from one engine, .* from a and b"),
        (
            {"a": DEPTH, "b": engine("inverse_depth speed", "flow")},
            r"engine b must get speed from another one, got \['a', 'b'\]",
        ),
        (
            {"a": DEPTH, "b": engine("image_current image_earlier", "flow")},
            "engine b must get image_earlier from another one",
        ),
    ],
)
def test_engines_that_make_no_pipeline_are_refused(engines, message):
    with pytest.raises(ValueError, match=message):
        Sources.of(engines)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("odometry", "weights of depth alone, got odometry"),
        ("camera_height", "without semantics, got camera_height: .* semantics.weights labels"),
    ],
)
def test_a_scale_that_nothing_can_measure_is_refused(engines_of, config, source, message):
    depth_alone = {"insta_dm": engines_of("insta_dm")["insta_dm"]}
    with pytest.raises(ValueError, match=message):
        check_engines(depth_alone, replace(config, scale=ScaleConfig(source=source)))


def test_every_image_must_be_of_the_configured_size(engines_of, config):
    other = {**engines_of("sgdepth"), "sgdepth": engine("image", "inverse_depth labels")}
    with pytest.raises(ValueError, match=r"engine sgdepth must take images of .* got \(1,\)"):
        check_engines(other, config)
