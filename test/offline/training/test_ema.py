"""The average of weights, worked by hand."""

import torch
from torch import nn

from offline.training.ema import Average


def filled(value):
    module = nn.BatchNorm2d(1)
    with torch.no_grad():
        for tensor in (*module.parameters(), module.running_mean, module.running_var):
            tensor.fill_(value)
    return module


def test_the_average_follows_slowly_and_fast_in_the_beginning():
    module = filled(0.0)
    average = Average(module, 0.999)
    module.weight.data.fill_(1.0)
    average.update(0)  # decay 1 / 10
    assert average.state_dict()["weight"].item() == torch.tensor(0.9)
    average.update(10**9)  # decay 0.999
    torch.testing.assert_close(average.state_dict()["weight"].item(), 0.9 + 0.1 * 0.001)


def test_running_statistics_are_averaged_and_counters_are_not():
    assert set(Average(filled(0.0), 0.9).state_dict()) == {
        "weight",
        "bias",
        "running_mean",
        "running_var",
    }


def test_the_module_holds_the_average_only_inside():
    module = filled(0.0)
    average = Average(module, 0.9)
    module.weight.data.fill_(1.0)
    with average.applied():
        assert module.weight.item() == 0.0
    assert module.weight.item() == 1.0


def test_without_decay_the_average_is_the_module():
    module = filled(0.0)
    average = Average(module, 0.0)
    module.weight.data.fill_(3.0)
    average.update(7)
    assert average.state_dict()["weight"].item() == 3.0
