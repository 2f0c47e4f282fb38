"""What happened while engines were built is told once for all parts."""

from __future__ import annotations

from scene_perception.engines.build_journal import BuildJournal
from scene_perception.engines.checked import Obstacle
from scene_perception.engines.fastest import Chosen

ABSENT = Obstacle("no library", alarming=False, lasts=True)
WRONG = Obstacle("wrong numbers", alarming=True, lasts=True)


def journal() -> BuildJournal:
    built = BuildJournal()
    obstacles = {"openvino": WRONG, "onnxruntime": ABSENT}
    built.add("dsnet", Chosen("torch", None, {"torch": 12.34}, obstacles))
    built.add("flow_encoder", Chosen("openvino", None, {}, {"onnxruntime": ABSENT}))
    built.taken = {"dsnet": "torch", "flow_encoder": "openvino"}
    return built


def test_a_reason_that_holds_for_every_part_names_none() -> None:
    assert journal().notes == ("onnxruntime passed over: no library", "dsnet: torch 12.3 ms")


def test_a_reason_that_holds_for_some_parts_names_them() -> None:
    assert journal().warnings == ("openvino passed over for dsnet: wrong numbers",)


def test_several_backends_are_named_with_their_parts() -> None:
    built = journal()
    assert built.backend == "torch (dsnet), openvino (flow_encoder)"
    built.taken["dsnet"] = "openvino"
    assert built.backend == "openvino"


def test_the_reasons_of_one_part_name_the_backends() -> None:
    assert journal().reasons("dsnet") == ["openvino: wrong numbers", "onnxruntime: no library"]
