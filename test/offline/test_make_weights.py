import pytest

from offline.make_weights import PLANS, main
from offline.publish import CARD
from offline.training.config import read_config
from scene_perception.checkpoints.weights import load_weights

_TINY = (
    *("height=128", "width=128", "batch_size=1", "steps=2", "workers=0", "pictures_every=0"),
    *("schedule.warmup_steps=0", "validation.every=0", "data.0.world.height=128"),
    *("data.0.world.width=128", "data.0.world.solids=20", "data.1.weight=0"),
)


@pytest.fixture
def make(tmp_path, repository, monkeypatch):
    monkeypatch.chdir(repository)
    folders = ["--runs", str(tmp_path / "runs"), "--output", str(tmp_path / "weights")]
    measure = ["--triplets", "900000-900000@128x128", "--limit", "1"]

    def call(*arguments):
        return main([*_TINY, "--models", "dwarf", *folders, *measure, *arguments])

    return call


def test_slices_end_in_published_weights_and_a_card_of_all_of_them(make, tmp_path, capsys):
    assert make("--slice-minutes", "0.005") == 0
    assert "dwarf: step 1 of 2" in capsys.readouterr().out
    assert make() == 0
    folder = tmp_path / "weights" / "dwarf"
    assert load_weights(folder)[1]["model"] == "dwarf"
    assert all(file.stat().st_size < 15 << 20 for file in folder.iterdir())
    card = (folder / CARD).read_text()
    assert "in 2 slices" in card
    assert "**scene_flow**" in card
    assert str(tmp_path) not in card


def test_parts_of_every_plan_are_trained_by_files_that_exist(repository):
    for plan in PLANS.values():
        for network in plan.networks:
            assert not network.runs[0].prefix
            for run in network.runs:
                config = read_config(repository / "config" / "train" / run.config)
                assert config.settings.network == network.model
                folders = {data.folder for data in config.data if data.source == "shards"}
                assert folders <= {str(worlds.folder) for worlds in plan.worlds}


def test_what_is_published_is_left_alone(make, tmp_path, capsys):
    card = tmp_path / "weights" / "dwarf" / CARD
    card.parent.mkdir(parents=True)
    card.touch()
    assert make() == 0
    assert "is published; --again makes it anew" in capsys.readouterr().out
    assert not (tmp_path / "runs").exists()
