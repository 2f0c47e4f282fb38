from __future__ import annotations

import pytest
import torch
from torch import Tensor

from scene_perception.models.insta_dm import (
    EgoPoseNet,
    InstaDM,
    ObjectPoseNet,
    background_mask,
    part_inputs,
)

CAR, ROAD, UNKNOWN = 13, 0, 255


@pytest.fixture(scope="module")
def network() -> InstaDM:
    torch.manual_seed(0)
    return InstaDM().eval().requires_grad_(False)


@pytest.fixture(scope="module")
def images() -> list[Tensor]:
    return list(torch.rand(2, 1, 3, 64, 96, generator=torch.Generator().manual_seed(1)))


def labels(value: int = UNKNOWN) -> Tensor:
    return torch.full((1, 64, 96), value, dtype=torch.uint8)


def test_background_is_what_cannot_move_by_itself() -> None:
    classes = torch.tensor([[[0, 10, 11, 13, 18, 19, 255]]], dtype=torch.uint8)
    assert background_mask(classes).tolist() == [[[[1, 1, 0, 0, 0, 1, 1]]]]


def test_inverse_depth_is_the_finest_of_four(network: InstaDM, images: list[Tensor]) -> None:
    depth = network.disp_net
    scales = depth.decode(depth.encode(images[0]))
    assert [tuple(scale.shape[2:]) for scale in scales] == [(64, 96), (32, 48), (16, 24), (8, 12)]
    assert all(scale.min() > 0 for scale in scales)
    assert torch.equal(network(images[0]).inverse_depth, scales[0])


def test_images_without_anything_that_moves_are_seen_whole(
    network: InstaDM, images: list[Tensor]
) -> None:
    ego = network.ego_pose_net
    assert ego is not None
    vector = ego.vector(*images)
    assert torch.equal(ego.vector(*images, background_mask(labels())), vector)
    assert torch.equal(ego(*images, labels(), labels(ROAD))[0][:, :3, 3], vector[:, :3])


def test_what_moves_in_one_image_is_painted_over_in_both(
    network: InstaDM, images: list[Tensor]
) -> None:
    ego = network.parts()["insta_dm_pose"]
    moving = labels()
    moving[:, 10:40, 20:60] = CAR
    others = [image.clone() for image in images]
    for other in others:
        other[..., 10:40, 20:60] = 0.9
    pose = ego(*images, moving, labels())[0]
    assert torch.equal(ego(*others, moving, labels())[0], pose)
    assert torch.equal(ego(*others, labels(), moving)[0], pose)
    assert not torch.equal(ego(*others, labels(), labels())[0], pose)


def test_masked_pixels_are_mid_grey(network: InstaDM, images: list[Tensor]) -> None:
    ego = network.parts()["insta_dm_pose"]
    grey = torch.full_like(images[0], 0.5)
    masked = ego(*images, labels(CAR), labels())[0]
    assert torch.equal(masked, ego(grey, grey, labels(), labels())[0])


def test_vector_is_a_translation_and_angles_that_are_not_clipped(images: list[Tensor]) -> None:
    network = EgoPoseNet().eval().requires_grad_(False)
    torch.nn.init.zeros_(network.net.prediction.weight)
    bias = network.net.prediction.get_parameter("bias")
    bias.copy_(100 * torch.tensor([1, 2, 3, 0, 0, 1.5 * torch.pi]))
    transform = network(*images, labels(), labels()).next_from_current[0]
    point = transform @ torch.tensor([1.0, 0, 0, 1])
    torch.testing.assert_close(point, torch.tensor([1.0, 1, 3, 1]), atol=1e-5, rtol=0)


def test_each_instance_has_a_row_that_depends_on_its_own_pixels_alone(
    network: InstaDM, images: list[Tensor]
) -> None:
    objects = network.object_pose_net
    assert objects is not None
    masks = torch.zeros(2, 1, 64, 96)
    masks[0, :, :32, :48] = masks[1, :, 32:, 48:] = 1
    first, second = (image.expand(2, -1, -1, -1) for image in images)
    motion = objects(first, second, masks, masks)
    changed = first.clone()
    changed[..., 32:, 48:] = 0
    assert motion.shape == (2, 3)
    torch.testing.assert_close(objects(changed, second, masks, masks)[0], motion[0])
    assert not torch.equal(objects(changed, second, masks, masks)[1], motion[1])


def test_networks_without_weights_are_left_out() -> None:
    alone = InstaDM(ego_pose=False, object_pose=False)
    assert alone.parts().keys() == {"insta_dm"}
    assert {name.partition(".")[0] for name in alone.state_dict()} == {"disp_net"}
    assert InstaDM(object_pose=False).parts().keys() == {"insta_dm", "insta_dm_pose"}


def test_training_normalises_by_the_batch_and_keeps_its_statistics(images: list[Tensor]) -> None:
    network = ObjectPoseNet().train()
    mask = torch.ones(2, 1, 64, 96)
    batch = torch.cat(images)
    network(batch, batch, mask, mask)
    assert network.net.encoder.bn1.running_mean.abs().max() > 0


@pytest.mark.parametrize("part", ["insta_dm", "insta_dm_pose"])
def test_every_part_exports_as_it_stands(network: InstaDM, part: str) -> None:
    torch.manual_seed(2)
    tensors = {
        name: torch.rand(shape) if len(shape) == 4 else labels(CAR)
        for name, shape in part_inputs(64, 96)[part].items()
    }
    module = network.parts()[part]
    exported = torch.export.export(module, (), tensors).module()
    for ours, expected in zip(exported(**tensors), module(**tensors), strict=True):
        torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("size", [(256, 830), (32, 832)])
def test_image_of_another_size_is_refused(network: InstaDM, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="multiples of 32 px and at least 64 px, got"):
        network(torch.zeros(1, 3, *size))
    with pytest.raises(ValueError, match="multiples of 32 px and at least 64 px, got"):
        part_inputs(*size)
