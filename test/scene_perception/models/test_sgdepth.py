from __future__ import annotations

import pytest
import torch
from torch import Tensor

from scene_perception.models.sgdepth import EgoMotionNet, SGDepth, part_inputs
from scene_perception.models.sgdepth_scene import (
    VOID,
    SceneNet,
    inverse_depth_from_sigmoid,
    shared_steps,
    train_ids,
)


@pytest.fixture(scope="module")
def network() -> SGDepth:
    torch.manual_seed(0)
    return SGDepth().eval().requires_grad_(False)


@pytest.fixture(scope="module")
def images() -> list[Tensor]:
    return list(torch.rand(3, 2, 3, 64, 96, generator=torch.Generator().manual_seed(1)))


def test_inverse_depth_goes_from_a_hundredth_to_ten() -> None:
    inverse_depth = inverse_depth_from_sigmoid(torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64))
    torch.testing.assert_close(1 / inverse_depth, torch.tensor([100, 1 / 5.005, 0.1]).double())


def test_labels_are_train_ids_and_void_is_unknown() -> None:
    logits = torch.zeros(1, VOID + 1, 2, 2)
    logits[0, 13, 0, 0] = logits[0, VOID, 0, 1] = logits[0, 18, 1, 0] = 1
    labels = train_ids(logits)
    assert labels.dtype == torch.uint8
    assert labels.tolist() == [[[13, 255], [18, 0]]]


def test_prediction_has_four_scales_and_twenty_logits(
    network: SGDepth, images: list[Tensor]
) -> None:
    disparities, logits = network.predict(images[1])
    assert [tuple(d.shape) for d in disparities] == [
        (2, 1, 64, 96), (2, 1, 32, 48), (2, 1, 16, 24), (2, 1, 8, 12),
    ]  # fmt: skip
    assert logits.shape == (2, 20, 64, 96)
    assert all(0 < d.min() < d.max() < 1 for d in disparities)


def test_outputs_are_the_finest_disparity_and_the_best_class(
    network: SGDepth, images: list[Tensor]
) -> None:
    outputs, prediction = network.scene(images[1]), network.predict(images[1])
    finest = inverse_depth_from_sigmoid(prediction.disparities[0])
    assert torch.equal(outputs.inverse_depth, finest)
    assert torch.equal(outputs.labels, train_ids(prediction.logits))


def test_motion_to_the_previous_frame_is_predicted_forward_and_inverted(
    network: SGDepth, images: list[Tensor]
) -> None:
    frames = network(*images)
    there = network.ego_motion(images[0], images[1]).next_from_current
    identity = torch.eye(4).expand(2, 4, 4)
    torch.testing.assert_close(frames.previous_from_current @ there, identity, atol=1e-5, rtol=0)
    onward = network.ego_motion(images[1], images[2]).next_from_current
    assert torch.equal(frames.next_from_current, onward)


def test_vector_is_a_rotation_then_a_translation(images: list[Tensor]) -> None:
    network = EgoMotionNet().eval()
    torch.nn.init.zeros_(network.net.prediction.weight)
    with torch.no_grad():
        bias = network.net.prediction.get_parameter("bias")
        bias.copy_(torch.tensor([0, 0, torch.pi / 2, 1, 2, 3]))
        transform = network(images[0], images[1]).next_from_current[0]
    point = transform @ torch.tensor([1.0, 0, 0, 1])
    torch.testing.assert_close(point, torch.tensor([1.0, 3, 3, 1]), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("split", "steps"), [(0, 0), (1, 1), (2, 3), (5, 9)])
def test_tasks_share_two_steps_per_split_position_but_one(split: int, steps: int) -> None:
    assert shared_steps(split) == steps
    scene = SceneNet(split)
    own = (scene.depth.decoder, scene.segmentation.decoder)
    assert len(scene.shared.steps) == steps
    assert [len(decoder.steps) for decoder in own] == [10 - steps, 10 - steps]


def test_every_split_predicts_all_scales() -> None:
    for split in range(6):
        disparities, logits = SceneNet(split).eval().predict(torch.rand(1, 3, 64, 64))
        assert [d.shape[-1] for d in disparities] == [64, 32, 16, 8]
        assert logits.shape == (1, 20, 64, 64)


def test_another_split_is_refused() -> None:
    with pytest.raises(ValueError, match=r"split must be one of 0\.\.5, got 6"):
        SGDepth(split=6)


def test_training_starts_with_small_depth() -> None:
    biases = [head.get_parameter("conv.bias").item() for head in SceneNet().depth.predictions]
    assert biases == [5, 5, 5, 5]


def test_training_normalises_by_the_batch(images: list[Tensor]) -> None:
    network = SGDepth().train()
    together, alone = (network.scene.encode(batch)[-1] for batch in (images[0], images[0][:1]))
    assert (together[:1] - alone).abs().max() > 1e-3
    assert network.scene.encoder.bn1.num_batches_tracked == 2


def test_both_losses_reach_the_shared_step(images: list[Tensor]) -> None:
    network = SGDepth().train()
    disparities, logits = network.predict(images[0])
    weight = network.scene.shared.get_parameter("steps.step_0.conv.conv.weight")
    for loss in (disparities[0].mean(), logits.square().mean()):
        (gradient,) = torch.autograd.grad(loss, weight, retain_graph=True)
        assert gradient.abs().max() > 0


@pytest.mark.parametrize("part", ["sgdepth", "sgdepth_pose"])
def test_every_part_exports_as_it_stands(network: SGDepth, part: str) -> None:
    torch.manual_seed(2)
    tensors = {name: torch.rand(shape) for name, shape in part_inputs(64, 96)[part].items()}
    module = network.parts()[part]
    exported = torch.export.export(module, (), tensors).module()
    for ours, expected in zip(exported(**tensors), module(**tensors), strict=True):
        torch.testing.assert_close(ours, expected)


def test_parts_share_the_network_s_weights(network: SGDepth) -> None:
    own = {id(p) for part in network.parts().values() for p in part.parameters()}
    assert own == {id(p) for p in network.parameters()}


@pytest.mark.parametrize("size", [(192, 650), (32, 640)])
def test_image_of_another_size_is_refused(network: SGDepth, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="multiples of 32 px and at least 64 px, got"):
        network.scene(torch.zeros(1, 3, *size))
    with pytest.raises(ValueError, match="multiples of 32 px and at least 64 px, got"):
        part_inputs(*size)
