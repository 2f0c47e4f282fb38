import numpy as np
import pytest

from offline.metrics.checks import check_numbers, check_size, transforms


def test_pixels_are_counted_not_channels():
    flow = np.zeros((2, 2, 2))
    flow[0, 0] = np.nan
    with pytest.raises(ValueError, match="flow must be numbers, got NaN at 1 of 4 pixels"):
        check_numbers("flow", flow)


def test_infinite_is_a_number():
    check_numbers("depth", np.array([[np.inf]]))


def test_infinite_is_no_number_where_all_must_be_finite():
    with pytest.raises(ValueError, match="flow must be numbers, got NaN or infinity at 1 of 2 pix"):
        check_numbers("flow", np.array([[[np.inf, 0], [0, 0]]]), finite=True)


def test_both_shapes_are_named():
    with pytest.raises(ValueError, match=r"mask must be \(2, 1\) as its .* got \(1, 2\)"):
        check_size("mask", np.zeros((1, 2)), (2, 1))


def test_transforms_that_are_none_are_refused():
    with pytest.raises(ValueError, match=r"poses must be \(N, 4, 4\), got \(3, 4\)"):
        transforms("poses", np.zeros((3, 4)))
    broken = np.tile(np.eye(4), (3, 1, 1))
    broken[1, 0, 3] = np.nan
    with pytest.raises(ValueError, match="poses must be finite, 1 of 3 are not"):
        transforms("poses", broken)
