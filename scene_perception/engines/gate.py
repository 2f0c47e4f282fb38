"""The gate: an engine runs only if it gives eager float32 PyTorch's numbers.

Every part gets what it would get in the chain of parts, computed by eager PyTorch: an engine is
not blamed for its predecessors, and errors do not grow from part to part before they are seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scene_perception.engines.base import Engine, TensorSpec
from scene_perception.engines.frames import random_frames, real_looking_frames
from scene_perception.engines.tolerances import TOLERANCES, compare
from scene_perception.frame import UNKNOWN_LABEL
from scene_perception.models.omeganet import ROLES

Parts = Mapping[str, nn.Module]
Specs = Mapping[str, Mapping[str, TensorSpec]]
_IMAGE, _PAIR, _CURRENT = "image", "images", "current"


@dataclass(frozen=True)
class Check:
    """What came of a comparison.

    Attributes:
        passed: whether everything is within its tolerance.
        worst: largest error of any number, relative to its output's range.
        text: for people: the output that is furthest from what it may be.
    """

    passed: bool
    worst: float
    text: str


@dataclass(frozen=True, eq=False)
class Sample:
    """What a part is given, and what eager float32 PyTorch makes of it."""

    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]


def check(
    part: str,
    engine: Engine,
    outputs: Mapping[str, Tensor],
    inputs: Mapping[str, Tensor],
    precision: str,
) -> Check:
    """Compare what ``engine`` makes of ``inputs`` with eager float32 PyTorch's ``outputs``.

    Args:
        part: for the text.
        engine: to be checked.
        outputs: that it should give.
        inputs: of the part.
        precision: the engine's, which decides on the tolerance.
    """
    with exact_float32():
        given = {name: tensor.cpu() for name, tensor in engine(**inputs).items()}
    if given.keys() != outputs.keys():
        text = f"{part} gives {', '.join(given)} where {', '.join(outputs)} was expected"
        return Check(False, math.inf, text)
    limit = TOLERANCES[precision]
    found = [
        compare(f"{part}'s {name}", given[name], expected.cpu(), limit)
        for name, expected in outputs.items()
    ]
    furthest = max(found, key=lambda comparison: comparison.excess)
    worst = max(comparison.worst for comparison in found)
    return Check(furthest.excess <= 1, worst, furthest.text)


def samples(parts: Parts, specs: Specs, device: str = "cpu") -> dict[str, tuple[Sample, ...]]:
    """Return what each part is checked on: noise first, then the drawn street.

    Args:
        parts: in the order in which they run, in evaluation mode, on ``device``.
        specs: name and specification of every part's inputs.
        device: where the modules are.
    """
    chains = [
        reference(parts, specs, _frames(specs, draw), device)
        for draw in (random_frames, real_looking_frames)
    ]
    return {part: tuple(chain[part] for chain in chains) for part in parts}


def reference_inputs(
    parts: Parts, specs: Specs, frames: Sequence[Tensor]
) -> dict[str, dict[str, Tensor]]:
    """Return what each part is given for the middle one of three consecutive frames.

    Args:
        parts: in the order in which they run, in evaluation mode, on the CPU.
        specs: name and specification of every part's inputs.
        frames: RGB in 0..1, oldest first. # (1, 3, H, W), two cameras' (2, 3, H, W)
    """
    return {part: dict(it.inputs) for part, it in reference(parts, specs, frames).items()}


def reference(
    parts: Parts, specs: Specs, frames: Sequence[Tensor], device: str = "cpu"
) -> dict[str, Sample]:
    """Run the parts one after the other in eager float32 PyTorch; see ``reference_inputs``.

    What takes an image alone runs on every frame, and others know its outputs by the frame's
    role (``..._previous``, ``..._current``, ``..._next``). The rest runs once, on what was given
    until then. What nobody gives is made up: unknown labels, a usual camera, otherwise noise.
    """
    encoders = {part: parts[part] for part in parts if set(specs[part]) <= {_IMAGE, _PAIR}}
    found: dict[str, Sample] = {}
    known: dict[str, Tensor] = {}
    with torch.inference_mode(), exact_float32():
        for role, frame in zip(ROLES, frames, strict=True):
            images = {_IMAGE: frame[:1], _PAIR: frame}
            seen = {part: _run(encoders[part], specs[part], images, device) for part in encoders}
            given = {name: tensor for it in seen.values() for name, tensor in it.outputs.items()}
            known |= {f"{name}_{role}": tensor for name, tensor in {**images, **given}.items()}
            if role == _CURRENT:
                found |= seen
                known |= given
        for part in parts:
            if part not in found:
                found[part] = _run(parts[part], specs[part], known, device)
                known |= found[part].outputs
    return {part: found[part] for part in parts}


@contextmanager
def exact_float32() -> Iterator[None]:
    """Run CUDA's matrix products and convolutions without TF32 inside: it has 10 bits."""
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    kept = products.allow_tf32, convolutions.allow_tf32
    products.allow_tf32 = convolutions.allow_tf32 = False
    try:
        yield
    finally:
        products.allow_tf32, convolutions.allow_tf32 = kept


def _run(
    module: nn.Module, specs: Mapping[str, TensorSpec], known: Mapping[str, Tensor], device: str
) -> Sample:
    inputs = {
        name: known[name] if name in known else _made_up(name, spec) for name, spec in specs.items()
    }
    result = module(**{name: tensor.to(device) for name, tensor in inputs.items()})
    return Sample(inputs, {name: tensor.clone() for name, tensor in result._asdict().items()})


def _frames(specs: Specs, draw: Callable[..., tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    """Return three frames of the size and number of cameras that the parts take."""
    for inputs in specs.values():
        for name, spec in inputs.items():
            if name in (_IMAGE, _PAIR) or name.startswith(f"{_IMAGE}_"):
                height, width = spec.shape[-2:]
                return draw(height, width, stereo=name == _PAIR)
    return draw(8, 8)


def _made_up(name: str, spec: TensorSpec) -> Tensor:
    if name.startswith("labels"):
        return torch.full(spec.shape, UNKNOWN_LABEL, dtype=spec.dtype)
    if name == "intrinsics":
        camera = torch.tensor([[370.0, 0, 320], [0, 370.0, 96], [0, 0, 1]])
        return camera.expand(spec.shape).to(spec.dtype)
    generator = torch.Generator().manual_seed(0)
    return torch.rand(spec.shape, generator=generator).to(spec.dtype)
