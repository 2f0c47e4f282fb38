"""Tools know data sets by name; a wrong folder is refused by every one of them."""

from pathlib import Path

import pytest

from offline.datasets.registry import DATASETS, Selection, read_samples

WITH_FOLDER = [name for name in DATASETS if name != "generated"]


@pytest.mark.parametrize("name", WITH_FOLDER)
def test_an_empty_folder_is_refused_saying_what_is_expected(name, tmp_path):
    with pytest.raises(ValueError, match="must"):
        read_samples(name, tmp_path, Selection())


@pytest.mark.parametrize("name", WITH_FOLDER)
def test_a_folder_that_is_not_there_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=rf"--data must be the folder of {name}, .*none"):
        read_samples(name, tmp_path / "nowhere", Selection())
    with pytest.raises(ValueError, match="--data must be the folder of"):
        read_samples(name, None, Selection())


def test_another_name_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"data set must be one of kitti_raw, .* got 'imagenet'"):
        read_samples("imagenet", Path(), Selection())


def test_the_generated_street_needs_no_folder_but_a_seed():
    samples = read_samples("generated", None, Selection(split="3"))
    assert {sample.sequence for sample in samples} == {"street_3"}
    with pytest.raises(ValueError, match=r"must be SEED for its drive, .* got 'x'"):
        read_samples("generated", None, Selection(split="x"))


def test_kittis_development_kit_folder_has_truth_alone(repository):
    root = repository / "test/data/kitti_scene_flow/gt"
    (sample,) = read_samples("kitti_2015", root, Selection())
    assert sample.pictures == {}
    assert {"flow_occ", "disparity_noc_1", "object_map", "depth"} <= sample.truth.keys()
