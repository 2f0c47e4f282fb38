from __future__ import annotations

import numpy as np
import pytest
import torch

from offline.synthetic.kinds import instance_map, object_map, truth_of
from offline.synthetic.samples import frame_of


@pytest.fixture
def tensors(some_triplets):
    return frame_of(some_triplets(1), 0)


def test_noc_is_where_the_match_is_inside_the_other_image(tensors):
    flow, known = truth_of("flow_occ", tensors)
    rows, columns = np.indices(known.shape, np.float32)
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    inside = (x >= 0) & (x <= 31) & (y >= 0) & (y <= 15)
    np.testing.assert_array_equal(truth_of("flow_noc", tensors)[1], inside & known)
    solid = tensors["depth"][0].numpy() > 0
    disparity = tensors["disparity"][0].numpy()
    seen = np.isfinite(truth_of("disparity_noc_0", tensors))
    np.testing.assert_array_equal(seen, solid & (columns - disparity >= 0))
    following = tensors["next_disparity"][0].numpy()
    after = np.isfinite(truth_of("disparity_noc_1", tensors))
    both = inside & (x - following >= 0)
    np.testing.assert_array_equal(after, both & solid & known)


def test_the_sky_has_no_disparity_and_what_is_behind_no_flow(tensors):
    sky = tensors["depth"][0].numpy() == 0
    np.testing.assert_array_equal(np.isnan(truth_of("disparity_occ_0", tensors)), sky)
    flow, known = truth_of("flow_occ", tensors)
    assert (flow[~known] == 0).all()
    assert np.isnan(truth_of("disparity_occ_1", tensors)[~known]).all()


def test_moving_things_are_numbered_as_bytes_and_are_never_background(tensors):
    numbers = torch.tensor([[1, 255, 256, 511]], dtype=torch.int32)
    moving = torch.tensor([[[True, True, True, False]]])
    told = object_map({**tensors, "instances": numbers, "moving": moving})
    assert told.tolist() == [[1, 255, 1, 0]]


def test_instances_hold_class_and_number(tensors):
    car, void = 13, 255
    labels = torch.tensor([[car, car, void]], dtype=torch.uint8)
    numbers = torch.tensor([[0, 7, 0]], dtype=torch.int32)
    assert instance_map({**tensors, "labels": labels, "instances": numbers}).tolist() == [
        [26 * 256, 26 * 256 + 7, 0]
    ]
