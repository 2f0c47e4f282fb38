import pytest
import torch

from offline.losses.forward_warp import EgoWarp
from offline.losses.object_motion import object_translations

SIZE = (4, 6)


def instances():
    """Two images; the first has an instance in channels 1 and 3, the second in none."""
    masks = torch.zeros(2, 4, *SIZE)
    masks[0, 1, 0], masks[0, 3, 1] = 1, 1
    masks[0, 0] = 2
    return masks


def ego_warp(masks):
    zeros = torch.zeros(2, 1, *SIZE)
    return EgoWarp(torch.full((2, 3, *SIZE), 7.0), masks, zeros, zeros == 0)


def test_network_gets_a_row_for_each_instance_that_there_is():
    seen = {}

    def network(image, other, mask, other_mask):
        seen.update(image=image, other=other, mask=mask, other_mask=other_mask)
        return torch.tensor([[1.0, 2, 3], [4, 5, 6]])

    image = torch.stack([torch.zeros(3, *SIZE), torch.ones(3, *SIZE)])
    translations = object_translations(network, image, instances(), ego_warp(instances()))
    assert seen["image"].shape == seen["other"].shape == (2, 3, *SIZE)
    assert seen["image"].sum() == 0
    assert torch.equal(seen["mask"][:, 0], instances()[0, [1, 3]])
    assert torch.equal(seen["mask"], seen["other_mask"])
    expected = torch.zeros(2, 3, 3)
    expected[0, 0], expected[0, 2] = torch.tensor([1.0, 2, 3]), torch.tensor([4.0, 5, 6])
    assert torch.equal(translations, expected)


def test_gradient_passes_to_the_network():
    scale = torch.ones(1, requires_grad=True)
    translations = object_translations(
        lambda *images: scale * torch.ones(len(images[0]), 3),
        torch.zeros(2, 3, *SIZE),
        instances(),
        ego_warp(instances()),
    )
    translations.sum().backward()
    assert scale.grad.item() == 6


def test_network_is_not_asked_without_instances():
    def network(*images):
        raise AssertionError("no rows")

    masks = 0 * instances()
    translations = object_translations(network, torch.zeros(2, 3, *SIZE), masks, ego_warp(masks))
    assert translations.shape == (2, 3, 3)
    assert translations.abs().sum() == 0


def test_other_number_of_instances_is_refused():
    with pytest.raises(ValueError, match=r"must have one shape, got \(2, 4, 4, 6\) and \(2, 3, 4"):
        object_translations(
            lambda *images: images[0],
            torch.zeros(2, 3, *SIZE),
            instances(),
            ego_warp(instances()[:, 1:]),
        )
