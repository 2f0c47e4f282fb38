from __future__ import annotations

import math

import pytest
import torch

from offline.synthetic.affine import (
    block,
    compose,
    leaning,
    pitched,
    ridged,
    rolled,
    standing,
    upright,
)


def _moved(frame, point):
    matrix = torch.tensor(frame, dtype=torch.float64).view(3, 4)
    return (matrix @ torch.tensor([*point, 1.0], dtype=torch.float64)).tolist()


def test_standing_shapes_touch_the_ground():
    assert _moved(standing(2, 3, (1, 0.5, 1)), (0, 1, 0)) == [2, 0, 3]


def test_headings_turn_to_the_right():
    facing = _moved(upright(1, 2, math.pi / 2), (0, 0, 1))
    assert facing == pytest.approx([2, 0, 2])


def test_a_pitch_swings_what_hangs_forward():
    assert _moved(pitched(math.pi / 2, (0, -1, 0)), (0, 1, 0)) == pytest.approx([0, -1, 1])


def test_a_roll_turns_clockwise():
    assert _moved(rolled(math.pi / 2), (1, 0, 0)) == pytest.approx([0, 1, 0])


def test_a_leaning_block_has_its_top_behind_its_foot():
    frame = leaning((0, -1, 5), (1, 1, 2), 0.6)
    foot, top = _moved(frame, (0, 1, 1)), _moved(frame, (0, -1, 1))
    assert (foot, top) == (pytest.approx([0, 0, 7.3]), pytest.approx([0, -2, 6.7]))


def test_a_ridge_runs_along_z():
    frame = ridged((0, -4, 0), (3, 2, 5))
    assert _moved(frame, (-1, -1, 1)) == pytest.approx([0, -6, 5])
    assert _moved(frame, (1, -1, 0)) == pytest.approx([3, -4, 0])


def test_maps_are_composed_right_to_left():
    both = compose(upright(1, 0, 0.3), block((1, 2, 3), (2, 2, 2)))
    point = (0.5, -0.2, 0.7)
    expected = _moved(upright(1, 0, 0.3), _moved(block((1, 2, 3), (2, 2, 2)), point))
    assert _moved(both, point) == pytest.approx(expected)
