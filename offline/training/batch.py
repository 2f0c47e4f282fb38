"""A batch: named tensors, and which samples they are.

Names and values, each with a leading B; a source gives those that it has:

| name | value |
|---|---|
| ``previous``, ``current``, ``next`` | left images, RGB 0..1, float32 (3, H, W) |
| ``right``, ``next_right`` | the right images of the current and the next pair |
| ``intrinsics`` | K of H x W, px, float32 (3, 3) |
| ``baseline_m`` | float32 () |
| ``depth`` | metres, 0 where not known, float32 (1, H, W) |
| ``disparity``, ``disparity_known`` | px, >= 0, float32, and bool (1, H, W) |
| ``next_disparity``, ``next_disparity_known`` | of the same point in the next pair |
| ``flow_forward``, ``flow_forward_known`` | to ``next``, px, float32 (2, H, W) and bool (1, H, W) |
| ``flow_backward``, ``flow_backward_known`` | to ``previous`` |
| ``occluded_next``, ``occluded_previous``, ``occluded_right`` | bool (1, H, W) |
| ``labels`` | Cityscapes train ids, 255 void, uint8 (H, W) |
| ``instances`` | number of a thing in ``current``, 0 for none, int32 (H, W) |
| ``moving`` | bool (1, H, W) |
| ``next_from_current``, ``previous_from_current`` | of points, metres, float32 (4, 4) |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples stacked along the first axis.

    Attributes:
        tensors: by the names above.
        names: identity of each sample, such as ``street 17`` or a file, for messages.
    """

    tensors: Mapping[str, Tensor]
    names: tuple[str, ...]

    def __getitem__(self, name: str) -> Tensor:
        """Return one tensor.

        Raises:
            ValueError: naming what the batch lacks and what it has.
        """
        if name not in self.tensors:
            has = ", ".join(self.tensors)
            raise ValueError(f"a batch of {self.names} must have {name!r}, it has {has}")
        return self.tensors[name]

    def __contains__(self, name: str) -> bool:
        """Return whether the batch has a tensor of that name."""
        return name in self.tensors
