import importlib.util
import json

import numpy as np
import pytest
import torch

from offline.convert import main
from offline.golden.stand_ins import golden_weights
from scene_perception.checkpoints import dwarf
from scene_perception.checkpoints.insta_dm import load_insta_dm
from scene_perception.checkpoints.omeganet import convert, load_dsnet, load_omeganet
from scene_perception.checkpoints.sgdepth import load_sgdepth
from scene_perception.checkpoints.weights import load_weights, sha256_of

needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None,
    reason="needs TensorFlow: pip install '.[convert]'",
)


@pytest.fixture(scope="session")
def published(repository):
    listed = json.loads((repository / "test/data/omeganet/variables.json").read_text())
    return golden_weights(listed, "HWIO")


def write_checkpoint(prefix, variables):
    """Write what TensorFlow 1's Saver writes."""
    import tensorflow

    names = sorted(variables)
    tensorflow.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[np.asarray(variables[name]) for name in names],
    )


@needs_tensorflow
def test_whole_checkpoint_becomes_omeganet(published, tmp_path, capsys):
    write_checkpoint(tmp_path / "omeganet", published)
    output = tmp_path / "o.safetensors"
    assert main(["omeganet", str(tmp_path / "omeganet"), str(output)]) == 0
    assert "omeganet: 381 variables read, 373 tensors written" in capsys.readouterr().out
    files = [tmp_path / f"omeganet.{suffix}" for suffix in ("index", "data-00000-of-00001")]
    metadata = load_weights(output)[1]
    assert (metadata["model"], metadata["source"]) == ("omeganet", "omeganet")
    assert metadata["source_sha256"] == sha256_of(*files)
    expected = convert(published)
    state = load_omeganet(output).state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in state.items())


@needs_tensorflow
def test_checkpoint_without_flow_becomes_dsnet(published, tmp_path, capsys):
    baseline = {name: a for name, a in published.items() if not name.startswith("superflow")}
    write_checkpoint(tmp_path / "dsnet", baseline)
    output = tmp_path / "d.safetensors"
    assert main(["omeganet", str(tmp_path / "dsnet"), str(output)]) == 0
    assert capsys.readouterr().out.startswith("dsnet: ")
    load_dsnet(output)


@needs_tensorflow
def test_training_checkpoint_becomes_dwarf_without_its_slots(repository, tmp_path, capsys):
    listed = json.loads((repository / "test/data/dwarf/variables.json").read_text())
    variables = golden_weights(listed, "HWIO")
    slots = {f"{name}/{slot}": a for name, a in variables.items() for slot in ("Adam", "Adam_1")}
    training = {"Variable": np.int32(12345), "beta1_power": np.float32(0.9), **slots}
    write_checkpoint(tmp_path / "model-12345", {**variables, **training})
    output = tmp_path / "d.safetensors"
    assert main(["dwarf", str(tmp_path / "model-12345"), str(output)]) == 0
    assert "dwarf: 740 variables read, 246 tensors written" in capsys.readouterr().out
    assert load_weights(output)[1]["model"] == "dwarf"
    state, expected = dwarf.load_dwarf(output).state_dict(), dwarf.convert(variables)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in state.items())


@needs_tensorflow
def test_partial_checkpoint_is_refused_by_name_and_nothing_is_written(repository, tmp_path, capsys):
    checkpoint = repository / "test/data/omeganet/tiny_checkpoint"
    output = tmp_path / "o.safetensors"
    assert main(["omeganet", str(checkpoint), str(output)]) == 2
    error = capsys.readouterr().err
    assert "307 are missing: MultiViewNetwork/feature_extractor/img_pyramid/conv1b" in error
    assert not output.exists()


@needs_tensorflow
def test_partial_dwarf_is_refused_by_name_and_nothing_is_written(repository, tmp_path, capsys):
    checkpoint = repository / "test/data/dwarf/tiny_checkpoint"
    assert main(["dwarf", str(checkpoint), str(tmp_path / "d.safetensors")]) == 2
    assert "228 are missing: dwarf/Encoder/level_2/Conv_1/weights" in capsys.readouterr().err
    assert not (tmp_path / "d.safetensors").exists()


@needs_tensorflow
def test_another_networks_checkpoint_is_refused_by_name(repository, tmp_path, capsys):
    checkpoint = repository / "test/data/dwarf/tiny_checkpoint"
    assert main(["omeganet", str(checkpoint), str(tmp_path / "o.safetensors")]) == 2
    assert "variable dwarf/Encoder/level_1/Conv/biases" in capsys.readouterr().err


