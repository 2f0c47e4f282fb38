"""Network tensors become images of the camera's size, in the camera's units."""

import numpy as np
import pytest
import torch

from scene_perception.frame import EgoMotion, Frame, MetricScale
from scene_perception.geometry.camera import Intrinsics
from scene_perception.pipelines.config import OutputConfig
from scene_perception.pipelines.ego_motion import ego_motion
from scene_perception.pipelines.postprocess import (
    depth_estimate,
    depth_image,
    flow_image,
    motion_estimate,
)
from scene_perception.pipelines.preprocess import to_network

METRIC = MetricScale(10.0, "fixed", is_metric=True)
CAMERA = Intrinsics(8.0, 8.0, 3.5, 1.5, width=8, height=4)
FRAME = Frame(np.full((4, 8, 3), 9, np.uint8), 5, "camera", CAMERA)
INPUT = to_network(FRAME, 4, 2)


def outputs() -> dict[str, torch.Tensor]:
    return {
        "inverse_depth": torch.full((1, 1, 2, 4), 0.5),
        "labels": torch.tensor([[[0, 13, 13, 10], [0, 1, 13, 10]]], dtype=torch.uint8),
        "flow": torch.tensor([1.0, -2.0]).view(1, 2, 1, 1).expand(1, 2, 2, 4).contiguous(),
        "motion_probability": torch.tensor([[[[1.0, 1.0, 0.2, 1.0], [0, 0, 0.5, 0]]]]),
    }


def still() -> EgoMotion:
    return ego_motion(np.eye(4, dtype=np.float32), METRIC, 1.0)


def test_depth_is_the_scale_over_inverse_depth_at_the_camera_s_size():
    depth = depth_estimate(FRAME, INPUT, outputs(), METRIC, OutputConfig())
    assert depth.depth.dtype == np.float32
    np.testing.assert_array_equal(depth.depth, np.full((4, 8), 20.0))
    assert (depth.stamp_ns, depth.frame_id, depth.intrinsics) == (5, "camera", CAMERA)
    assert depth.image is FRAME.image
    assert depth.scale is METRIC


def test_network_resolution_leaves_arrays_as_the_network_gives_them():
    depth = depth_estimate(FRAME, INPUT, outputs(), METRIC, OutputConfig(resolution="network"))
    assert depth.depth.shape == depth.labels.shape == (2, 4)
    assert depth.image.shape == (2, 4, 3)
    assert depth.intrinsics == CAMERA.scaled(4, 2)
    motion = motion_estimate(depth, 6, outputs(), still(), 0.5)
    assert motion.flow[0, 0].tolist() == [1.0, -2.0]


def test_estimates_do_not_share_memory_with_the_engine_s_buffers():
    buffers = outputs()
    depth = depth_estimate(FRAME, INPUT, buffers, METRIC, OutputConfig(resolution="network"))
    motion = motion_estimate(depth, 6, buffers, still(), 0.5)
    for estimate, name in (
        (depth.labels, "labels"),
        (motion.motion_probability, "motion_probability"),
    ):
        assert not np.shares_memory(estimate, buffers[name].numpy())


def test_labels_keep_their_ids():
    labels = depth_estimate(FRAME, INPUT, outputs(), METRIC, OutputConfig()).labels
    assert labels[0].tolist() == [0, 0, 13, 13, 13, 13, 10, 10]
    assert labels[3].tolist() == [0, 0, 1, 1, 13, 13, 10, 10]


def test_inverse_depth_is_interpolated_with_half_pixel_centres():
    depth = depth_image(np.array([[1.0, 3.0]], np.float32), (4, 1), 1.0, (0.0, 1e4))
    np.testing.assert_allclose(1 / depth, [[1.0, 1.5, 2.5, 3.0]], rtol=1e-6)


@pytest.mark.parametrize(
    ("inverse", "valid"),
    [
        (0.5, True),
        (0.0, False),
        (-1.0, False),
        (np.nan, False),
        (np.inf, False),
        (0.09, False),
        (1.1, False),
    ],
)
def test_depth_is_nan_outside_its_range_and_where_not_finite(inverse, valid):
    inverse_depth = np.array([[0.5, inverse]], np.float32)
    depth = depth_image(inverse_depth, (2, 1), 1.0, (1.0, 10.0))
    assert np.isfinite(depth).tolist() == [[True, valid]]


def test_the_range_is_of_metres_not_of_units():
    depth = depth_image(np.array([[0.5]], np.float32), (1, 1), 10.0, (15.0, 25.0))
    assert depth.tolist() == [[20.0]]


def test_flow_is_in_pixels_of_the_published_size():
    flow = flow_image(
        np.stack([np.full((2, 4), 1.0), np.full((2, 4), -2.0)]).astype(np.float32), (8, 6)
    )
    assert flow.shape == (6, 8, 2)
    assert flow.flags.c_contiguous
    np.testing.assert_allclose(flow[..., 0], 2.0)
    np.testing.assert_allclose(flow[..., 1], -6.0)


def test_the_mask_holds_dynamic_classes_that_move():
    depth = depth_estimate(FRAME, INPUT, outputs(), METRIC, OutputConfig(resolution="network"))
    mask = motion_estimate(depth, 6, outputs(), still(), 0.5).motion_mask
    # Row 0: road, moving car, still car, sky. Row 1: a car exactly at the threshold is still.
    assert mask.tolist() == [[0, 255, 0, 0], [0, 0, 0, 0]]


def test_what_is_not_known_is_none_and_its_labels_unknown():
    known = {"inverse_depth": outputs()["inverse_depth"]}
    depth = depth_estimate(FRAME, INPUT, known, METRIC, OutputConfig())
    motion = motion_estimate(depth, 6, known, None, 0.5)
    np.testing.assert_array_equal(depth.labels, np.full((4, 8), 255, np.uint8))
    assert (motion.flow, motion.motion_probability, motion.motion_mask) == (None, None, None)
    assert motion.ego_motion is None


def test_without_labels_there_is_a_probability_and_no_mask():
    known = {name: tensor for name, tensor in outputs().items() if name != "labels"}
    depth = depth_estimate(FRAME, INPUT, known, METRIC, OutputConfig())
    motion = motion_estimate(depth, 6, known, still(), 0.5)
    assert motion.motion_probability is not None
    assert motion.motion_mask is None


def test_every_array_is_contiguous_and_of_one_size():
    depth = depth_estimate(FRAME, INPUT, outputs(), METRIC, OutputConfig())
    motion = motion_estimate(depth, 6, outputs(), still(), 0.5)
    arrays = (depth.depth, depth.labels, motion.flow, motion.motion_probability, motion.motion_mask)
    assert all(array.flags.c_contiguous and array.shape[:2] == (4, 8) for array in arrays)
    assert [array.dtype for array in arrays] == [
        np.float32,
        np.uint8,
        np.float32,
        np.float32,
        np.uint8,
    ]
    assert (motion.stamp_ns, motion.next_stamp_ns, motion.depth) == (5, 6, depth)
