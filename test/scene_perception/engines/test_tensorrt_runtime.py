"""What an engine's bindings are called and hold, as far as no GPU is needed."""

from __future__ import annotations

import json

import pytest
import torch

from scene_perception.engines.backends import EngineError
from scene_perception.engines.tensorrt_runtime import (
    Layout,
    binding_type,
    check_bindings,
    write_engine,
)


def test_types_are_told_by_their_last_name():
    assert binding_type("DataType.HALF") == torch.float16
    assert binding_type("DataType.BF16") == torch.bfloat16


def test_a_type_that_no_part_has_is_refused():
    with pytest.raises(EngineError, match=r"got DataType\.FP4"):
        binding_type("DataType.FP4")


def test_bindings_in_another_order_fit():
    check_bindings(["labels", "image"], ["image", "labels"])


def test_other_bindings_are_refused_by_name():
    with pytest.raises(EngineError, match=r"must bind \['image'\], it binds \['input'\]"):
        check_bindings(["input"], ["image"])


def test_a_written_layout_can_be_read(tmp_path):
    layout = Layout({"image": "tensors_0"}, {"labels": "output0"}, {"labels": "uint8"})
    write_engine(tmp_path, b"plan", layout)
    assert Layout(**json.loads((tmp_path / "layout.json").read_text())) == layout
    assert (tmp_path / "engine.plan").read_bytes() == b"plan"
