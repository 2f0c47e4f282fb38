import numpy as np
import pytest

from offline.metrics.outliers import (
    OutlierCounts,
    count_outliers,
    disparity_outliers,
    flow_outliers,
    outlier_shares,
    sum_outliers,
)

STEP = 1 / 256  # of a disparity in a PNG


@pytest.mark.parametrize(
    ("truth", "disparity", "wrong"),
    [
        (10.0, 13.0, False),  # exactly 3 px
        (10.0, 13.0 + STEP, True),
        (10.0, 7.0, False),
        (10.0, 7.0 - STEP, True),
        (100.0, 105.0, False),  # exactly 5 %
        (100.0, 105.0 + STEP, True),
        (100.0, 104.0, False),  # more than 3 px, less than 5 %
        (80.0, 84.0, False),  # exactly 5 %
        (np.nan, 50.0, False),
    ],
)
def test_disparity_is_wrong_beyond_3_px_and_5_percent(truth, disparity, wrong):
    assert disparity_outliers(np.array([disparity]), np.array([truth])).tolist() == [wrong]


@pytest.mark.parametrize(
    ("truth", "flow", "wrong"),
    [
        ((0, 0), (3, 0), False),  # exactly 3 px
        ((0, 0), (3, 1 / 64), True),  # a zero flow leaves the 3 px to decide
        ((30, 40), (33, 40), False),
        ((30, 40), (33 + 1 / 64, 40), True),
        ((60, 80), (63, 84), True),  # exactly 5 % in single precision, rounded up
        ((60, 80), (63, 84 - 1 / 64), False),
    ],
)
def test_flow_is_wrong_beyond_3_px_and_5_percent(truth, flow, wrong):
    found, error = flow_outliers(np.array([flow]), np.array([truth]))
    assert found.tolist() == [wrong]
    assert error[0] == pytest.approx(np.hypot(flow[0] - truth[0], flow[1] - truth[1]))


def test_exactly_5_percent_is_right_in_double_precision_and_with_omeganet_s_offset():
    flow, truth = np.array([[63.0, 84.0]]), np.array([[60.0, 80.0]])
    assert not flow_outliers(flow, truth, single=False)[0]
    assert not flow_outliers(flow, truth, single=False, offset_px=1e-5)[0]


def test_pixels_are_counted_by_kind():
    wrong = np.array([[True, True, True, False, False]])
    known = np.array([[True, True, False, True, True]])
    moving = np.array([[True, False, True, True, False]])
    estimated = np.array([[False, True, True, True, False]])
    counts = count_outliers(wrong, known, moving, estimated)
    assert counts == OutlierCounts(
        bg_errors=1,
        bg_pixels=2,
        bg_errors_estimated=1,
        bg_pixels_estimated=1,
        fg_errors=1,
        fg_pixels=2,
        fg_errors_estimated=0,
        fg_pixels_estimated=1,
    )
    assert (counts.errors, counts.pixels) == (2, 4)
    assert (counts.errors_estimated, counts.pixels_estimated) == (1, 2)


def test_sums_stay_exact_beyond_single_precision():
    image = OutlierCounts(bg_errors=1, bg_pixels=2**24)
    total = sum_outliers([image] * 3 + [OutlierCounts(bg_errors=1, bg_pixels=1)])
    assert total.bg_pixels == 3 * 2**24 + 1
    assert type(total.bg_pixels) is int


def test_shares_are_per_cent_and_0_of_nothing():
    shares = outlier_shares(OutlierCounts(1, 4, 0, 2), "d1")
    assert shares == {
        "d1_bg": 25.0,
        "d1_fg": 0.0,
        "d1_all": 25.0,
        "d1_bg_estimated": 0.0,
        "d1_fg_estimated": 0.0,
        "d1_all_estimated": 0.0,
        "d1_density": 50.0,
    }
