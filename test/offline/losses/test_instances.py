import pytest
import torch

from offline.losses.instances import (
    background,
    best_matches,
    consistent_flow,
    drop_vanished,
    pair_by_flow,
    paired_instances,
    sort_by_area,
)

HEIGHT, WIDTH = 16, 32


def boxes(*windows):
    """Masks of (top, left, height, width), channel 0 empty."""
    masks = torch.zeros(len(windows) + 1, HEIGHT, WIDTH)
    for channel, (top, left, height, width) in enumerate(windows, start=1):
        masks[channel, top : top + height, left : left + width] = 1
    return masks


def flow(x, y=0.0):
    return torch.tensor([float(x), float(y)]).view(2, 1, 1).repeat(1, HEIGHT, WIDTH)


FIRST = boxes((2, 4, 8, 8), (4, 20, 4, 4))
SECOND = boxes((4, 22, 4, 4), (2, 6, 8, 8))  # moved by 2 px, in the other order


def test_partners_are_found_across_the_order_of_channels():
    pairing = pair_by_flow(FIRST, SECOND, flow(2), flow(-2))
    assert pairing.first_to_second.channel.tolist() == [0, 2, 1]
    assert pairing.second_to_first.channel.tolist() == [0, 2, 1]
    assert pairing.first_to_second.iou[0] == 0
    assert (pairing.first_to_second.iou[1:] > 0.6).all()


def test_iou_counts_valid_pixels_alone():
    valid = torch.zeros(HEIGHT, WIDTH, dtype=torch.bool)
    valid[:, :8] = True
    # Columns 4 to 7 of the first box against 6 and 7 of the second: 16 of 32 pixels.
    matches = best_matches(FIRST, SECOND, valid)
    assert matches.iou[1].item() == pytest.approx(0.5)
    assert matches.channel[1].item() == 2


def test_an_instance_that_left_the_image_has_no_iou():
    gone = boxes((2, 4, 8, 8), (0, 0, 0, 0))
    matches = best_matches(gone, gone, torch.ones(HEIGHT, WIDTH, dtype=torch.bool))
    assert matches.iou[2].isnan()


def test_flow_is_consistent_within_three_pixels_or_a_twentieth():
    def share(there, back):
        consistent = consistent_flow(flow(there)[None], flow(back)[None])
        return consistent[0, 0, 8, 4].item()

    assert share(5, -2.1)
    assert not share(5, -1.9)
    wide = torch.zeros(1, 2, 4, 256)
    wide[:, 0] = 100.0
    assert consistent_flow(wide, -0.96 * wide)[0, 0, 2, 50]
    assert not consistent_flow(wide, -0.94 * wide)[0, 0, 2, 50]


def test_largest_come_first_and_the_smallest_channel_is_left_out():
    masks = boxes((0, 0, 2, 2), (4, 4, 8, 8), (0, 20, 4, 4))
    assert sort_by_area(masks).sum((1, 2)).tolist() == [0, 64, 16, 4]


def test_pairs_have_their_number_in_the_first_channel_and_the_largest_first():
    first, second = paired_instances(FIRST, SECOND, flow(2), flow(-2), maximum=3)
    assert first.shape == second.shape == (4, HEIGHT, WIDTH)
    assert first[0].unique().tolist() == second[0].unique().tolist() == [2]
    assert torch.equal(first[1:3], FIRST[1:])
    assert torch.equal(second[1:3], SECOND[[2, 1]])
    assert first[3].sum() == 0


def test_maximum_cuts_the_smaller_pairs():
    first, second = paired_instances(FIRST, SECOND, flow(2), flow(-2), maximum=1)
    assert first[0].unique().tolist() == [1]
    assert torch.equal(first[1], FIRST[1])
    assert torch.equal(second[1], SECOND[2])


def test_pixels_of_an_earlier_pair_are_taken_off_later_ones():
    overlapping = boxes((2, 4, 8, 8), (2, 10, 4, 8))
    first, _ = paired_instances(overlapping, overlapping, flow(0), flow(0), maximum=2)
    assert first[1:].sum(0).max() == 1
    assert first[1:].sum((1, 2)).tolist() == [64, 24]


def test_instances_without_a_partner_are_left_out():
    alone = boxes((2, 4, 8, 8), (12, 20, 3, 3))
    first, second = paired_instances(alone, SECOND, flow(2), flow(-2), maximum=2)
    assert first[0].unique().tolist() == second[0].unique().tolist() == [1]


def test_vanished_pairs_are_dropped_and_the_others_move_up():
    first, second = torch.cat([FIRST, FIRST[1:2]]), torch.cat([SECOND, SECOND[1:2]])
    first[0] = second[0] = 3
    second[1] = 0
    first, second = drop_vanished(first, second)
    assert first[0].unique().tolist() == second[0].unique().tolist() == [2]
    assert torch.equal(first[1], FIRST[2])
    assert torch.equal(second[1], SECOND[2])
    assert first[3].sum() == second[3].sum() == 0


def test_background_is_what_no_instance_covers():
    masks = FIRST[None].clone()
    masks[:, 0] = 2
    assert (~background(masks)).sum() == 64 + 16


def test_pairs_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"must have one shape, got \(3, 16, 32\) and \(2, 16"):
        drop_vanished(FIRST, SECOND[:2])
