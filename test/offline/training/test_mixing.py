"""The order of samples follows from seed and step alone; workers and processes do not change it."""

from collections import Counter
from fractions import Fraction

import pytest
import torch

from offline.training.config import Augmentation
from offline.training.loader import Loader, Preparation
from offline.training.mixing import Mixture, turn_of
from offline.training.sources import StoredSource, seeds_of


def numbered(count, start=0):
    images = (torch.full((3, 4, 4), (start + n) / 255) for n in range(count))
    return StoredSource([({"current": image}, f"{start + n}") for n, image in enumerate(images)])


def loader(sources, weights, batch_size=2, seed=0, **options):
    plain = Preparation(Augmentation(flip=0, jitter=0), (4, 4), stereo=False, seed=seed)
    mixture = Mixture(sources, weights, batch_size, seed)
    return Loader(mixture, plain, torch.device("cpu"), **options)


def names(batches):
    return [name for batch in batches for name in batch.names]


def test_sources_take_turns_by_their_shares_and_count_their_own():
    shares = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
    turns = [turn_of(step, shares) for step in range(600)]
    assert Counter(source for source, _ in turns) == {0: 300, 1: 200, 2: 100}
    for source in range(3):
        own = [turn for number, turn in turns if number == source]
        assert own == list(range(len(own)))


def test_a_source_of_no_weight_has_no_turn():
    shares = [Fraction(0), Fraction(1), Fraction(0)]
    assert {turn_of(step, shares) for step in range(3)} == {(1, 0), (1, 1), (1, 2)}


def test_each_pass_shows_every_sample_once_in_another_order():
    seen = names(loader([numbered(6)], [1.0]).batches(0, 6))
    first, second = seen[:6], seen[6:]
    assert sorted(first) == sorted(second) == [str(n) for n in range(6)]
    assert first != second


def test_going_on_at_a_step_gives_what_would_have_come():
    whole = names(loader([numbered(5), numbered(4, 10)], [2, 1]).batches(0, 8))
    later = names(loader([numbered(5), numbered(4, 10)], [2, 1]).batches(3, 8))
    assert whole[6:] == later


def test_processes_share_the_batch_of_one():
    both = [names(loader([numbered(8)], [1], 4, rank=rank, processes=2).batches(0, 2))
            for rank in (0, 1)]  # fmt: skip
    whole = names(loader([numbered(8)], [1], 4).batches(0, 2))
    assert [*both[0][:2], *both[1][:2], *both[0][2:], *both[1][2:]] == whole


def test_another_seed_gives_another_order():
    one, other = (names(loader([numbered(20)], [1], seed=seed).batches(0, 5)) for seed in (0, 1))
    assert one != other


def test_global_random_numbers_are_left_alone():
    before = torch.get_rng_state()
    names(loader([numbered(4)], [1]).batches(0, 2))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_source_without_samples_is_refused():
    with pytest.raises(ValueError, match=r"data\.1 must have samples"):
        Mixture([numbered(2), numbered(0)], [1, 1], 2, 0)


def test_a_sample_that_cannot_be_read_is_told_as_it_is_even_by_a_worker():
    class Broken(StoredSource):
        def begin(self, index):
            raise ValueError("image 000017.png is damaged")

    with pytest.raises(ValueError, match=r"^image 000017\.png is damaged$"):
        names(loader([Broken(numbered(2).samples)], [1], workers=1).batches(0, 2))


def test_samples_of_one_batch_that_know_different_things_are_named():
    samples = [({"current": torch.zeros(3, 4, 4)}, "a"), ({"depth": torch.zeros(1, 4, 4),
               "current": torch.zeros(3, 4, 4)}, "b")]  # fmt: skip
    with pytest.raises(ValueError, match=r"[ab] and [ab] differ in depth"):
        names(loader([StoredSource(samples)], [1]).batches(0, 1))


@pytest.mark.parametrize("text", ["", "5", "7-3", "a-b", "-1-4"])
def test_seeds_that_are_no_range_are_refused(text):
    with pytest.raises(ValueError, match="FIRST-LAST"):
        seeds_of(text)


def test_seeds_include_both_ends():
    assert list(seeds_of("3-5")) == [3, 4, 5]
