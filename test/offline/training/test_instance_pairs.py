import pytest
import torch

from offline.training.batch import Batch
from offline.training.instance_pairs import (
    associated_pairs,
    carried_pairs,
    instance_masks,
    no_pairs,
)


@pytest.fixture
def batch():
    """Instance 7 (4x4 px) moves by 3 px to the right, 5 (2x4 px) is hidden next; 9 (1 px) stays."""
    numbers = torch.zeros(1, 12, 16, dtype=torch.int32)
    numbers[0, 2:6, 2:6], numbers[0, 7:9, 2:6], numbers[0, 10, 10] = 7, 5, 9
    flow = torch.zeros(1, 2, 12, 16)
    flow[0, 0, 2:6, 2:6] = 3
    hidden = (numbers == 5)[:, None]
    # What the instance comes to lie on is hidden.
    hidden[0, 0, 2:6, 6:9] = True
    known = torch.ones(1, 1, 12, 16, dtype=torch.bool)
    tensors = {
        "instances": numbers,
        "flow_forward": flow,
        "flow_forward_known": known,
        "occluded_next": hidden,
    }
    return Batch(tensors, ("one",))


def test_masks_are_of_the_largest_instances(batch):
    masks = instance_masks(batch["instances"], 4)
    assert masks.sum((2, 3)).tolist() == [[16, 8, 1, 0]]
    assert instance_masks(batch["instances"], 1).sum().item() == 16


def test_exact_flow_carries_instances_to_the_neighbour(batch):
    pairs = carried_pairs(batch, "next", 3)
    expected = torch.zeros(12, 16)
    expected[2:6, 5:9] = 1
    assert torch.equal(pairs.other[0, 1], expected)
    assert pairs.current[0, 1].sum().item() == 16


def test_what_the_neighbour_hides_is_no_pair_and_the_others_move_up(batch):
    pairs = carried_pairs(batch, "next", 3)
    assert pairs.current[0, 0].unique().tolist() == [2]
    assert pairs.other[0, 0].unique().tolist() == [2]
    assert pairs.current[0, 1:].sum((1, 2)).tolist() == [16, 1, 0]
    assert pairs.other[0, 2].nonzero().tolist() == [[10, 10]]


def test_a_third_instance_finds_no_place_among_two(batch):
    pairs = carried_pairs(batch, "next", 2)
    assert pairs.current[0, 1:].sum((1, 2)).tolist() == [16, 0]


@pytest.fixture
def moving():
    """Two frames that differ by 3 px to the right and in their numbers; one instance vanishes."""
    numbers = torch.zeros(1, 32, 48, dtype=torch.int32)
    numbers[0, 4:12, 4:16], numbers[0, 16:26, 20:30], numbers[0, 28:31, 2:5] = 3, 8, 5
    other = numbers.roll(3, 2)
    other = other.where(other != 5, 0)
    swapped = torch.where(other == 3, 1, torch.where(other == 8, 2, 0)).int()
    flow = torch.zeros(1, 2, 32, 48)
    flow[:, 0] = 3
    return numbers, swapped, flow


def test_flow_associates_numbers_that_differ(moving):
    numbers, other, flow = moving
    given = {"instances": numbers, "flow_forward": flow, "next_instances": other}
    pairs = associated_pairs(Batch(given, ("one",)), "next", 3)
    assert pairs.current[0, 0, 0, 0].item() == pairs.other[0, 0, 0, 0].item() == 2
    assert torch.equal(pairs.current[0, 1], (numbers[0] == 8).float())
    assert torch.equal(pairs.other[0, 1], (other[0] == 2).float())
    assert torch.equal(pairs.current[0, 2], (numbers[0] == 3).float())
    assert not pairs.current[0, 3].any()


def test_of_the_previous_frame_flow_comes_from_the_current_one(moving):
    numbers, other, flow = moving
    given = {"instances": numbers, "flow_backward": flow, "previous_instances": other}
    pairs = associated_pairs(Batch(given, ("one",)), "previous", 1)
    assert torch.equal(pairs.other[0, 1], (other[0] == 2).float())
    assert torch.equal(pairs.current[0, 1], (numbers[0] == 8).float())


def test_no_pairs_count_none():
    pairs = no_pairs(torch.rand(2, 3, 4, 5), 2)
    assert pairs.current.shape == pairs.other.shape == (2, 3, 4, 5)
    assert not pairs.current.any()


def test_what_the_batch_lacks_is_named(batch):
    with pytest.raises(ValueError, match="flow_backward"):
        carried_pairs(batch, "previous", 2)
