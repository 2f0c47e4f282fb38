"""Results come in their order, failures in their turn, and memory stays bounded."""

import threading

import pytest
import torch

from offline.in_order import in_order, one_thread_each


def test_results_come_in_the_order_of_the_items():
    assert [(n, result()) for n, result in in_order(range(5), lambda n: n * n, 2)] == [
        (0, 0),
        (1, 1),
        (2, 4),
        (3, 9),
        (4, 16),
    ]


def test_a_failure_is_met_in_its_turn():
    def work(n):
        if n == 1:
            raise ValueError("1 is damaged")
        return n

    met = []
    for n, result in in_order(range(3), work, 2):
        try:
            met.append(result())
        except ValueError as error:
            met.append(f"{n}: {error}")
    assert met == [0, "1: 1 is damaged", 2]


def test_no_more_items_are_begun_than_asked_for():
    begun = []
    walk = in_order(range(100), begun.append, 2)
    next(walk)[1]()
    walk.close()
    assert len(begun) <= 4


def test_items_are_worked_on_at_the_same_time():
    together = threading.Barrier(2)
    walk = in_order(range(2), lambda _: together.wait(10), 2)
    assert sorted(result() for _, result in walk) == [0, 1]


def test_no_workers_are_refused():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        next(in_order([1], str, 0))


def test_one_thread_each_holds_as_long_as_it_is_asked_for():
    before = torch.get_num_threads()
    with one_thread_each():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
