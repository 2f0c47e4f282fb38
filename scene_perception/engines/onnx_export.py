"""A network as an ONNX file, for backends that read those and for whoever wants one."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import torch
from torch import nn
from torch.export import ExportedProgram
from torch.onnx import ONNXProgram

from scene_perception.engines.backends import EngineError, Request
from scene_perception.engines.exported import example_inputs, export_graph, output_names

# The newest that torch writes without converting and TensorRT 10.3 (opsets 9 to 20) reads.
OPSET = 18
# A file is one protobuf message, which cannot be larger than 2 GiB.
_LARGEST_MESSAGE = 2**31 - 2**24
_LIBRARIES = ("onnx", "onnxscript")


def missing_onnx() -> str:
    """Return which library the export lacks here; empty if none."""
    absent = [name for name in _LIBRARIES if find_spec(name) is None]
    return f"{' and '.join(absent)} not installed: pip install {' '.join(absent)}" if absent else ""


def to_onnx(request: Request, path: Path, graph: ExportedProgram | None = None) -> None:
    """Write ``request.module`` at the shapes of ``request.inputs`` to ``path``.

    Inputs and outputs keep their names and order; the opset is ``OPSET``. The module is written
    with the numbers that it has: ``request.precision`` is not looked at. Weights are in the file,
    beside it (``path`` with ``.data`` after it) only where the file would be too large.

    Args:
        request: what is exported.
        path: of the file.
        graph: of ``exported.export_graph``, where somebody has traced the module already.

    Raises:
        EngineError: if a library is missing, or the module cannot be exported.
    """
    absent = missing_onnx()
    if absent:
        raise EngineError(f"{request.part} cannot be exported to ONNX: {absent}")
    try:
        program = _converted(request, graph or export_graph(request))
        program.save(path, external_data=_bytes(request.module) > _LARGEST_MESSAGE)
        _check(path)
    except EngineError:
        raise
    except Exception as error:
        raise EngineError(f"{request.part} cannot be exported to ONNX: {error}") from error


def _converted(request: Request, graph: ExportedProgram) -> ONNXProgram:
    names = output_names(graph)
    with _quiet():
        program = torch.onnx.export(
            graph,
            (),
            kwargs=example_inputs(request),
            input_names=list(request.inputs),
            output_names=list(names),
            opset_version=OPSET,
            dynamo=True,
            optimize=False,
            verbose=False,
        )
    if program is None:
        raise EngineError(f"{request.part} cannot be exported to ONNX: torch gave no program")
    _simplify(program)
    _forget_places(program)
    return program


def _simplify(program: ONNXProgram) -> None:
    """Compute what is constant, drop what is not used, share what is computed twice.

    The exporter's own optimiser does that and tries hundreds of patterns on every node, for
    minutes on a decoder; the backends look for such patterns themselves.
    """
    from onnx_ir.passes import common  # noqa: PLC0415 (optional)
    from onnxscript.optimizer import fold_constants  # noqa: PLC0415 (optional)

    common.InlinePass()(program.model)
    fold_constants(program.model)
    common.RemoveUnusedNodesPass()(program.model)
    common.LiftConstantsToInitializersPass(lift_all_constants=False)(program.model)
    common.CommonSubexpressionEliminationPass()(program.model)
    common.RemoveUnusedNodesPass()(program.model)


def _forget_places(program: ONNXProgram) -> None:
    """Drop each node's stack trace: paths of this machine, and half of a small file."""
    for node in program.model.graph:
        node.metadata_props.clear()


def _check(path: Path) -> None:
    from onnx import checker  # noqa: PLC0415 (optional)

    checker.check_model(str(path), full_check=True)


def _bytes(module: nn.Module) -> int:
    tensors = chain(module.parameters(), module.buffers())
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what the exporter says about libraries and interfaces that nobody asked for."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
