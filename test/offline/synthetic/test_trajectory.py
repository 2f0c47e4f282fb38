from __future__ import annotations

import math

import pytest
import torch

from offline.synthetic.draws import Draws
from offline.synthetic.settings import WorldSettings
from offline.synthetic.street import draw_street
from offline.synthetic.trajectory import along_street, draw_drive, free_camera, poses, straight

CLOCK = (0.0, 0.1, 0.2)


def _drives(count: int, settings: WorldSettings):
    for seed in range(count):
        street = draw_street(Draws(seed, "street"))
        yield draw_drive(street, settings, Draws(seed, "drive"), CLOCK)


def test_cameras_are_mounted_and_driven_as_in_cars():
    settings = WorldSettings()
    for drive in _drives(60, settings):
        pose, focal = drive.rig.world_from_camera, float(drive.rig.intrinsics[0, 0])
        assert 0.55 * 640 <= focal <= 1.1 * 640
        assert 0.1 <= drive.rig.baseline_m <= 0.6
        assert ((-pose[:, 1, 3] > 1.45) & (-pose[:, 1, 3] < 1.85)).all()
        assert (pose[:, 1, :3] - torch.tensor([0.0, 1, 0]).double()).abs().max() < 0.06
        steps = (pose[1:, :3, 3] - pose[:-1, :3, 3]).norm(dim=1)
        assert steps.tolist() == pytest.approx([0.1 * drive.speed] * 2, abs=0.05)
        rotation = pose[:, :3, :3]
        torch.testing.assert_close(rotation @ rotation.mT, torch.eye(3).double().expand(3, 3, 3))


def test_one_in_five_stands_and_does_not_even_tremble():
    drives = list(_drives(100, WorldSettings()))
    still = [drive for drive in drives if not drive.speed]
    assert 10 <= len(still) <= 32
    for drive in still:
        pose = drive.rig.world_from_camera
        assert torch.equal(pose, pose[:1].expand(3, 4, 4))


def test_some_turn_off_and_others_sway():
    def turn(drive) -> float:
        forward = drive.rig.world_from_camera[:, :3, 2]
        return float(torch.linalg.cross(forward[0], forward[2]).norm())

    turns = sorted(map(turn, _drives(100, WorldSettings(standing=0))))
    assert turns[0] > 0
    assert turns[-3] > 0.08


def test_a_turn_is_an_arc():
    spots = straight((0.0, math.pi / 2), (0, 0, 0), speed=2.0, turn=1.0)
    assert spots[1] == pytest.approx((2, 2, math.pi / 2))


def test_what_comes_towards_us_faces_us():
    street = draw_street(Draws(3, "street"))
    spots = along_street(street, CLOCK, 30, -2, -10)
    forward = torch.tensor(poses(spots), dtype=torch.float64).view(3, 3, 4)[:, :, 2]
    way = torch.tensor([spots[1][0] - spots[0][0], 0, spots[1][1] - spots[0][1]]).double()
    assert float(forward[0] @ way) > 0


def test_a_free_camera_turns_about_all_axes():
    rig = free_camera(WorldSettings(standing=0), Draws(1, "camera"), CLOCK)
    assert rig.world_from_camera.shape == (3, 4, 4)
    assert torch.equal(rig.world_from_camera[0], torch.eye(4).double())
    assert (rig.world_from_camera[2] - torch.eye(4).double()).abs().min(-1).values.max() > 0