@needs_tensorflow
def test_checkpoint_of_tensorflow_2_objects_is_refused_by_name(published, tmp_path, capsys):
    write_checkpoint(tmp_path / "two", {**published, "_CHECKPOINTABLE_OBJECT_GRAPH": b"graph"})
    assert main(["omeganet", str(tmp_path / "two"), str(tmp_path / "o.safetensors")]) == 2
    assert "_CHECKPOINTABLE_OBJECT_GRAPH" in capsys.readouterr().err


def test_missing_checkpoint_is_refused_without_a_traceback(tmp_path, capsys):
    assert main(["omeganet", str(tmp_path / "none"), str(tmp_path / "o.safetensors")]) == 2
    assert capsys.readouterr().err.startswith("error: checkpoint")


def test_output_of_another_format_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["omeganet", str(tmp_path), str(tmp_path / "o.pth")])
    assert "must end in .safetensors" in capsys.readouterr().err


@pytest.fixture(scope="session")
def entries(repository):
    """Published entries of SGDepth and of Insta-DM's networks, all random."""
    generator = torch.Generator().manual_seed(0)

    def filled(listed):
        return {name: torch.rand(shape, generator=generator) for name, shape in listed.items()}

    sgdepth, insta_dm = (
        json.loads((repository / f"test/data/{system}/variables.json").read_text())
        for system in ("sgdepth", "insta_dm")
    )
    return {"sgdepth": filled(sgdepth)} | {name: filled(e) for name, e in insta_dm.items()}


def test_pytorch_file_becomes_sgdepth(entries, tmp_path, capsys):
    torch.save(entries["sgdepth"], tmp_path / "model.pth")
    output = tmp_path / "s.safetensors"
    assert main(["sgdepth", str(tmp_path / "model.pth"), str(output)]) == 0
    assert "296 variables read, 296 tensors written, from model.pth" in capsys.readouterr().out
    metadata = load_weights(output)[1]
    assert (metadata["model"], metadata["source"]) == ("sgdepth", "model.pth")
    assert metadata["source_sha256"] == sha256_of(tmp_path / "model.pth")
    bias = load_sgdepth(output).get_parameter("scene.segmentation.prediction.conv.bias")
    assert torch.equal(bias, entries["sgdepth"]["seg.multires.convs.0.bias"])


def test_folder_of_three_files_becomes_insta_dm(entries, tmp_path, capsys):
    for network in ("dispnet", "ego_pose", "obj_pose"):
        checkpoint = {"epoch": 7, "state_dict": entries[network], "optimizer": {"lr": 1e-4}}
        torch.save(checkpoint, tmp_path / f"{network}_model_best.pth.tar")
    output = tmp_path / "out" / "i.safetensors"
    assert main(["insta_dm", str(tmp_path), str(output)]) == 0
    assert "insta_dm: 411 variables read, 405 tensors written" in capsys.readouterr().out
    assert load_weights(output)[1]["source"] == "dispnet_model_best.pth.tar"
    assert load_insta_dm(output).parts().keys() == {"insta_dm", "insta_dm_pose"}


def test_depth_network_alone_becomes_insta_dm_without_poses(entries, tmp_path, capsys):
    parallel = {f"module.{name}": tensor for name, tensor in entries["dispnet"].items()}
    torch.save({"epoch": 7, "state_dict": parallel}, tmp_path / "resnet18_disp_kt.tar")
    output = tmp_path / "i.safetensors"
    assert main(["insta_dm", str(tmp_path / "resnet18_disp_kt.tar"), str(output)]) == 0
    assert "149 tensors written, from resnet18_disp_kt.tar" in capsys.readouterr().out
    assert load_insta_dm(output).parts().keys() == {"insta_dm"}


@pytest.mark.parametrize(
    ("model", "given", "reason"),
    [
        ("sgdepth", "dispnet", "those of SGDepth, got those of Insta-DM's dispnet"),
        ("insta_dm", "sgdepth", "those of Insta-DM's dispnet, got those of SGDepth"),
        ("insta_dm", "obj_pose", "those of Insta-DM's dispnet, got those of Insta-DM's ego_pose"),
    ],
)
def test_pytorch_file_of_another_network_is_refused_by_name(
    entries, tmp_path, capsys, model, given, reason
):
    torch.save({"state_dict": entries[given]}, tmp_path / "model.pth")
    output = tmp_path / "o.safetensors"
    assert main([model, str(tmp_path / "model.pth"), str(output)]) == 2
    assert reason in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize("model", ["sgdepth", "insta_dm"])
def test_tensorflow_checkpoint_is_refused_where_pytorch_is_wanted(
    repository, tmp_path, capsys, model
):
    checkpoint = repository / "test/data/dwarf/tiny_checkpoint"
    assert main([model, str(checkpoint), str(tmp_path / "o.safetensors")]) == 2
    assert "this is one of TensorFlow; convert it as omeganet or dwarf" in capsys.readouterr().err
