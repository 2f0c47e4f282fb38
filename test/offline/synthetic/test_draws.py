from __future__ import annotations

import pytest

from offline.synthetic.draws import Draws


def test_a_seed_and_a_name_decide_the_numbers():
    first, second = Draws(5, "cars"), Draws(5, "cars")
    assert [first.unit() for _ in range(600)] == [second.unit() for _ in range(600)]


def test_other_seeds_and_other_names_give_other_numbers():
    numbers = {Draws(seed, name).unit() for seed in (0, 1) for name in ("cars", "people")}
    assert len(numbers) == 4


def test_whole_numbers_reach_both_ends():
    draws = Draws(0, "integers")
    assert {draws.integer(2, 4) for _ in range(100)} == {2, 3, 4}


def test_weights_say_how_often_a_choice_falls():
    draws = Draws(0, "choices")
    picks = [draws.choice("ab", (3, 1)) for _ in range(2000)]
    assert picks.count("a") == pytest.approx(1500, abs=80)
    assert draws.choice("ab", (0, 1)) == "b"


def test_tints_stay_colours():
    draws = Draws(0, "tints")
    for _ in range(50):
        assert all(0 <= part <= 1 for part in draws.tint((0.9, 0.5, 0.0), 0.5, 0.3))
