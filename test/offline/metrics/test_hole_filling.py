import numpy as np
import pytest

from offline.metrics.hole_filling import fill_disparity, fill_flow, has_value

X = np.nan


def by_pixel(values):
    """The kit's rule for one channel, pixel by pixel; NaN: hole."""
    filled = values.copy()
    height, width = values.shape
    for row in range(height):
        known = [c for c in range(width) if not np.isnan(values[row, c])]
        for column in range(width):
            if known and np.isnan(values[row, column]):
                left = [c for c in known if c < column]
                right = [c for c in known if c > column]
                near = ([left[-1]] if left else []) + ([right[0]] if right else [])
                filled[row, column] = min(values[row, c] for c in near)
    for column in range(width):
        known = [r for r in range(height) if not np.isnan(filled[r, column])]
        for row in range(height):
            if known and row < known[0]:
                filled[row, column] = filled[known[0], column]
            elif known and row > known[-1]:
                filled[row, column] = filled[known[-1], column]
    return filled


def test_holes_take_the_smaller_neighbour_and_ends_the_nearest():
    row = np.array([[X, 4.0, X, X, 2.0, X, 7.0, X]])
    assert fill_disparity(row).tolist() == [[4, 4, 2, 2, 2, 2, 7, 7]]


def test_empty_rows_outside_repeat_and_between_stay_unknown():
    rows = np.array([[X, X], [X, 3.0], [X, X], [5.0, 6.0], [X, X]])
    assert fill_disparity(rows).tolist() == [[3, 3], [3, 3], [-1, -1], [5, 6], [5, 6]]


def test_components_of_flow_are_filled_each_for_itself():
    flow = np.array([[[5.0, -1.0], [X, X], [2.0, 4.0]]])
    assert fill_flow(flow)[0, 1].tolist() == [2, -1]


def test_flow_that_stays_unknown_is_zero():
    flow = np.full((3, 2, 2), X)
    assert not fill_flow(flow).any()
    flow[0] = flow[2] = 9
    assert fill_flow(flow)[1].tolist() == [[0, 0], [0, 0]]


def test_map_without_a_value_stays_unknown():
    assert (fill_disparity(np.full((2, 3), X)) == -1).all()


def test_what_is_given_is_not_changed():
    row = np.array([[X, 4.0]])
    fill_disparity(row)
    assert np.isnan(row[0, 0])


@pytest.mark.parametrize("seed", range(6))
def test_rule_pixel_by_pixel_gives_the_same(seed):
    random = np.random.default_rng(seed)
    values = random.uniform(0, 50, random.integers(1, 40, 2)).astype(np.float32)
    values[random.random(values.shape) < random.uniform(0.1, 0.98)] = X
    values[random.random(len(values)) < 0.3] = X
    expected = by_pixel(values)
    np.testing.assert_array_equal(fill_disparity(values), np.nan_to_num(expected, nan=-1))
    flow = np.stack([values, -values], axis=2)
    expected = np.stack([expected, by_pixel(-values)], axis=2)
    np.testing.assert_array_equal(fill_flow(flow), np.nan_to_num(expected))


def test_one_missing_component_is_a_hole():
    assert has_value(np.array([[[1.0, X], [1.0, 2.0]]])).tolist() == [[False, True]]
    assert has_value(np.array([[1.0, X]])).tolist() == [[True, False]]
