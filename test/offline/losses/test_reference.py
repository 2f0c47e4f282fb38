from dataclasses import replace

import pytest
import torch

from offline.losses.projection import ProjectionSettings
from offline.losses.reference import Reference, project_pair

HEIGHT, WIDTH = 6, 8
INTRINSICS = torch.tensor([[[4.0, 0, 3.5], [0, 4.0, 2.5], [0, 0, 1]]])
DEPTH = torch.full((1, 1, HEIGHT, WIDTH), 2.0)
DARK, BRIGHT = torch.full((1, 3, HEIGHT, WIDTH), -0.5), torch.full((1, 3, HEIGHT, WIDTH), 0.5)
EVERYWHERE = torch.ones(1, 1, HEIGHT, WIDTH, dtype=torch.bool)
COLOURS = ProjectionSettings(ssim=False, automask=False)


def instances(top):
    masks = torch.zeros(1, 2, HEIGHT, WIDTH)
    masks[:, 0] = 1
    masks[:, 1, top : top + 2, 2:4] = 1
    return masks


def reference():
    return Reference(
        image=BRIGHT,
        depth=DEPTH,
        ego_forward=torch.tensor([[0.1, 0, 0, 0, 0, 0]]),
        ego_backward=torch.tensor([[-0.1, 0, 0, 0, 0, 0]]),
        objects_forward=torch.tensor([[[0.0, 0.2, 0.0]]]),
        objects_backward=torch.tensor([[[0.0, -0.2, 0.0]]]),
        target_instances=instances(1),
        instances=instances(3),
        seen_in_target=EVERYWHERE,
        seen_in_reference=EVERYWHERE,
    )


def test_each_direction_has_its_own_motion_and_masks():
    pair = project_pair(DARK, DEPTH, reference(), INTRINSICS, COLOURS)
    torch.testing.assert_close(pair.field_forward[0, :3, 1, 2], torch.tensor([0.1, 0.2, 0]))
    torch.testing.assert_close(pair.field_forward[0, :3, 3, 2], torch.tensor([0.1, 0, 0]))
    torch.testing.assert_close(pair.field_backward[0, :3, 3, 2], torch.tensor([-0.1, -0.2, 0]))
    # fx * tx / z = 4 * 0.1 / 2
    assert pair.forward.flow[0, 0, 0, 0].item() == pytest.approx(0.2, abs=1e-6)
    assert pair.backward.flow[0, 0, 0, 0].item() == pytest.approx(-0.2, abs=1e-6)


def test_forward_shows_the_reference_and_backward_the_target():
    pair = project_pair(DARK, DEPTH, reference(), INTRINSICS, COLOURS)
    assert pair.forward.image[0, 0, 2, 3].item() == pytest.approx(0.5)
    assert pair.backward.image[0, 0, 2, 3].item() == pytest.approx(-0.5)


def test_only_objects_takes_the_masks_of_the_frame_that_is_compared():
    settings = replace(COLOURS, only_objects=True)
    pair = project_pair(DARK, DEPTH, reference(), INTRINSICS, settings)
    assert torch.equal(pair.forward.valid, instances(1)[:, 1:] == 1)
    assert torch.equal(pair.backward.valid, instances(3)[:, 1:] == 1)


def test_visibility_is_that_of_each_direction():
    hidden = replace(reference(), seen_in_target=~EVERYWHERE)
    pair = project_pair(DARK, DEPTH, hidden, INTRINSICS, COLOURS)
    assert not pair.forward.valid.any()
    assert pair.backward.valid.any()


def test_motions_of_another_number_of_instances_are_refused():
    wrong = replace(reference(), objects_forward=torch.zeros(1, 2, 3))
    with pytest.raises(ValueError, match=r"must be \(1, 6\) and \(1, 1, 3\)"):
        project_pair(DARK, DEPTH, wrong, INTRINSICS, COLOURS)
