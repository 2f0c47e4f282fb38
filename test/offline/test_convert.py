import importlib.util
import json

import numpy as np
import pytest
import torch

from offline.convert import main
from offline.golden import golden_weights
from scene_perception.checkpoints.omeganet import convert, load_dsnet, load_omeganet

pytestmark = pytest.mark.skipif(
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


def test_whole_checkpoint_becomes_omeganet(published, tmp_path, capsys):
    write_checkpoint(tmp_path / "omeganet", published)
    output = tmp_path / "o.safetensors"
    assert main(["omeganet", str(tmp_path / "omeganet"), str(output)]) == 0
    assert "omeganet: 381 variables read, 373 tensors written" in capsys.readouterr().out
    expected = convert(published)
    state = load_omeganet(output).state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in state.items())


def test_checkpoint_without_flow_becomes_dsnet(published, tmp_path, capsys):
    baseline = {name: a for name, a in published.items() if not name.startswith("superflow")}
    write_checkpoint(tmp_path / "dsnet", baseline)
    output = tmp_path / "d.safetensors"
    assert main(["omeganet", str(tmp_path / "dsnet"), str(output)]) == 0
    assert capsys.readouterr().out.startswith("dsnet: ")
    load_dsnet(output)


def test_partial_checkpoint_is_refused_by_name_and_nothing_is_written(repository, tmp_path, capsys):
    checkpoint = repository / "test/data/omeganet/tiny_checkpoint"
    output = tmp_path / "o.safetensors"
    assert main(["omeganet", str(checkpoint), str(output)]) == 2
    assert "conv1b/Conv/weights is missing and 298 more" in capsys.readouterr().err
    assert not output.exists()


def test_output_of_another_format_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["omeganet", str(tmp_path), str(tmp_path / "o.pth")])
    assert "must end in .safetensors" in capsys.readouterr().err
