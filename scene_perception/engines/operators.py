"""Which operators TensorRT's two ways in support, kept as data: ``operators.json`` beside this.

Both lists are those of the oldest version that is to be covered, so that a graph within them
goes everywhere. What is known to give wrong numbers is not in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

_TABLE = Path(__file__).with_name("operators.json")
# ONNX's element types by number, as TensorRT's list calls them.
_TYPES = {1: "FP32", 2: "UINT8", 6: "INT32", 7: "INT64", 9: "BOOL", 10: "FP16", 16: "BF16"}
# Inputs whose type the list speaks of, where it is not the first.
_TYPED_INPUT = {"Where": 1}


@lru_cache(maxsize=1)
def supported() -> Mapping[str, Any]:
    """Return the table: under ``onnx`` and ``torch`` what is supported, by whom, and the source."""
    table: Mapping[str, Any] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return table


def unsupported_onnx(path: Path) -> list[str]:
    """Return what TensorRT's ONNX parser does not take, as ``operator(type)``, each once.

    Args:
        path: of a file with the types of its values, as ``onnx_export.to_onnx`` writes it.
    """
    import onnx  # noqa: PLC0415 (optional)

    graph = onnx.shape_inference.infer_shapes(onnx.load(path)).graph
    types = {value.name: value.type.tensor_type.elem_type for value in graph.value_info}
    types |= {value.name: value.type.tensor_type.elem_type for value in graph.input}
    types |= {constant.name: constant.data_type for constant in graph.initializer}
    operators = supported()["onnx"]["operators"]
    found = []
    for node in graph.node:
        name = node.op_type if not node.domain else f"{node.domain}.{node.op_type}"
        index = _TYPED_INPUT.get(name, 0)
        kind = types.get(node.input[index], 0) if len(node.input) > index else 0
        text = _TYPES.get(kind, f"type {kind}")
        # The table says nothing about types of what has no tensor of its own to compute with.
        known = not kind or not operators.get(name) or text in operators[name]
        if name not in operators or not known:
            found.append(f"{name}({text})" if name in operators else name)
    return list(dict.fromkeys(found))


def unsupported_torch(program: ExportedProgram) -> list[str]:
    """Return what torch_tensorrt has no converter for, each operator once.

    Types that it rejects count as well: no converter gives ``uint8``.
    """
    table = supported()["torch"]
    known = {*table["converted"], *table["lowered"]}
    lowered = program.run_decompositions(_decompositions(table))
    found = []
    for node in lowered.graph.nodes:
        if node.op != "call_function":
            continue
        name = _name(node.target)
        if name not in known:
            found.append(name)
        elif torch.uint8 in (*node.args, *node.kwargs.values()):
            found.append(f"{name}(uint8)")
    return list(dict.fromkeys(found))


def _decompositions(table: Mapping[str, Any]) -> dict[Any, Any]:
    """Return what torch_tensorrt takes apart: its own list, and composites but for some."""
    listed, kept = set(table["decomposed"]), set(table["kept_whole"])
    return {
        operator: rule
        for operator, rule in _known_decompositions()
        if isinstance(operator, torch._ops.OpOverload)
        and str(operator) not in kept
        and (_is_composite(operator) or listed & {str(operator), str(operator.overloadpacket)})
    }


def _known_decompositions() -> Iterator[tuple[Any, Any]]:
    yield from torch._decomp.decomposition_table.items()
    table: Any = torch.export.default_decompositions()
    yield from table.items()


def _is_composite(operator: Any) -> bool:  # noqa: ANN401 (PyTorch has no public type for it)
    key = torch._C.DispatchKey.CompositeImplicitAutograd
    return bool(torch._C._dispatch_has_kernel_for_dispatch_key(operator.name(), key))


def _name(target: Any) -> str:  # noqa: ANN401
    return str(target) if isinstance(target, torch._ops.OpOverload) else target.__name__
