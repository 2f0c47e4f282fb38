"""What agrees with the way back, worked by hand."""

import numpy as np

from offline.distillation.consistency import (
    disparity_agrees,
    flow_agrees,
    next_disparity_agrees,
)


def _flow(u, v):
    return np.zeros((8, 16, 2), np.float32) + np.float32([u, v])


def test_flow_that_leads_back_agrees_where_it_stays_in_the_image():
    agrees = flow_agrees(_flow(3, 0), _flow(-3, 0))
    assert agrees[:, :13].all()
    assert not agrees[:, 13:].any()


def test_flow_that_does_not_lead_back_does_not_agree():
    assert not flow_agrees(_flow(3, 0), _flow(-1, 0)).any()


def test_disparities_of_both_images_agree_where_the_right_one_shows_the_point():
    left = np.full((8, 16), 4.0, np.float32)
    right = left.copy()
    right[:, :6] = 9.0  # the right image has something nearer there
    agrees = disparity_agrees(left, right)
    assert not agrees[:, :10].any()  # outside, or seen at columns 0 to 5
    assert agrees[:, 10:].all()


def test_disparity_behind_infinity_is_never_known():
    nothing = np.zeros((8, 16), np.float32)
    assert not disparity_agrees(nothing, nothing).any()


def test_the_next_pair_s_own_disparity_is_that_of_the_same_point():
    own = np.tile(np.arange(16, dtype=np.float32) * 4, (8, 1))
    said = own + 8  # of points that move by two columns
    agrees = next_disparity_agrees(said, _flow(2, 0), own)
    assert agrees[:, :14].all()
    assert not agrees[:, 14:].any()
    assert not next_disparity_agrees(own + 30, _flow(2, 0), own).any()
