"""Every topic's message from a real stereo estimate."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from scene_perception import overlays
from scene_perception.frame import (
    DepthEstimate,
    EgoMotion,
    MetricScale,
    MovingObject,
    SceneFlowEstimate,
    StereoEstimate,
)
from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.nodes.stereo_outputs import (
    DEPTH_OUTPUTS,
    MOTION_OUTPUTS,
    SEMANTIC_OUTPUTS,
    points_message,
)

HEIGHT, WIDTH, STAMP_NS = 24, 32, 12_000_000_034
LEFT = Intrinsics(20.0, 20.0, 15.5, 11.5, WIDTH, HEIGHT)
STEREO = MetricScale(source="stereo", is_metric=True)
ENCODING = {
    "disparity/color": "rgb8",
    "depth/image_rect": "32FC1",
    "depth/color": "rgb8",
    "semantic/image": "mono8",
    "semantic/color": "rgb8",
    "flow/image": "32FC2",
    "flow/color": "rgb8",
    "scene_flow/image": "32FC3",
    "scene_flow/color": "rgb8",
    "validity/image": "mono8",
    "validity/color": "rgb8",
    "motion_mask/image": "mono8",
    "motion_mask/color": "rgb8",
}


def depth_estimate() -> DepthEstimate:
    random = np.random.default_rng(0)
    return DepthEstimate(
        stamp_ns=STAMP_NS,
        frame_id="left_optical",
        depth=1 + random.random((HEIGHT, WIDTH), np.float32),
        labels=random.integers(0, 19, (HEIGHT, WIDTH), dtype=np.uint8),
        image=random.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8),
        intrinsics=LEFT,
        scale=STEREO,
    )


def scene_flow() -> SceneFlowEstimate:
    random = np.random.default_rng(1)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[10:14, 8:16] = 255
    moving = MovingObject(
        np.array([1.0, 0.0, 9.0]), np.array([3.0, 0.0, 4.0]), np.ones(3), (8, 10, 8, 4), 32
    )
    return SceneFlowEstimate(
        stamp_ns=STAMP_NS,
        next_stamp_ns=STAMP_NS + 1,
        frame_id="left_optical",
        flow=random.random((HEIGHT, WIDTH, 2), np.float32),
        next_disparity=random.random((HEIGHT, WIDTH), np.float32),
        velocity=random.random((HEIGHT, WIDTH, 3), np.float32),
        validity=random.integers(0, 64, (HEIGHT, WIDTH), dtype=np.uint8),
        motion_mask=mask,
        objects=(moving,),
        ego_motion=EgoMotion(np.eye(4), np.array([1.0, 2.0, 3.0]), np.zeros(3), STEREO),
        depth=depth_estimate(),
    )


def stereo_estimate(motion: SceneFlowEstimate | None = None) -> StereoEstimate:
    depth = depth_estimate()
    camera = StereoCamera(LEFT, LEFT, 0.5)
    disparity = (20.0 * 0.5 / depth.depth).astype(np.float32)
    return StereoEstimate(depth, disparity, camera, (0.04, 32.0), 0.0, motion)


def made():
    """Every topic with its declared type and its message."""
    for table, estimate in (
        (DEPTH_OUTPUTS, stereo_estimate()),
        (SEMANTIC_OUTPUTS, stereo_estimate()),
        (MOTION_OUTPUTS, scene_flow()),
    ):
        for topic, output in table.items():
            yield topic, output.message_type, output.make(estimate)


def pixels_of(message) -> np.ndarray:
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)


def test_the_topics_are_those_of_the_documents():
    assert set(DEPTH_OUTPUTS) == {
        "disparity",
        "disparity/color",
        "depth/image_rect",
        "depth/camera_info",
        "depth/color",
    }
    assert set(SEMANTIC_OUTPUTS) == {"semantic/image", "semantic/color"}
    assert set(MOTION_OUTPUTS) - {"moving_objects/markers"} == {
        *("flow/image", "flow/color", "motion_mask/image", "motion_mask/color", "ego_motion"),
        *("scene_flow/image", "scene_flow/color", "validity/image", "validity/color"),
        "moving_objects",
    }


def test_every_message_is_of_its_topics_type():
    assert all(type(message) is message_type for _, message_type, message in made())


def test_every_message_has_the_stamp_and_frame_of_the_left_image():
    headers = {
        topic: message.markers[0].header if hasattr(message, "markers") else message.header
        for topic, _, message in made()
    }
    assert {(h.stamp.sec, h.stamp.nanosec, h.frame_id) for h in headers.values()} == {
        (12, 34, "left_optical")
    }


def test_every_image_has_its_encoding():
    encodings = {
        topic: message.encoding for topic, _, message in made() if hasattr(message, "encoding")
    }
    assert encodings == ENCODING


@pytest.mark.parametrize(
    ("topic", "content"),
    [
        ("flow/image", "flow"),
        ("scene_flow/image", "velocity"),
        ("validity/image", "validity"),
        ("motion_mask/image", "motion_mask"),
    ],
)
def test_motion_is_published_as_it_is(topic, content):
    estimate = scene_flow()
    array = getattr(estimate, content)
    message = MOTION_OUTPUTS[topic].make(estimate)
    np.testing.assert_array_equal(
        np.frombuffer(message.data, array.dtype).reshape(array.shape), array
    )


def test_depth_and_its_calibration_are_the_estimates():
    estimate = stereo_estimate()
    message = DEPTH_OUTPUTS["depth/image_rect"].make(estimate)
    np.testing.assert_array_equal(
        np.frombuffer(message.data, np.float32).reshape(HEIGHT, WIDTH), estimate.depth.depth
    )
    assert DEPTH_OUTPUTS["depth/camera_info"].make(estimate).k[0] == 20.0


def test_disparity_gives_back_the_depth():
    estimate = stereo_estimate()
    message = DEPTH_OUTPUTS["disparity"].make(estimate)
    disparity = np.frombuffer(message.image.data, np.float32).reshape(HEIGHT, WIDTH)
    np.testing.assert_allclose(message.f * message.t / disparity, estimate.depth.depth, rtol=1e-6)


def test_without_ego_motion_there_is_no_twist():
    unknown = dataclasses.replace(scene_flow(), ego_motion=None)
    assert MOTION_OUTPUTS["ego_motion"].make(unknown) is None
    assert MOTION_OUTPUTS["ego_motion"].make(scene_flow()).twist.linear.z == 3.0


def test_what_moves_is_tinted_and_framed_with_its_speed():
    estimate = scene_flow()
    pixels = pixels_of(MOTION_OUTPUTS["motion_mask/color"].make(estimate))
    tinted = overlays.overlay_mask(estimate.depth.image, estimate.motion_mask)
    np.testing.assert_array_equal(
        pixels, overlays.overlay_boxes(tinted, [(8, 10, 8, 4)], ["5.0 m/s"])
    )


def test_every_moving_object_is_a_point():
    message = MOTION_OUTPUTS["moving_objects"].make(scene_flow())
    assert (message.height, message.width) == (1, 1)


def test_points_have_the_scene_flow_as_their_velocity():
    flow = scene_flow()
    message = points_message(stereo_estimate(flow), 4)
    assert (message.height, message.width) == (6, 8)
    cloud = np.frombuffer(message.data, np.float32).reshape(6, 8, 8)
    np.testing.assert_array_equal(cloud[..., 5:8], flow.velocity[::4, ::4])
    np.testing.assert_array_equal(cloud[..., 2], flow.depth.depth[::4, ::4])


def test_points_without_motion_have_unknown_velocities():
    message = points_message(stereo_estimate(), 8)
    cloud = np.frombuffer(message.data, np.float32).reshape(3, 4, 8)
    assert np.isnan(cloud[..., 5:8]).all()
