from __future__ import annotations

import numpy as np
import pytest

from offline.datasets.generated import (
    generated_samples,
    parse_split,
    read_generated,
    triplet_samples,
)
from offline.datasets.samples import ROLES
from offline.datasets.synthetic import synthetic_sequence
from offline.synthetic.kinds import KINDS, image_of, truth_of
from offline.synthetic.samples import frame_of
from offline.synthetic.settings import WorldSettings
from offline.synthetic.stereo import stereo_sequence
from offline.synthetic.triplets import make_triplets
from scene_perception.cityscapes import SKY

HEIGHT, WIDTH = 48, 160


@pytest.fixture(scope="module")
def samples():
    return generated_samples(3, seed=4, height=HEIGHT, width=WIDTH)


def test_frames_and_stamps_are_those_of_the_generated_drive(samples):
    drive = synthetic_sequence(4, seed=4, height=HEIGHT, width=WIDTH)
    assert tuple(sample.stamp_ns for sample in samples) == drive.stamps_ns[:3]
    left, right = ([p.pixels("")[0] for p in c.pictures] for c in (drive.left, drive.right))
    images = samples[1].images(ROLES)
    for role, expected in zip(ROLES, (left[0], left[1], left[2], right[1], right[2]), strict=True):
        np.testing.assert_array_equal(images[role], expected, role)


def test_the_first_frame_has_one_before_it(samples):
    before, now = samples[0].image("previous"), samples[0].image("current")
    assert before.shape == now.shape
    assert (before != now).any()


def test_names_and_the_sequence_tell_frames_and_streets_apart(samples):
    assert [sample.name for sample in samples] == ["000000", "000001", "000002"]
    assert {sample.sequence for sample in samples} == {"street_4"}


def test_truth_is_that_of_the_street(samples):
    pair = list(stereo_sequence(2, seed=4, height=HEIGHT, width=WIDTH))[1]
    sample, sky = samples[1], pair.left.labels == SKY
    np.testing.assert_array_equal(sample.known("depth"), np.where(sky, 0, pair.left.depth))
    np.testing.assert_array_equal(sample.known("labels"), pair.left.labels)
    np.testing.assert_array_equal(sample.known("object_map"), pair.movers)
    np.testing.assert_array_equal(sample.known("world_from_camera"), pair.left.world_from_camera)
    np.testing.assert_array_equal(sample.known("flow_occ")[0], pair.left.flow)
    assert (sample.known("label_ids")[sky] == 23).all()
    for moment, expected in ((0, pair.disparity), (1, pair.next_disparity)):
        disparity = sample.known(f"disparity_occ_{moment}")
        np.testing.assert_array_equal(disparity, np.where(sky, np.nan, expected))


def test_what_the_camera_has_passed_has_no_match():
    # Looking steeply down: the lowest row shows the ground 0.2 m ahead, and the next frame is
    # farther on.
    sample = generated_samples(1, height=640, width=64)[0]
    flow, known = sample.known("flow_occ")
    assert known[:340].all()
    assert not known[-1].any()
    assert (flow[~known] == 0).all()
    assert np.isnan(sample.known("disparity_occ_1")[-1]).all()
    assert np.isfinite(sample.known("disparity_occ_0")[-1]).all()


def test_a_sequence_that_cannot_be_rendered_is_refused():
    with pytest.raises(ValueError, match="at least 16x16 px, got 2 frames of 8x32 px"):
        generated_samples(2, height=32, width=8)


def test_a_range_of_seeds_is_a_triplet_of_each():
    settings = WorldSettings(height=32, width=96)
    samples = triplet_samples(range(900_000, 900_002), settings)
    assert [sample.name for sample in samples] == ["street_900000", "street_900001"]
    expected = frame_of(make_triplets([900_001], settings), 0)
    for role in ROLES:
        np.testing.assert_array_equal(samples[1].image(role), image_of(expected, role))
    for kind in KINDS:
        for found, known in zip(
            *map(_parts, (samples[1].known(kind), truth_of(kind, expected))), strict=True
        ):
            np.testing.assert_array_equal(found, known, kind)


def _parts(truth):
    return truth if isinstance(truth, tuple) else (truth,)


@pytest.mark.parametrize(
    ("split", "chosen"),
    [
        ("7", (7, None, "street", None)),
        ("7@192x640", (7, None, "street", (192, 640))),
        ("900000-900099", (900_000, 900_099, "street", None)),
        ("things:3-3@64x96", (3, 3, "things", (64, 96))),
    ],
)
def test_a_split_says_seeds_mode_and_size(split, chosen):
    assert parse_split(split) == chosen


@pytest.mark.parametrize("split", ["x", "-3", "3-", "7@192", "birds:1-2"])
def test_other_splits_are_refused_with_the_rule(split):
    with pytest.raises(ValueError, match="SEED for its drive, FIRST-LAST for a triplet a seed"):
        parse_split(split)


def test_seeds_in_the_wrong_order_and_drives_through_things_are_refused():
    with pytest.raises(ValueError, match="the smaller seed first, got '9-7'"):
        parse_split("9-7")
    with pytest.raises(ValueError, match="a range of seeds for things"):
        parse_split("things:7")


def test_a_split_of_things_is_rendered_as_such():
    (sample,) = read_generated("things:5-5@32x96")
    assert sample.image("current").shape == (32, 96, 3)
    assert (sample.known("labels") == 255).all()
