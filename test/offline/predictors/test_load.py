from __future__ import annotations

import numpy as np
import pytest

from offline.golden.stand_ins import golden_image
from offline.predictors.load import MODELS, load_predictor
from scene_perception.checkpoints.weights import save_weights
from scene_perception.engines.random_weights import random_omeganet


@pytest.fixture(scope="module")
def network():
    return random_omeganet(seed=3)


def test_a_complete_checkpoint_does_every_task(tmp_path, network):
    path = tmp_path / "omeganet.safetensors"
    save_weights(path, network.state_dict(), {"model": "omeganet"})
    predictor = load_predictor("omeganet", str(path), height=128, width=128, device="cpu")
    assert predictor.model == "omeganet"
    assert set(predictor.roles) == {"depth", "semantics", "flow", "motion", "pose"}


def test_weights_of_dsnet_alone_do_what_they_can(tmp_path, network):
    path = tmp_path / "dsnet.safetensors"
    state = {f"dsnet.{name}": tensor for name, tensor in network.dsnet.state_dict().items()}
    save_weights(path, state, {"model": "dsnet"})
    predictor = load_predictor("omeganet", str(path), height=128, width=128, device="cpu")
    assert predictor.model == "dsnet"
    assert set(predictor.roles) == {"depth", "semantics"}


def test_weights_of_another_model_are_named_beside_the_one_asked_for(tmp_path):
    path = tmp_path / "other.safetensors"
    save_weights(path, {}, {"model": "omeganet"})
    with pytest.raises(ValueError, match=r"weights of dwarf must be of dwarf, .*holds omeganet"):
        load_predictor("dwarf", str(path))


@pytest.mark.parametrize("model", [name for name, entry in MODELS.items() if entry.models])
def test_random_weights_see_it_run(model):
    predictor = load_predictor(model, "", random_weights=True, height=128, width=128, device="cpu")
    task, roles = next(iter(predictor.roles.items()))
    image = golden_image(10, 120, 126)
    outputs = predictor(task, dict.fromkeys(roles, image))
    assert all(np.isfinite(array).all() for array in outputs.values())


def test_the_published_sizes_are_the_defaults():
    sizes = {name: (entry.height, entry.width) for name, entry in MODELS.items() if entry.models}
    published = {
        "omeganet": (192, 640),
        "dwarf": (384, 1280),
        "sgdepth": (192, 640),
        "insta_dm": (256, 832),
    }
    assert sizes == {name: published[name] for name in sizes}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "sgdepth"}, "weights must name a .safetensors file, got an empty path"),
        ({"weights": "w", "random_weights": True}, "must be empty with --random-weights, got w"),
        ({"model": "monodepth"}, "model must be one of omeganet, dwarf"),
        ({"random_weights": True, "width": 100}, "width must be >= 128, got 100"),
        ({"random_weights": True, "script": "train"}, "script must be one of test, single"),
        ({"random_weights": True, "fit": "crop"}, "fit must be one of auto, pad, resize"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        load_predictor(**{"model": "omeganet", "weights": "", **options})


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.safetensors do not exist"):
        load_predictor("omeganet", "nowhere.safetensors")
