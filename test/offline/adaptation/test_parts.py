import numpy as np
import pytest

from offline.adaptation.parts import split_footage


def _moving(count):
    return np.ones(count - 1, bool)


def test_the_last_fifth_is_held_out_and_no_frame_is_in_two_parts(footage):
    parts = split_footage(footage(50), _moving(50), None)
    bounds = [(p.start, p.end) for p in (parts.learnt, parts.choosing, parts.held_out)]
    assert bounds == [(0, 35), (35, 40), (40, 50)]
    assert parts.learnt.middles == tuple(range(1, 34))
    assert parts.held_out.middles == tuple(range(41, 49))


def test_seconds_say_how_much_is_held_out(footage):
    parts = split_footage(footage(50), _moving(50), 1.5)
    assert parts.held_out.start == 34


def test_frames_that_stand_and_gaps_are_not_learnt_from(footage):
    moves = _moving(40)
    moves[9] = False  # between frames 9 and 10
    follows = [True] * 39
    follows[4] = False  # between frames 4 and 5
    parts = split_footage(footage(40, follows=tuple(follows)), moves, None)
    assert set(range(1, 26)) - set(parts.learnt.middles) == {4, 5, 9, 10}


def test_too_few_frames_are_refused_with_what_there_is(footage):
    with pytest.raises(ValueError, match=r"at least 8 moving triplets .* got 0, 3 and 3 of 12"):
        split_footage(footage(12), _moving(12), None)
