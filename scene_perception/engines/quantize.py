"""int8 networks for OpenVINO: NNCF's post-training quantisation, with what must stay float.

Quantising needs real inputs of a part, and minutes: ``offline.export`` does it ahead of time, and
whoever runs the part finds the result in the cache. Needs ``nncf`` (the extra ``quantize``).

Convolutions of features become int8, nothing else. What is a place in an image or a motion stays
float32, because a step of int8 is 1/256 of the largest value: half a pixel of a flow of 128 px.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from scene_perception.engines.backends import EngineError, Request
from scene_perception.engines.openvino_engine import to_openvino, write

if TYPE_CHECKING:
    import openvino

Node = Any  # openvino.Node, as which the library types nothing

_LOG = logging.getLogger(__name__)
_CONVOLUTIONS = ("Convolution", "GroupConvolution", "ConvolutionBackpropData")
# What carries values on without making features of them: behind these a motion is still one.
_CARRIERS = frozenset(
    [
        "Add",
        "Concat",
        "Convert",
        "Interpolate",
        "Multiply",
        "Negative",
        "Pad",
        "Reshape",
        "Slice",
        "Split",
        "StridedSlice",
        "Squeeze",
        "Subtract",
        "Transpose",
        "Unsqueeze",
        "VariadicSplit",
        "DepthToSpace",
    ]
)
_COARSEST = 196  # features of DWARF's encoder at 1/64

# Parts that stay float as a whole, which costs nothing: they have little arithmetic.
FLOAT_PARTS: Mapping[str, str] = {
    "camera_decoder": "ego-motion and intrinsics: a hundredth of a degree moves the rigid flow",
    "rigid_motion": "coordinates in the image",
    "sgdepth_pose": "ego-motion",
    "insta_dm_pose": "ego-motion",
}


@dataclass(frozen=True)
class FloatLayers:
    """Convolutions that keep float32.

    Attributes:
        name: of the rule, for logs.
        reason: why.
        holds: whether it is about a convolution.
    """

    name: str
    reason: str
    holds: Callable[[Node], bool]


def predicts(convolution: Node) -> bool:
    """Return whether a convolution gives predictions instead of features.

    Features have a multiple of 8 channels in all our networks, or 196; disparity, flow, pose and
    logits have 1, 2, 4, 6, 12, 19 or 20, and what is put together with them that more.
    """
    channels = int(convolution.output(0).get_partial_shape()[1].get_length())
    return channels % 8 != 0 and channels != _COARSEST


def reads_predictions(convolution: Node) -> bool:
    """Return whether a prediction reaches a convolution's input with no layer between them."""
    seen: set[str] = set()
    waiting = [convolution.input_value(0).get_node()]
    while waiting:
        node = waiting.pop()
        name = node.get_friendly_name()
        if name in seen:
            continue
        seen.add(name)
        kind = node.get_type_name()
        if kind in _CONVOLUTIONS and predicts(node):
            return True
        if kind in _CARRIERS:
            waiting += [port.get_source_output().get_node() for port in node.inputs()]
    return False


FLOAT_LAYERS = (
    FloatLayers("predictions", "256 steps would be seen in disparity, flow and logits", predicts),
    FloatLayers(
        "readers of predictions",
        "flow or disparity beside features in one input: no width of step fits both",
        reads_predictions,
    ),
)


def missing_library() -> str:
    """Return why nothing can be quantised here; empty if it can."""
    try:
        import nncf  # noqa: F401, PLC0415
    except ImportError as error:
        return f"{error}; pip install 'scene_perception[quantize]'"
    return ""


def compile_int8(
    request: Request,
    calibration: Sequence[Mapping[str, Tensor]],
    folder: Path,
    *,
    thorough: bool = True,
) -> None:
    """Write a part in int8 into ``folder``, as ``OpenVINOBackend.load`` reads it.

    Args:
        request: the part, of precision ``int8``.
        calibration: inputs of the part, made of real images; a dozen are enough.
        folder: empty.
        thorough: whether biases are corrected layer by layer, each on what the int8 layers before
            it give: half the error in flow, for twice the time. Else all at once.

    Raises:
        EngineError: without NNCF or inputs, or if the part cannot be converted.
    """
    lacking = missing_library()
    if lacking or not calibration:
        why = lacking or "there are no inputs to take ranges from; give --calibrate"
        raise EngineError(f"{request.part} cannot be made int8: {why}")
    write(request, quantized(request, calibration, thorough=thorough), folder)


def quantized(
    request: Request, calibration: Sequence[Mapping[str, Tensor]], *, thorough: bool = True
) -> openvino.Model:
    """Return a part with its convolutions of features in int8; see ``compile_int8``."""
    model = to_openvino(request)
    model.reshape({name: list(spec.shape) for name, spec in request.inputs.items()})
    if request.part in FLOAT_PARTS:
        _LOG.info("%s stays float32: %s", request.part, FLOAT_PARTS[request.part])
        return model
    kept, convolutions = list(_float_layers(model)), _convolutions(model)
    _LOG.info("%s: %d of %d convolutions stay float32", request.part, len(kept), len(convolutions))
    if len(kept) == len(convolutions):
        return model
    return _quantized(model, kept, calibration, thorough=thorough)


def _float_layers(model: openvino.Model) -> Iterator[str]:
    """Give the names of the convolutions that some rule keeps float."""
    for node in _convolutions(model):
        rule = next((rule for rule in FLOAT_LAYERS if rule.holds(node)), None)
        if rule is not None:
            _LOG.debug("%s stays float32, %s: %s", node, rule.name, rule.reason)
            yield node.get_friendly_name()


def _convolutions(model: openvino.Model) -> list[Node]:
    return [node for node in model.get_ordered_ops() if node.get_type_name() in _CONVOLUTIONS]


def _quantized(
    model: openvino.Model,
    kept: Sequence[str],
    calibration: Sequence[Mapping[str, Tensor]],
    *,
    thorough: bool,
) -> openvino.Model:
    import nncf  # noqa: PLC0415

    logging.getLogger("nncf").setLevel(logging.WARNING)  # a line for each operation else
    others = {node.get_type_name() for node in model.get_ops()} - {*_CONVOLUTIONS, "Constant"}
    examples = [{name: t.numpy() for name, t in inputs.items()} for inputs in calibration]
    return nncf.quantize(
        model,
        nncf.Dataset(examples),
        subset_size=len(examples),
        preset=nncf.QuantizationPreset.MIXED,
        fast_bias_correction=not thorough,
        ignored_scope=nncf.IgnoredScope(names=list(kept), types=sorted(others), validate=False),
    )
