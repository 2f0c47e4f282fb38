import pytest

from offline.benchmarks.timing import matrix_product, summarise, take_turns, times_as_fast


def test_summary_is_median_and_percentiles():
    timing = summarise([float(n) for n in range(11)])
    assert (timing.low_ms, timing.median_ms, timing.high_ms, timing.repeats) == (1, 5, 9, 11)


def test_summary_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one duration"):
        summarise([])


def test_contenders_alternate_and_warmup_does_not_count():
    calls = []
    timings = take_turns(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, repeats=3, warmup=1
    )
    assert calls == ["a", "b"] * 4
    assert timings["a"].repeats == 3


def test_matrix_product_counts_its_multiply_accumulates():
    product, gmac = matrix_product(100)
    assert gmac == pytest.approx(1e-3)
    assert product().shape == (100, 100)


def test_speed_is_the_median_of_each_rounds_ratio():
    slow, fast = summarise([10.0, 40.0, 90.0]), summarise([5.0, 10.0, 30.0])
    assert times_as_fast(fast, slow) == 3  # of 2, 4 and 3
