"""An engine's inputs are checked by name, shape and type."""

import pytest
import torch

from scene_perception.engines.base import TensorSpec, check_inputs

SPECS = {"image": TensorSpec((1, 3, 4, 4)), "labels": TensorSpec((1, 4, 4), torch.uint8)}
GOOD = {"image": torch.zeros(1, 3, 4, 4), "labels": torch.zeros(1, 4, 4, dtype=torch.uint8)}


def test_inputs_as_specified_pass():
    check_inputs(SPECS, GOOD)


def test_missing_and_unknown_inputs_are_both_named():
    with pytest.raises(ValueError, match=r"missing \['labels'\], unknown \['label'\]"):
        check_inputs(SPECS, {"image": GOOD["image"], "label": GOOD["labels"]})


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"input image must be \(1, 3, 4, 4\).*got \(1, 3, 4, 5\)"):
        check_inputs(SPECS, {**GOOD, "image": torch.zeros(1, 3, 4, 5)})


def test_another_type_is_refused():
    with pytest.raises(ValueError, match=r"input labels must be .* torch.uint8, got .*torch.int64"):
        check_inputs(SPECS, {**GOOD, "labels": GOOD["labels"].long()})
