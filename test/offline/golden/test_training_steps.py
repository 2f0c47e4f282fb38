import numpy as np
import pytest
import torch

from offline.golden.training_steps import batch_of_images, buffers, gradients

NAMES = {"theirs.weight": "weight", "theirs.bias": "bias"}


@pytest.fixture
def layer():
    layer = torch.nn.Linear(2, 1)
    layer(torch.tensor([[3.0, 4.0]])).sum().backward()
    return layer


def test_lengths_and_whole_gradients_have_published_names(layer):
    case = {"grad_names": np.array(["theirs.weight"]), "grad:theirs.bias": np.zeros(1)}
    found = gradients(layer, NAMES, case)
    assert found["grad_norms"].tolist() == [5.0]
    assert found["grad:theirs.bias"].tolist() == [1.0]


def test_several_networks_have_names_of_their_own(layer):
    case = {"grad_names_ego": np.array(["theirs.bias"]), "grad:ego:theirs.weight": np.zeros(2)}
    found = gradients(layer, NAMES, case, "ego")
    assert found["grad_norms_ego"].tolist() == [1.0]
    assert found["grad:ego:theirs.weight"].tolist() == [[3.0, 4.0]]


def test_what_has_no_gradient_is_refused(layer):
    layer.bias.grad = None
    with pytest.raises(ValueError, match=r"theirs\.bias must be a trained parameter"):
        gradients(layer, NAMES, {"grad_names": np.array(["theirs.bias"])})


def test_buffers_are_those_that_the_case_names():
    norm = torch.nn.BatchNorm2d(1)
    names = {"bn.running_mean": "running_mean"}
    assert buffers(norm, names, {"after:bn.running_mean": np.zeros(1)}).keys() == {
        "after:bn.running_mean"
    }


def test_images_are_those_of_the_seeds():
    images = batch_of_images([20, 21], 8, 12)
    assert images.shape == (2, 3, 8, 12)
    assert images.max() <= 1
    assert not torch.equal(*images)
