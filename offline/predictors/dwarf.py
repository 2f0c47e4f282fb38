"""DWARF on any two consecutive stereo pairs."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from offline.predictors.base import Images, Outputs, require_task
from scene_perception.engines.base import Engine
from scene_perception.models.dwarf import PARTS, ROLES
from scene_perception.pipelines.parts import PartRunner
from scene_perception.pipelines.stereo_input import choose_fit, pair_to_network
from scene_perception.pipelines.stereo_postprocess import disparity_array, flow_array

_ENCODER, *_LATER = PARTS
_IMAGES = ("current", "right", "next", "next_right")


class DWARFPredictor:
    """Disparity now, disparity at t+1 and flow of the left image of two stereo pairs.

    Images are padded by reflection as the published test script does, or resized; outputs have
    the image's size and pixels.

    Args:
        engines: ``models.dwarf.PARTS``.
        fit: ``auto``, ``pad`` or ``resize``, as ``choose_fit``.
    """

    model = "dwarf"
    roles: Mapping[str, tuple[str, ...]] = {"scene_flow": _IMAGES}

    def __init__(self, engines: Mapping[str, Engine], fit: str = "auto") -> None:
        self._parts = PartRunner(engines)
        self._fit = fit
        height, width = engines[_ENCODER].inputs["images"].shape[2:]
        self._size = (width, height)

    def __call__(self, task: str, images: Images) -> Outputs:
        """Return ``disparity``, ``next_disparity`` and ``flow``; see ``Predictor``.

        Raises:
            ValueError: for another task, or images that do not fit the network's input as
                ``fit`` asks.
        """
        require_task(self, task)
        left, right, next_left, next_right = (images[role] for role in _IMAGES)
        fit = choose_fit((left.shape[1], left.shape[0]), self._size, self._fit)
        tensors: dict[str, Tensor] = {}
        for role, pair in zip(ROLES, ((left, right), (next_left, next_right)), strict=True):
            features = self._parts.encode({"images": pair_to_network(*pair, fit)}, (_ENCODER,))
            tensors |= {f"{name}_{role}": tensor for name, tensor in features.items()}
        for part in _LATER:
            tensors |= self._parts.run(part, tensors)
        return {
            "disparity": disparity_array(tensors["disparity"], fit),
            "next_disparity": disparity_array(tensors["next_disparity"], fit),
            "flow": flow_array(tensors["flow"], fit),
        }
