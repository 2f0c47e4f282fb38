"""What TensorRT's parser stops at is told by operator and node; TensorRT itself is not needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from scene_perception.engines.onnx_tensorrt_engine import network_flags, parser_errors


@dataclass(frozen=True)
class NewError:
    """The methods of TensorRT 10's parser errors."""

    operator: str
    name: str
    reason: str

    def node(self) -> int:
        return 7

    def node_operator(self) -> str:
        return self.operator

    def node_name(self) -> str:
        return self.name

    def desc(self) -> str:
        return self.reason


class OldError:
    """Errors of parsers before names were kept."""

    def node(self) -> int:
        return 12

    def desc(self) -> str:
        return "no importer"


@dataclass(frozen=True)
class Parser:
    errors: list[object] = field(default_factory=list)

    @property
    def num_errors(self) -> int:
        return len(self.errors)

    def get_error(self, index: int) -> object:
        return self.errors[index]


def test_a_refused_node_is_named():
    parser = Parser([NewError("GridSample", "node_grid_sampler_2", "not supported")])
    assert parser_errors(parser) == "GridSample node_grid_sampler_2: not supported"


def test_every_error_is_told():
    text = parser_errors(Parser([NewError("Det", "det", "no"), OldError()]))
    assert text == "Det det: no; node 12: no importer"


def test_a_parser_that_says_nothing_is_quoted_so():
    assert parser_errors(Parser()) == "TensorRT's ONNX parser gives no reason"


def test_strong_typing_is_asked_for_where_it_is_a_choice():
    class Version10(IntEnum):
        EXPLICIT_BATCH = 0
        STRONGLY_TYPED = 1

    assert network_flags(Version10) == 2


def test_strong_typing_is_not_asked_for_where_it_is_the_rule():
    class Version11(IntEnum):
        PREFER_JIT_PYTHON_PLUGINS = 2

    assert network_flags(Version11) == 0
