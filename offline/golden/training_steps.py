"""What a golden training step of SGDepth and one of Insta-DM hold in common: gradients by name.

Published gradients stand as their lengths beside the list of their names, some also whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from offline.golden.case import Array, Case
from offline.golden.stand_ins import golden_image


def batch_of_images(seeds: Iterable[int], height: int, width: int) -> Tensor:
    """Return golden images, RGB in 0..1. # (B, 3, H, W)."""
    images = np.stack([golden_image(seed, height, width) for seed in seeds])
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().float() / 255


def tensor(case: Case, name: str) -> Tensor:
    """Return a given array; whole numbers as float32."""
    array = case[name]
    return torch.from_numpy(array.astype(np.float32) if array.dtype == np.uint8 else array)


def gradients(
    network: nn.Module, names: Mapping[str, str | None], case: Case, group: str = ""
) -> dict[str, Array]:
    """Return the lengths of the gradients that the case lists, and those that it holds whole.

    Args:
        network: after the backward pass.
        names: published name -> ours.
        case: tells which: ``grad_names`` and ``grad:...``.
        group: what stands behind these names where there are several networks: ``disp``.

    Raises:
        ValueError: for a published name that is none, or a parameter that has no gradient.
    """
    suffix, prefix = (f"_{group}", f"grad:{group}:") if group else ("", "grad:")
    parameters = dict(network.named_parameters())

    def gradient(published: str) -> Tensor:
        parameter = parameters.get(names.get(published) or "")
        if parameter is None or parameter.grad is None:
            raise ValueError(f"{published} must be a trained parameter, it has no gradient here")
        return parameter.grad

    listed = case.get(f"grad_names{suffix}", np.array([], str)).tolist()
    norms = [float(gradient(name).norm()) for name in listed]
    whole = [name for name in case if name.startswith(prefix)]
    return {
        f"grad_norms{suffix}": np.array(norms, np.float32),
        **{name: gradient(name.removeprefix(prefix)).numpy() for name in whole},
    }


def buffers(network: nn.Module, names: Mapping[str, str | None], case: Case) -> dict[str, Array]:
    """Return the buffers that the case holds as ``after:...``."""
    state = network.state_dict()
    return {
        name: state[names[name.removeprefix("after:")] or ""].numpy()
        for name in case
        if name.startswith("after:")
    }
