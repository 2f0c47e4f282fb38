"""Keys differ wherever what is compiled could differ, and nowhere else."""

import json

import pytest
import torch
from torch import nn

from scene_perception.engines.backends import Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.cache_key import (
    key_of,
    sources_digest,
    structure_digest,
    weights_digest,
)


class Kept:
    """A backend as far as a key needs one."""

    name = "kept"
    keeps_files = True

    def __init__(self, version="1.0"):
        self.version = version

    def versions(self):
        return {"kept": self.version}


class Scale(nn.Module):
    def __init__(self, factor=2.0, mode="bilinear"):
        super().__init__()
        torch.manual_seed(0)
        self.factor, self.mode = factor, mode
        self.register_buffer("mean", torch.tensor([0.5]), persistent=False)
        self.layer = nn.Conv2d(3, 4, 3)


def _request(module=None, **changed):
    settings = {"part": "dsnet", "module": module or Scale(),
                "inputs": {"image": TensorSpec((1, 3, 8, 8))}}  # fmt: skip
    return Request(**{**settings, **changed})


def _key(module=None, **changed):
    return key_of(_request(module, **changed), Kept())


def test_equal_requests_have_one_key():
    assert _key() == _key()


def test_a_key_is_a_table_of_texts():
    key = _key()
    assert all(isinstance(text, str) for pair in key.items() for text in pair)
    assert json.loads(key["inputs"]) == {"image": "[1, 3, 8, 8] float32"}
    assert (key["part"], key["backend"], key["version of kept"]) == ("dsnet", "kept", "1.0")


@pytest.mark.parametrize(
    "changed",
    [
        {"part": "semantics"},
        {"inputs": {"image": TensorSpec((1, 3, 8, 16))}},
        {"inputs": {"image": TensorSpec((1, 3, 8, 8), torch.uint8)}},
        {"inputs": {"picture": TensorSpec((1, 3, 8, 8))}},
        {"precision": "float16"},
        {"device": "cuda"},
    ],
)
def test_what_is_asked_for_is_in_the_key(changed):
    assert _key(**changed) != _key()


def test_another_version_is_another_key():
    assert key_of(_request(), Kept("1.1")) != key_of(_request(), Kept("1.0"))


def test_one_weight_that_differs_is_another_key():
    module = Scale()
    before = _key(module)
    with torch.no_grad():
        module.layer.weight[3, 2, 1, 0] += 1e-6
    assert _key(module)["weights"] != before["weights"]
    assert _key(module)["structure"] == before["structure"]


def test_weights_are_read_once_for_all_backends(monkeypatch):
    request, reads = _request(), []
    monkeypatch.setattr("scene_perception.engines.cache_key.weights_digest",
                        lambda module: reads.append(module) or "digest")  # fmt: skip
    assert key_of(request, Kept("1.0"))["weights"] == key_of(request, Kept("2.0"))["weights"]
    assert len(reads) == 1


def test_a_buffer_outside_the_state_dictionary_counts():
    module = Scale()
    before = weights_digest(module)
    module.mean += 1
    assert "mean" not in module.state_dict()
    assert weights_digest(module) != before


def test_memory_format_does_not_count():
    module = Scale()
    before = weights_digest(module)
    module.to(memory_format=torch.channels_last)
    assert weights_digest(module) == before


def test_weights_of_any_type_are_read():
    module = nn.Linear(2, 2).to(torch.bfloat16)
    module.register_buffer("steps", torch.tensor(3))
    module.register_buffer("empty", torch.zeros(0, 4))
    assert len(weights_digest(module)) == 64


@pytest.mark.parametrize("other", [Scale(mode="nearest"), Scale(factor=3.0)])
def test_a_setting_that_is_no_weight_is_another_structure(other):
    assert structure_digest(other) != structure_digest(Scale())


def test_training_or_not_is_one_structure():
    assert structure_digest(Scale().eval()) == structure_digest(Scale().train())


def test_the_sources_are_found():
    assert len(sources_digest()) == 64
    assert sources_digest() != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
