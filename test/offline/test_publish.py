import pytest
import torch

from offline.publish import CARD, main
from offline.training.checkpoint import BEST, CONFIG, LAST
from offline.training.config import config_text, default_config
from scene_perception.checkpoints.weights import load_weights, save_weights


@pytest.fixture
def run(tmp_path):
    def make(name, value, file=LAST):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        state = {"dsnet.w": torch.full((4,), value), "flow.w": torch.full((2,), value)}
        save_weights(folder / file, state, {"model": "omeganet"})
        (folder / CONFIG).write_text(config_text(default_config("supervised")))
        return folder

    return make


@pytest.fixture
def publish(tmp_path):
    (tmp_path / "notes.md").write_text("## Licence\n\nApache-2.0")

    def call(*arguments):
        named = ["--notes", str(tmp_path / "notes.md"), "--output", str(tmp_path / "out")]
        return main(["omeganet", *map(str, arguments), *named])

    return call


def test_weights_are_published_in_half_precision_with_their_card(run, publish, tmp_path):
    assert publish(run("a", 1.5)) == 0
    state, metadata = load_weights(tmp_path / "out")
    assert metadata["model"] == "omeganet"
    assert torch.equal(state["dsnet.w"], torch.full((4,), 1.5))
    card = (tmp_path / "out" / CARD).read_text()
    assert "| recipe | supervised |" in card
    assert "Apache-2.0" in card
    assert str(tmp_path) not in card


def test_best_weights_are_preferred_to_the_last(run, publish, tmp_path):
    run("a", 1.0)
    assert publish(run("a", 2.0, BEST)) == 0
    assert load_weights(tmp_path / "out")[0]["flow.w"][0] == 2


def test_parts_come_from_runs_of_their_own(run, publish, tmp_path):
    assert publish(run("a", 1.0), "--take", f"dsnet={run('b', 2.0)}") == 0
    state, _ = load_weights(tmp_path / "out")
    assert (state["dsnet.w"][0], state["flow.w"][0]) == (2, 1)


def test_folder_that_is_no_run_is_refused(publish, tmp_path, capsys):
    assert publish(tmp_path) == 2
    assert "must be a run of offline.train" in capsys.readouterr().err


def test_weights_of_another_model_are_refused(run, publish, capsys):
    folder = run("a", 1.0)
    save_weights(folder / BEST, {"w": torch.ones(1)}, {"model": "dwarf"})
    assert publish(folder) == 2
    assert "must hold omeganet, it holds dwarf" in capsys.readouterr().err
