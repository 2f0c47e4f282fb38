"""Names become rules; what does not exist is refused with what does."""

import pytest

from offline.evaluation.choice import Overrides, choose_task, dataset_of, protocol_of


def test_each_model_has_its_authors_protocol():
    assert protocol_of("depth", "sgdepth") == "sgdepth"
    assert protocol_of("depth", "dsnet") == "omeganet"
    assert protocol_of("scene_flow", "dwarf") == "kitti2015"


def test_a_variant_is_named_after_its_system():
    task = choose_task("depth", "sgdepth/improved", Overrides())
    assert (task.protocol.truth, task.protocol.crop) == ("improved", "none")


def test_settings_take_the_place_of_the_protocols():
    overrides = Overrides(scaling="fixed", factor=30.0, max_depth=50.0, truth="improved")
    protocol = choose_task("depth", "omeganet", overrides).protocol
    assert (protocol.scaling, protocol.factor, protocol.truth) == ("fixed", 30.0, "improved")
    assert (protocol.max_depth, protocol.below_m) == (50.0, 50.0)
    assert protocol.resize == "tensorflow_inverse_depth"


def test_the_threshold_reaches_the_motion_mask():
    assert choose_task("motion", "omeganet", Overrides(threshold=0.3)).threshold == 0.3


@pytest.mark.parametrize(
    ("task", "protocol", "told"),
    [
        ("depth", "nobody", "must be one of omeganet, sgdepth"),
        ("depth", "sgdepth/other", "variants of this one are improved"),
        ("flow", "insta_dm", "--protocol for flow must be one of omeganet"),
        ("semantics", "insta_dm", "--protocol for semantics must be one of omeganet"),
        ("scene_flow", "kitti2015/all", "kitti2015 or kitti2015/noc"),
    ],
)
def test_rules_that_do_not_exist_are_refused(task, protocol, told):
    with pytest.raises(ValueError, match=told):
        choose_task(task, protocol, Overrides())


def test_every_task_has_a_usual_data_set():
    assert dataset_of("depth", "omeganet") == "kitti_raw"
    assert dataset_of("depth", "sgdepth/kitti2015") == "kitti_2015"
    assert dataset_of("flow", "omeganet") == "kitti_2015"


def test_recorded_depth_is_usually_of_a_whole_drive():
    assert dataset_of("depth", "omeganet", recorded=True) == "kitti_drive"
