"""torch_tensorrt's converter is called as its version wants, decided by its signature.

The functions here have the arguments of the real ones that matter; TensorRT itself is not needed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scene_perception.engines.backends import EngineError
from scene_perception.engines.tensorrt_engine import Positional, conversion_arguments

INPUTS = (torch.zeros(1, 3, 4, 4),)


def version_2_8(
    exported_program: Any,
    inputs: Any = None,
    *,
    arg_inputs: Any = None,
    kwarg_inputs: Any = None,
    enabled_precisions: Any = None,
    workspace_size: int = 0,
    require_full_compilation: bool = False,
    disable_tf32: bool = False,
    use_explicit_typing: bool = False,
    immutable_weights: bool = True,
    **kwargs: Any,
) -> bytes:
    assert enabled_precisions is None, "an error together with explicit typing"
    return b"explicit" if use_explicit_typing else b"weak"


def version_2_13(
    exported_program: Any,
    inputs: Any = None,
    *,
    arg_inputs: Any = None,
    kwarg_inputs: Any = None,
    disable_tf32: bool = False,
    workspace_size: int = 0,
    require_full_compilation: bool = False,
    immutable_weights: bool = True,
    **kwargs: Any,
) -> bytes:
    assert not kwargs, "swallowed without effect"
    return b"always explicit"


def test_versions_with_weak_typing_are_told_to_take_the_graphs_types():
    arguments = conversion_arguments(version_2_8, INPUTS)
    assert version_2_8(None, **arguments) == b"explicit"


def test_later_versions_are_given_nothing_that_they_would_swallow():
    arguments = conversion_arguments(version_2_13, INPUTS)
    assert version_2_13(None, **arguments) == b"always explicit"


@pytest.mark.parametrize("version", [version_2_8, version_2_13])
def test_float32_is_float32_everywhere(version):
    assert conversion_arguments(version, INPUTS)["disable_tf32"] is True


def test_a_converter_of_another_time_is_refused():
    def version_1_4(module: Any, inputs: Any) -> bytes:
        return b""

    with pytest.raises(EngineError, match=r"must be 2\.8 to 2\.14, its converter takes"):
        conversion_arguments(version_1_4, INPUTS)


class Two(NamedTuple):
    sum: Tensor
    difference: Tensor


class Named(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Two:
        return Two(a + b, a - b)


def test_tensors_in_a_row_find_their_names():
    both = Positional(Named(), ("b", "a"))(torch.tensor(1.0), torch.tensor(5.0))
    assert [tensor.item() for tensor in both] == [6.0, 4.0]
