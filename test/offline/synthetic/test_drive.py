from __future__ import annotations

import pytest
import torch

from offline.synthetic.drive import Drive, open_drive, stamp_ns, window
from offline.synthetic.kinds import pixels_of
from offline.synthetic.samples import sample_of
from offline.synthetic.stereo import sequence

HEIGHT, WIDTH = 32, 96


@pytest.fixture(scope="module")
def drive() -> Drive:
    return open_drive(2, seed=5, height=HEIGHT, width=WIDTH)


def test_images_of_a_frame_are_those_that_single_requests_give(drive):
    frame = drive.frame(0)
    for name, index, right in (
        ("previous", -1, False),
        ("current", 0, False),
        ("next", 1, False),
        ("previous_right", -1, True),
        ("right", 0, True),
        ("next_right", 1, True),
    ):
        again = open_drive(2, seed=5, height=HEIGHT, width=WIDTH).image(index, right=right)
        assert torch.equal(frame[name], again), name


def test_a_frame_does_not_depend_on_how_many_are_asked_for(drive):
    longer = open_drive(40, seed=5, height=HEIGHT, width=WIDTH)
    one, other = drive.frame(1), longer.frame(1)
    assert set(one) == set(other)
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def test_a_frame_has_what_training_reads(drive, some_triplets):
    assert set(sample_of(some_triplets(1), 0)) <= set(drive.frame(0))


def test_the_camera_is_kittis_and_drives(drive):
    assert drive.camera.baseline_m == 0.54
    assert drive.camera.left.fx == pytest.approx(721.5377 * WIDTH / 1242)
    way = drive.world_from_camera(1)[:3, 3] - drive.world_from_camera(0)[:3, 3]
    assert 0.5 < way.norm() < 1.3  # 6 to 12 m/s for 0.1 s
    motion = torch.linalg.inv(drive.world_from_camera(1)) @ drive.world_from_camera(0)
    torch.testing.assert_close(drive.frame(0)["next_from_current"], motion.float())


def test_what_moves_is_told_by_the_whole_drive(drive):
    part = window(drive.world, 1, 3)
    assert torch.equal(part.bodies.moving, drive.world.bodies.moving)
    assert part.bodies.world_from_body.shape[0] == 3
    assert torch.equal(part.rig.world_from_camera[0], drive.world_from_camera(0))


def test_another_seed_is_another_street(drive):
    other = open_drive(1, seed=6, height=HEIGHT, width=WIDTH).image(0)
    assert (pixels_of(other) != pixels_of(drive.image(0))).mean() > 0.5


def test_frames_come_at_10_hz_and_never_at_time_zero():
    assert [stamp_ns(index) for index in range(3)] == [1_000_000_000, 1_100_000_000, 1_200_000_000]


@pytest.mark.parametrize(("count", "height"), [(-1, 40), (1, 15)])
def test_wrong_sizes_are_refused(count, height):
    with pytest.raises(ValueError, match=f"got {count} frames of 96x{height} px"):
        next(sequence(count, height=height, width=96))


def test_frames_beyond_the_drive_are_refused(drive):
    with pytest.raises(ValueError, match=r"must be 0 \.\.\. 1, got 2"):
        drive.frame(2)
    with pytest.raises(ValueError, match="world of 101 frames must have 103 times, it has 102"):
        Drive(drive.world, 101, drive.sensor)
