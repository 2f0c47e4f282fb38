"""A synced batch norm is the original where there is one process."""

import pytest
import torch
from torch import nn

from offline.training.synced_batch_norm import SyncedBatchNorm, with_synced_batch_norm
from scene_perception.models.layers import BatchNorm, ReflectConv


def stepped(module, features):
    features = features.clone().requires_grad_()
    output = module(features)
    (output * torch.linspace(-1, 1, output.numel()).view_as(output)).sum().backward()
    return output.detach(), features.grad, [p.grad for p in module.parameters()]


@pytest.mark.parametrize("make", [BatchNorm, nn.BatchNorm2d], ids=["ours", "PyTorch's"])
def test_output_gradients_and_running_statistics_are_those_of_the_original(make):
    features = 3 + 2 * torch.randn(4, 5, 6, 7, generator=torch.Generator().manual_seed(0))
    original, copied = make(5), make(5)
    synced = SyncedBatchNorm(copied)
    for expected, found in zip(stepped(original, features), stepped(synced, features), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert synced.state_dict().keys() == original.state_dict().keys()
    for name, value in original.state_dict().items():
        torch.testing.assert_close(synced.state_dict()[name], value)
    torch.testing.assert_close(synced.eval()(features), original.eval()(features))


def test_every_batch_norm_is_replaced_and_shares_its_parameters():
    network = nn.Sequential(ReflectConv(3, 4), nn.BatchNorm2d(4))
    before = dict(network.named_parameters())
    with_synced_batch_norm(network)
    assert isinstance(network[0].norm, SyncedBatchNorm)
    assert isinstance(network[1], SyncedBatchNorm)
    assert all(dict(network.named_parameters())[name] is before[name] for name in before)


def test_a_batch_norm_without_running_statistics_is_refused():
    with pytest.raises(ValueError, match="running statistics"):
        SyncedBatchNorm(nn.BatchNorm2d(4, track_running_stats=False))
