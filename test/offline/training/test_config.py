"""A configuration says everything, and what it says wrongly is refused by name."""

import dataclasses
from pathlib import Path

import pytest

from offline.train import main
from offline.training.config import (
    SyntheticData,
    TrainConfig,
    config_of,
    config_text,
    default_config,
    read_config,
)
from offline.training.registry import RECIPES
from offline.training.yaml_settings import described, parse_yaml


def mapping(recipe="supervised"):
    return parse_yaml(config_text(default_config(recipe)), "defaults")


FOLDER = Path(__file__).parents[3] / "config" / "train"
FILES = sorted(FOLDER.glob("*.yaml"))
ALL_FILES = [*FILES, *sorted(FOLDER.glob("*/*.yaml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_is_called_after_its_recipe(path):
    assert path.stem.startswith(read_config(path).recipe)


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_file_says_every_setting_in_its_present_words(path):
    text = path.read_text()
    assert text.endswith(config_text(read_config(path)))


def test_every_recipe_has_a_file():
    assert {path.stem for path in FILES} >= set(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_is_printed_is_what_is_read(recipe):
    assert config_of(mapping(recipe)) == default_config(recipe)


def test_every_setting_says_what_it_means():
    for kind in (TrainConfig, SyntheticData):
        told = described(kind)
        for field in dataclasses.fields(kind):
            default = field.default_factory is not dataclasses.MISSING
            assert told.get(field.name) or default or field.name in ("settings", "data")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("steps=-1", "steps must be >= 1, got -1"),
        ("steps=many", "steps must be a whole number, got 'many'"),
        ("steps=1.5", "steps must be a whole number, got 1.5"),
        ("height=200", "height must be a multiple of 64, got 200"),
        ("optimizer.learning_rate=true", "optimizer.learning_rate must be a number, got True"),
        ("optimizer.name=sgd", "optimizer.name must be one of adam, adamw, got 'sgd'"),
        ("data.0.seeds=7", "data.0.seeds must be text, got 7"),
        ("data.0.source=camera", "data.0.source must be one of synthetic, shards, dataset"),
        ("data.0.world.mode=sea", "data.0.world.mode must be one of street, things"),
        ("data.0.world.focal=[1.0]", "data.0.world.focal must be a list of 2"),
        ("data=[]", "data must have a source with a weight > 0"),
        ("data.0.weight=0", "data must have a source with a weight > 0"),
        ("settings.network=resnet", "settings.network must be one of omeganet, dwarf"),
        ("recipe=cooking", "recipe must be one of supervised"),
        ("schedule.warmup_steps=100000", "schedule.warmup_steps must be below steps"),
        ("validation.tasks=[depth, smell]", "validation.tasks must be one of depth"),
        ("optimizer=fast", "optimizer must be a mapping of name"),
        ("speed=3", "there is no 'speed'"),
        ("data.1.weight=3", "there is no '1', only 0"),
        ("steps", "override must be SETTING=VALUE"),
        ("steps=[1", "value of steps must be YAML"),
    ],
)
def test_a_wrong_value_is_refused_by_name(override, message, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(config_text(default_config("supervised")))
    with pytest.raises(ValueError) as told:  # noqa: PT011  # the message is looked at
        read_config(path, [override])
    assert message in str(told.value)
    assert str(path) in str(told.value)


def test_an_override_takes_the_place_of_the_files_value(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(config_text(default_config("supervised")))
    config = read_config(path, ["optimizer.learning_rate=1e-5", "data.0.world.mode=things"])
    assert config.optimizer.learning_rate == 1e-5
    assert config.data[0].world.mode == "things"


def test_a_missing_setting_is_named():
    found = mapping()
    del found["optimizer"]["beta2"]
    with pytest.raises(ValueError, match=r"optimizer\.beta2 must be given, it is missing"):
        config_of(found)


def test_an_unknown_setting_is_named_with_the_one_that_may_be_meant():
    with pytest.raises(ValueError, match="batchsize is no setting; is batch_size meant"):
        config_of(mapping() | {"batchsize": 3})


def test_a_setting_given_twice_is_refused():
    with pytest.raises(ValueError, match="duplicate key"):
        parse_yaml("steps: 1\nsteps: 2", "file")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"configuration .*none\.yaml does not exist"):
        read_config(tmp_path / "none.yaml")


def test_print_config_writes_a_file_that_is_read(capsys, tmp_path):
    assert main(["--print-config", "dwarf"]) == 0
    path = tmp_path / "dwarf.yaml"
    path.write_text(capsys.readouterr().out)
    assert read_config(path) == default_config("dwarf")
