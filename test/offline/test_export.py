"""What is exported is what a node looks for."""

import pytest
import torch

from offline.export import main
from scene_perception.checkpoints.weights import save_weights
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import load_mono_engines
from scene_perception.engines.random_weights import random_omeganet

SMALL = {"height": 128, "width": 128}
SIZE = ("--height", "128", "--width", "128")


@pytest.fixture(scope="module")
def dsnet_weights(tmp_path_factory):
    """A file of DSNet alone: one part."""
    path = tmp_path_factory.mktemp("weights") / "dsnet.safetensors"
    state = random_omeganet().dsnet.state_dict()
    named = {f"dsnet.{name}": tensor for name, tensor in state.items()}
    save_weights(path, named, {"model": "dsnet", "source": "test"})
    return path


@pytest.fixture
def export(dsnet_weights, tmp_path, capsys):
    """Export DSNet; return the status, and what was printed."""

    def export(*arguments):
        weights = ("--weights", str(dsnet_weights), *SIZE, "--cache", str(tmp_path / "cache"))
        status = main(["omeganet", *weights, *arguments])
        return status, capsys.readouterr()

    return export


def test_after_an_export_the_node_compiles_nothing(export, dsnet_weights, tmp_path, monkeypatch):
    openvino = pytest.importorskip("scene_perception.engines.openvino_engine")
    pytest.importorskip("openvino", reason="needs OpenVINO")
    status, printed = export("--backend", "openvino")
    assert status == 0, printed.err
    row = next(line for line in printed.out.splitlines() if line.startswith("dsnet  "))
    assert "openvino float32" in row
    assert " in " in row
    assert row.endswith(" may") or row.endswith("typically (1e-04 allowed)")

    def compile(self, request, folder):
        raise AssertionError(f"{request.part} is compiled again")

    def reference(*arguments):
        raise AssertionError("the gate runs again")

    monkeypatch.setattr(openvino.OpenVINOBackend, "compile", compile)
    monkeypatch.setattr("scene_perception.engines.build.samples", reference)
    config = NetworkConfig(
        weights=str(dsnet_weights), backend="openvino", cache_dir=str(tmp_path / "cache"), **SMALL
    )
    loaded = load_mono_engines(config)
    assert (loaded.backend, loaded.warnings) == ("openvino", ())
    image = torch.rand(1, 3, 128, 128)
    assert loaded.engines["dsnet"](image=image)["inverse_depth"].isfinite().all()

    status, printed = export("--backend", "openvino")
    row = next(line for line in printed.out.splitlines() if line.startswith("dsnet  "))
    assert "before" in row


def test_int8_without_images_says_what_to_give(export):
    pytest.importorskip("openvino", reason="needs OpenVINO")
    status, printed = export("--backend", "openvino", "--precision", "int8")
    assert status == 2
    assert "--calibrate" in printed.err


def test_eager_pytorch_needs_no_files(export, tmp_path):
    status, printed = export("--backend", "torch")
    assert status == 0
    assert "nothing to keep" in printed.out
    assert list(EngineCache(tmp_path / "cache").entries()) == []


def test_what_is_kept_is_listed_and_pruned(tmp_path, capsys):
    EngineCache(tmp_path).folder({"part": "dsnet", "sources": "old"}, lambda folder: None)
    assert main(["--list", "--cache", str(tmp_path)]) == 0
    assert "1 entries" in capsys.readouterr().out
    assert main(["--prune", "--list", "--cache", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "1 entries removed" in printed
    assert "0 entries" in printed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give a MODEL to build, or --list or --prune"),
        (["omeganet", "--random-weights", "--calibrate"], "--calibrate is for --precision int8"),
        (["abacus"], "invalid choice"),
    ],
)
def test_options_that_do_not_fit_are_refused(arguments, told, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert told in capsys.readouterr().err


def test_weights_that_are_not_there_are_named(tmp_path, capsys):
    weights = str(tmp_path / "none.safetensors")
    assert main(["sgdepth", "--weights", weights, "--cache", str(tmp_path)]) == 2
    assert "none.safetensors" in capsys.readouterr().err
