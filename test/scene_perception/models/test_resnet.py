from __future__ import annotations

import pytest
import torch

from scene_perception.models.resnet import BasicBlock, Normalization, ResNetEncoder


def test_features_halve_the_image_five_times() -> None:
    features = ResNetEncoder()(torch.zeros(1, 3, 64, 96))
    assert [tuple(f.shape[1:]) for f in features] == [
        (64, 32, 48), (64, 16, 24), (128, 8, 12), (256, 4, 6), (512, 2, 3),
    ]  # fmt: skip


@pytest.mark.parametrize("images", [1, 2])
def test_first_layer_takes_the_colours_of_all_images(images: int) -> None:
    features = ResNetEncoder(images)(torch.zeros(2, 3 * images, 64, 64))
    assert features[-1].shape == (2, 512, 2, 2)


def test_entries_are_torchvision_s_without_the_classifier() -> None:
    state = ResNetEncoder().state_dict()
    assert len(state) == 120
    assert state["conv1.weight"].shape == (64, 3, 7, 7)
    assert state["layer3.0.downsample.0.weight"].shape == (256, 128, 1, 1)
    assert {"bn1.running_mean", "layer4.1.bn2.num_batches_tracked"} <= state.keys()
    assert not any(name.startswith(("fc", "layer1.0.downsample")) for name in state)


def test_block_whose_convolutions_are_zero_gives_its_shortcut_without_negatives() -> None:
    block = BasicBlock(4, 4).eval()
    torch.nn.init.zeros_(block.conv2.weight)
    features = torch.randn(1, 4, 6, 6)
    assert torch.equal(block(features), features.relu())


def test_features_start_before_pooling_and_are_not_changed_after_it() -> None:
    encoder = ResNetEncoder().eval()
    image = torch.randn(1, 3, 64, 64)
    expected = torch.relu(encoder.bn1(encoder.conv1(image)))
    assert torch.equal(encoder(image)[0], expected)


def test_training_leaves_a_tenth_of_the_batch_s_statistics() -> None:
    encoder = ResNetEncoder().train()
    image = torch.randn(2, 3, 64, 64)
    encoder(image)
    mean = encoder.conv1(image).mean((0, 2, 3))
    torch.testing.assert_close(encoder.bn1.running_mean, 0.1 * mean)


def test_normalisation_takes_each_colour_s_mean_away_and_divides_by_its_deviation() -> None:
    image = torch.tensor([1.0, 0.5, 0.0]).view(1, 3, 1, 1)
    normalized = Normalization((0.5, 0.25, 0.5), (0.5, 0.125, 0.25))(image)
    assert normalized.flatten().tolist() == [1, 2, -2]
    assert Normalization((0.5,) * 3, (0.5,) * 3).state_dict() == {}
