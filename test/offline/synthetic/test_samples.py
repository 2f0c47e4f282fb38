from __future__ import annotations

import pytest
import torch

from offline.synthetic.samples import sample_of
from offline.training import batch


def test_a_sample_has_every_name_that_a_batch_may_have(some_triplets):
    named = set(sample_of(some_triplets(), 0))
    told = {word for word in (batch.__doc__ or "").split("``")[1::2] if word.isidentifier()}
    assert named == told


def test_images_are_those_of_the_left_and_right_camera_at_their_times(some_triplets):
    triplets = some_triplets()
    sample = sample_of(triplets, 1)
    for name, expected in (("previous", triplets.left[1, 0]), ("current", triplets.left[1, 1]),
                           ("next", triplets.left[1, 2]), ("right", triplets.right[1, 1]),
                           ("next_right", triplets.right[1, 2])):  # fmt: skip
        assert torch.equal(sample[name], expected), name


def test_motion_carries_points_from_the_current_camera_to_its_neighbours(some_triplets):
    sample = sample_of(some_triplets(), 0)
    # The camera is at 0, 0.8 and 1.7 m: what is 10 m ahead is 0.9 m nearer in the next frame.
    point = torch.tensor([0.0, 0, 10, 1])
    assert (sample["next_from_current"] @ point)[2] == pytest.approx(9.1)
    assert (sample["previous_from_current"] @ point)[2] == pytest.approx(10.8)
    assert sample["next_from_current"].dtype == torch.float32


def test_what_is_known_goes_with_its_truth(some_triplets):
    triplets = some_triplets()
    sample = sample_of(triplets, 0)
    assert torch.equal(sample["flow_forward_known"], triplets.forward_known[0])
    assert torch.equal(sample["next_disparity_known"], triplets.forward_known[0])
    assert torch.equal(sample["flow_backward_known"], triplets.backward_known[0])
    assert sample["disparity_known"].all()
    assert (sample["depth"][~triplets.depth_known[0]] == 0).all()


def test_a_triplet_that_there_is_not_is_refused(some_triplets):
    with pytest.raises(ValueError, match=r"must be 0 \.\.\. 1, got 2"):
        sample_of(some_triplets(), 2)
