from __future__ import annotations

import pytest

from offline.synthetic import furniture
from offline.synthetic.assembly import Assembly
from offline.synthetic.draws import Draws


@pytest.mark.parametrize(
    ("maker", "more", "labels"),
    [
        (furniture.draw_lamp, (1.5,), {furniture.POLE}),
        (furniture.draw_lamp, (0.0,), {furniture.POLE}),
        (furniture.draw_bollards, (4.0,), {furniture.POLE}),
        (furniture.draw_signals, (2.5,), {furniture.POLE, furniture.SIGNAL}),
        (furniture.draw_signals, (0.0,), {furniture.POLE, furniture.SIGNAL}),
        (furniture.draw_sign, (), {furniture.POLE, furniture.SIGN}),
        (furniture.draw_board, (0.0,), {furniture.POLE, furniture.SIGN}),
        (furniture.draw_wall, (8.0,), {furniture.WALL}),
        (furniture.draw_fence, (8.0,), {furniture.FENCE}),
    ],
)
def test_furniture_stands_on_the_ground_under_its_labels(maker, more, labels, lowest):
    for seed in range(8):
        parts = maker(Assembly(seed, (0.0,)), Draws(seed, "furniture"), *more)
        assert lowest(parts) == pytest.approx(0, abs=1e-9)
        assert {part.label for part in parts} == labels


def test_an_arm_carries_a_second_signal_over_the_road():
    parts = furniture.draw_signals(Assembly(0, (0.0,)), Draws(0, "signals"), -3.0)
    heads = [part for part in parts if part.label == furniture.SIGNAL]
    assert sorted(part.frame[3] for part in heads) == [-3.0, 0.0]
    assert all(part.frame[7] < -2.4 for part in heads)
