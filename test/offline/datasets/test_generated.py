from __future__ import annotations

import numpy as np
import pytest

from offline.datasets.generated import generated_samples
from offline.datasets.samples import ROLES
from offline.datasets.synthetic import synthetic_sequence
from offline.synthetic.stereo import stereo_sequence
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
    assert sample.known("flow_occ")[1].all()
    assert (sample.known("label_ids")[sky] == 23).all()
    for moment, expected in ((0, pair.disparity), (1, pair.next_disparity)):
        disparity = sample.known(f"disparity_occ_{moment}")
        np.testing.assert_array_equal(disparity, np.where(sky, np.nan, expected))


def test_noc_is_where_the_match_is_inside_the_other_image(samples):
    flow, known = samples[1].known("flow_occ")
    rows, columns = np.indices(known.shape, np.float32)
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    inside = (x >= 0) & (x <= WIDTH - 1) & (y >= 0) & (y <= HEIGHT - 1)
    np.testing.assert_array_equal(samples[1].known("flow_noc")[1], inside)
    disparity = samples[1].known("disparity_occ_0")
    seen = columns - disparity >= 0
    np.testing.assert_array_equal(np.isfinite(samples[1].known("disparity_noc_0")), seen)
    assert 0 < seen.mean() < 1
    after = np.isfinite(samples[1].known("disparity_noc_1"))
    following = samples[1].known("disparity_occ_1")
    np.testing.assert_array_equal(after, inside & (x - following >= 0))


def test_what_the_camera_has_passed_has_no_match():
    # Looking steeply down: the lowest row shows the ground 0.2 m ahead, and the next frame is
    # 0.8 m on.
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
