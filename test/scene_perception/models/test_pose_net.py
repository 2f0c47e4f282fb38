from __future__ import annotations

import pytest
import torch
from torch import nn

from scene_perception.models.pose_net import PoseNet


@pytest.fixture
def images() -> list[torch.Tensor]:
    return [torch.randn(2, 3, 64, 96) for _ in range(2)]


def test_vector_is_the_map_s_mean_times_the_scale(images: list[torch.Tensor]) -> None:
    network = PoseNet(3, scale=0.01).eval()
    features = network.encode(*images)[-1]
    nn.init.zeros_(network.conv2.weight)
    nn.init.constant_(network.conv2.get_parameter("bias"), 2.0)
    nn.init.constant_(network.prediction.weight, 0.5)
    nn.init.constant_(network.prediction.get_parameter("bias"), 1.0)
    vector = network.decode(features)
    torch.testing.assert_close(vector, torch.full((2, 3), 0.01 * (256 * 2 * 0.5 + 1)))


def test_first_image_comes_first(images: list[torch.Tensor]) -> None:
    network = PoseNet(6).eval()
    with torch.no_grad():
        network.encoder.conv1.weight[:, 3:] = 0
    first, second = images
    assert torch.equal(network(first, second), network(first, -second))
    assert not torch.equal(network(first, second), network(-first, second))


def test_images_of_two_shapes_are_refused(images: list[torch.Tensor]) -> None:
    with pytest.raises(ValueError, match=r"one shape, got \(2, 3, 64, 96\) and \(2, 3, 64, 64\)"):
        PoseNet(6)(images[0], images[1][..., :64])


@pytest.mark.parametrize("size", [(64, 100), (32, 64)])
def test_images_of_a_size_that_cannot_be_halved_are_refused(size: tuple[int, int]) -> None:
    image = torch.zeros(1, 3, *size)
    with pytest.raises(ValueError, match="multiples of 32 px and at least 64 px"):
        PoseNet(6)(image, image)
