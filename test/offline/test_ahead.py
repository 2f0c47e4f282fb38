"""Items come in their order, failures in their turn, and memory stays bounded."""

import threading

import pytest

from offline.ahead import loaded_ahead


def test_items_come_in_their_order_with_what_was_loaded():
    assert [(n, load()) for n, load in loaded_ahead(range(5), lambda n: n * n)] == [
        (0, 0),
        (1, 1),
        (2, 4),
        (3, 9),
        (4, 16),
    ]


def test_a_failure_is_met_in_its_turn():
    def load(n):
        if n == 1:
            raise ValueError("1 is damaged")
        return n

    met = []
    for n, loaded in loaded_ahead(range(3), load):
        try:
            met.append(loaded())
        except ValueError as error:
            met.append(f"{n}: {error}")
    assert met == [0, "1: 1 is damaged", 2]


def test_no_more_items_are_loaded_than_asked_for():
    started = []
    walk = loaded_ahead(range(100), started.append, ahead=2)
    next(walk)[1]()
    walk.close()
    assert len(started) <= 3


def test_the_next_item_is_loaded_while_this_one_is_worked_on():
    second = threading.Event()
    walk = loaded_ahead(range(2), lambda n: second.set() if n == 1 else None)
    next(walk)
    assert second.wait(10)


def test_nothing_ahead_is_refused():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        next(loaded_ahead([1], str, ahead=0))
