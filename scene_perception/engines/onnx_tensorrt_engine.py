"""TensorRT through an ONNX file: for machines that have ``tensorrt`` and no torch_tensorrt.

JetPack brings TensorRT 10 with its Python bindings; servers may have 11, whose networks are
always strongly typed. The module is cast before it is exported, so both build the same.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scene_perception.engines.backends import EngineError, Request, torch_versions
from scene_perception.engines.base import Engine
from scene_perception.engines.casting import in_half
from scene_perception.engines.exported import without_bytes
from scene_perception.engines.gpu import gpu_versions, missing_precision
from scene_perception.engines.onnx_export import missing_onnx, to_onnx
from scene_perception.engines.tensorrt_engine import WORKSPACE, fused_request, type_names
from scene_perception.engines.tensorrt_runtime import (
    Layout,
    load_engine,
    missing_tensorrt,
    write_engine,
)


class OnnxTensorRTBackend:
    """Engines that TensorRT's ONNX parser and builder make.

    Args:
        workspace: bytes that a layer may use while it runs.
    """

    name = "onnx-tensorrt"
    keeps_files = True

    def __init__(self, workspace: int = WORKSPACE) -> None:
        self._workspace = workspace

    def missing(self, request: Request) -> str:
        """Return why it cannot run ``request`` here; empty if it can."""
        return missing_tensorrt(request) or missing_precision(request)

    def versions(self) -> dict[str, str]:
        """Return the libraries and the GPU that an engine is bound to."""
        import tensorrt  # noqa: PLC0415 (optional)

        return {**torch_versions(), "tensorrt": str(tensorrt.__version__), **gpu_versions()}

    def compile(self, request: Request, folder: Path) -> None:
        """Build the engine; minutes on a Jetson.

        Raises:
            EngineError: if a library is missing, or TensorRT refuses the network; the message
                names the ONNX nodes that it stopped at.
        """
        absent = self.missing(request) or missing_onnx()
        if absent:
            raise EngineError(f"{request.part} cannot be built by onnx-tensorrt: {absent}")
        wide = without_bytes(in_half(fused_request(request)))
        with TemporaryDirectory(dir=folder) as scratch:
            path = Path(scratch) / "part.onnx"
            to_onnx(wide.request, path)
            try:
                plan = self._built(path, exact=request.precision == "float32")
            except Exception as error:
                text = f"{request.part} cannot be built by onnx-tensorrt: {error}"
                raise EngineError(text) from error
        names = {name: name for name in request.inputs}
        outputs = {name: name for name in wide.outputs}
        write_engine(folder, plan, Layout(names, outputs, type_names(wide.outputs)))

    def load(self, request: Request, folder: Path) -> Engine:
        """Return the engine that ``compile`` wrote.

        Raises:
            EngineError: if TensorRT refuses it.
        """
        return load_engine(request, folder)

    def _built(self, path: Path, *, exact: bool) -> bytes:
        import tensorrt as trt  # noqa: PLC0415 (optional)

        logger = trt.Logger(trt.Logger.WARNING)
        builder = trt.Builder(logger)
        network = builder.create_network(network_flags(trt.NetworkDefinitionCreationFlag))
        parser = trt.OnnxParser(network, logger)
        # By path, so that weights beside the file are found.
        if not parser.parse_from_file(str(path)):
            raise EngineError(parser_errors(parser))
        config = builder.create_builder_config()
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, self._workspace)
        if exact:
            config.clear_flag(trt.BuilderFlag.TF32)
        plan = builder.build_serialized_network(network, config)
        if plan is None:
            raise EngineError("TensorRT found no way to run the network; its log says where")
        return bytes(plan)


def network_flags(flags: Any) -> int:  # noqa: ANN401 (an enumeration of TensorRT's)
    """Return how a network is created with the graph's own types: a flag in 10, the rule in 11."""
    strong = getattr(flags, "STRONGLY_TYPED", None)
    return 0 if strong is None else 1 << int(strong)


def parser_errors(parser: Any) -> str:  # noqa: ANN401 (TensorRT's parser)
    """Return what the ONNX parser stopped at: operator and node by name, and why."""
    errors = [parser.get_error(index) for index in range(parser.num_errors)]
    if not errors:
        return "TensorRT's ONNX parser gives no reason"
    return "; ".join(f"{_node(error)}: {error.desc()}" for error in errors)


def _node(error: Any) -> str:  # noqa: ANN401 (TensorRT's error)
    """Return the node of an error; older parsers know its number only."""
    if hasattr(error, "node_name") and error.node_name():
        return f"{error.node_operator()} {error.node_name()}"
    return f"node {error.node()}"
