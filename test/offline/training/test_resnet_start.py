import pytest
import torch
from torch import nn

from offline.training.resnet_start import drawn, fill_encoders
from scene_perception.models import resnet
from scene_perception.models.resnet import ResNetEncoder


@pytest.fixture
def encoders(monkeypatch):
    """An encoder of one image and one of two, thin."""
    monkeypatch.setattr(resnet, "FEATURE_CHANNELS", (4, 4, 8, 8, 16))
    return nn.ModuleList([ResNetEncoder(), ResNetEncoder(images=2)])


def test_weights_follow_from_the_seed_alone():
    state = torch.get_rng_state()
    first, again, other = (drawn(lambda: nn.Linear(3, 2), seed) for seed in (1, 1, 2))
    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)
    assert torch.equal(torch.get_rng_state(), state)


def test_two_images_share_the_first_layer_of_one(encoders, tmp_path):
    given = {name: torch.rand_like(t.float()) for name, t in encoders[0].state_dict().items()}
    classifier = {"fc.weight": torch.ones(1000, 16), "fc.bias": torch.ones(1000)}
    torch.save(given | classifier, tmp_path / "resnet18.pth")
    fill_encoders(encoders, tmp_path / "resnet18.pth")
    single, double = encoders[0].conv1.weight, encoders[1].conv1.weight
    assert torch.equal(single, given["conv1.weight"])
    torch.testing.assert_close(double[:, :3] + double[:, 3:], single)
    name = "layer4.1.conv2.weight"
    assert torch.equal(encoders[1].state_dict()[name], given[name])


def test_another_network_is_refused(encoders, tmp_path):
    torch.save({"conv1.weight": torch.ones(4, 3, 7, 7)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth must be those of a ResNet-18"):
        fill_encoders(encoders, tmp_path / "other.pth")


def test_a_missing_file_is_named(encoders, tmp_path):
    with pytest.raises(FileNotFoundError, match="none"):
        fill_encoders(encoders, tmp_path / "none.pth")
