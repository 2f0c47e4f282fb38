"""Clouds read back through their own field descriptions, as RViz and PCL do."""

from __future__ import annotations

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import PointCloud2, PointField

from scene_perception.nodes.point_cloud import point_cloud_message

KINDS = {PointField.FLOAT32: "f4", PointField.UINT32: "u4"}


def cloud_arrays(shape, seed=5):
    random = np.random.default_rng(seed)
    return {
        "points": random.normal(size=(*shape, 3)).astype(np.float32),
        "rgb": random.integers(0, 256, (*shape, 3), dtype=np.uint8),
        "labels": random.integers(0, 19, shape, dtype=np.uint8),
        "velocity": random.normal(size=(*shape, 3)).astype(np.float32),
    }


def message_of(arrays):
    return point_cloud_message(**arrays, stamp_ns=12_000_000_034, frame_id="camera_optical")


def read(message):
    order = ">" if message.is_bigendian else "<"
    layout = np.dtype(
        {
            "names": [field.name for field in message.fields],
            "formats": [order + KINDS[field.datatype] for field in message.fields],
            "offsets": [field.offset for field in message.fields],
            "itemsize": message.point_step,
        }
    )
    return np.frombuffer(message.data, layout).reshape(message.height, message.width)


def test_fields_come_in_the_documented_order():
    message = message_of(cloud_arrays((2, 3)))
    assert " ".join(field.name for field in message.fields) == "x y z rgb label vx vy vz"
    assert [field.offset for field in message.fields] == list(range(0, 32, 4))
    assert (message.point_step, message.row_step) == (32, 96)


def test_an_organised_cloud_keeps_the_images_rows_and_columns():
    arrays = cloud_arrays((150, 160))  # more than one block of points
    message = deserialize_message(serialize_message(message_of(arrays)), PointCloud2)
    cloud = read(message)
    assert cloud.shape == (150, 160)
    for axis, name in enumerate("xyz"):
        np.testing.assert_array_equal(cloud[name], arrays["points"][..., axis])
        np.testing.assert_array_equal(cloud[f"v{name}"], arrays["velocity"][..., axis])
    np.testing.assert_array_equal(cloud["label"], arrays["labels"])
    assert not message.is_dense


def test_colour_is_packed_as_pcl_packs_it():
    arrays = cloud_arrays((1, 1))
    arrays["rgb"] = np.array([[[0x12, 0x34, 0x56]]], np.uint8)
    assert read(message_of(arrays))["rgb"].view(np.uint32)[0, 0] == 0x123456


def test_a_list_of_points_is_a_cloud_of_one_row():
    message = message_of(cloud_arrays((7,)))
    assert (message.height, message.width) == (1, 7)


def test_a_decimated_slice_is_packed_without_gaps():
    arrays = {name: array[::2, ::3] for name, array in cloud_arrays((8, 9)).items()}
    cloud = read(message_of(arrays))
    np.testing.assert_array_equal(cloud["z"], arrays["points"][..., 2])
    np.testing.assert_array_equal(cloud["label"], arrays["labels"])


def test_points_without_depth_stay_in_their_place_as_nan():
    arrays = cloud_arrays((2, 2))
    arrays["points"][0, 1] = np.nan
    cloud = read(message_of(arrays))
    np.testing.assert_array_equal(np.isnan(cloud["x"]), [[False, True], [False, False]])


def test_an_unknown_velocity_is_nan():
    cloud = read(message_of(cloud_arrays((2, 2)) | {"velocity": None}))
    assert all(np.isnan(cloud[name]).all() for name in ("vx", "vy", "vz"))


def test_the_header_is_that_of_the_frame():
    header = message_of(cloud_arrays((2, 2))).header
    assert (header.stamp.sec, header.stamp.nanosec, header.frame_id) == (12, 34, "camera_optical")


@pytest.mark.parametrize("shape", [(2, 2), (2, 2, 2, 3), (0, 3), (2, 0, 3)])
def test_points_of_another_shape_are_refused(shape):
    arrays = cloud_arrays((2, 2)) | {"points": np.zeros(shape, np.float32)}
    with pytest.raises(ValueError, match=r"points must be \(H, W, 3\) or \(N, 3\)"):
        message_of(arrays)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("points", np.zeros((2, 2, 3))),
        ("rgb", np.zeros((2, 3, 3), np.uint8)),
        ("labels", np.zeros((2, 2), np.int64)),
        ("velocity", np.zeros((2, 2), np.float32)),
    ],
)
def test_an_array_that_does_not_match_the_points_is_refused(name, array):
    with pytest.raises(ValueError, match=f"{name} must be .* to match the points, got"):
        message_of(cloud_arrays((2, 2)) | {name: array})
