from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from offline.synthetic.make import make_world
from offline.synthetic.settings import STREET, THINGS, WorldSettings
from offline.synthetic.world import World

SMALL = WorldSettings(height=32, width=96)


@pytest.fixture(scope="module")
def streets() -> list[World]:
    return [make_world(seed, SMALL) for seed in range(40)]


def _tensors(world: World) -> dict[str, torch.Tensor]:
    rows = {}
    for owner in (world, world.rig, world.bodies, world.solids):
        for field in fields(owner):
            value = getattr(owner, field.name)
            if isinstance(value, torch.Tensor):
                rows[f"{type(owner).__name__}.{field.name}"] = value
    return rows


@pytest.mark.parametrize("mode", [STREET, THINGS])
def test_a_seed_decides_everything(mode):
    settings = WorldSettings(mode=mode, height=32, width=96)
    first, second = (_tensors(make_world(7, settings)) for _ in range(2))
    assert first.keys() == second.keys()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    other = _tensors(make_world(8, settings))
    assert not torch.equal(first["World.light"], other["World.light"])


@pytest.mark.parametrize("mode", [STREET, THINGS])
def test_tables_are_as_the_world_promises(mode):
    world = make_world(3, WorldSettings(mode=mode, height=32, width=96, times=4))
    solids, bodies = world.solids, world.bodies
    count, some = len(solids.shape), bodies.world_from_body.shape[1]
    assert bodies.world_from_body.shape == (4, some, 4, 4)
    assert world.rig.world_from_camera.shape == (4, 4, 4)
    assert solids.body_from_local.shape == (count, 3, 4)
    assert solids.body.max() == some - 1
    assert solids.material.max() < len(world.materials)
    assert (solids.label.dtype, solids.shape.dtype) == (torch.uint8, torch.int64)
    assert world.materials.dtype == world.light.dtype == torch.float32
    exact = (bodies.world_from_body, solids.body_from_local, world.rig.intrinsics)
    assert {value.dtype for value in exact} == {torch.float64}
    assert torch.linalg.det(solids.body_from_local[..., :3]).abs().min() > 1e-9


def test_worlds_stay_small_enough_to_draw(streets):
    counts = [len(world.solids.shape) for world in streets]
    assert max(counts) <= 250
    assert min(counts) > 60


def test_most_classes_are_common_and_trains_exist(streets):
    seen = torch.zeros(256)
    for world in streets:
        seen[world.solids.label.unique().long()] += 1
    assert (seen[[2, 5, 7, 8, 13]] >= 28).all()  # buildings, poles, signs, vegetation, cars
    assert (seen[[3, 4, 6, 11, 12, 14, 15, 17, 18]] >= 10).all()
    assert seen[16] >= 2
    assert seen.sum() == seen[:19].sum()


def test_moving_is_what_changes_its_pose_and_whole_things_move(streets):
    moves = 0
    for world in streets:
        poses = world.bodies.world_from_body
        changes = (poses != poses[:1]).flatten(2).any(2).any(0)
        for instance in world.bodies.instance.unique():
            mine = world.bodies.instance == instance
            assert world.bodies.moving[mine].tolist() == [bool(changes[mine].any())] * int(
                mine.sum()
            )
        assert not world.bodies.moving[world.bodies.instance == 0].any()
        moves += int(world.bodies.moving.any())
    assert moves > 30


def test_nothing_is_in_the_cameras_way(streets):
    last = torch.tensor([[0.0, 0, 0, 1]]).double()
    for world in streets:
        solids = world.solids
        square = torch.cat([solids.body_from_local, last.expand(len(solids.shape), 1, 4)], 1)
        local_from_world = torch.linalg.inv(world.bodies.world_from_body[:, solids.body] @ square)
        for ahead in (0.0, 1.0, 2.5):
            way = torch.tensor([0.0, 0.0, ahead, 1.0]).double()
            places = world.rig.world_from_camera @ way
            local = (local_from_world @ places[:, None, :, None])[..., :3, 0]
            assert (local.abs() > 1).any(-1).all()


def test_moving_things_keep_apart(streets):
    for world in streets:
        centres, numbers = world.bodies.world_from_body[:, :, :3, 3], world.bodies.instance
        labels = torch.zeros(len(numbers), dtype=torch.long)
        labels[world.solids.body] = world.solids.label.long()
        cars = ((labels >= 13) & (labels <= 16)).nonzero()[:, 0]
        apart = torch.cdist(centres[:, cars], centres[:, cars])
        apart += 99 * torch.eye(len(cars), dtype=apart.dtype)
        assert len(numbers[cars].unique()) == len(cars)
        assert apart.numel() == 0 or apart.min() > 1.7


def test_streets_differ_in_light_and_course(streets):
    assert 5 < sum(world.to_sun is None for world in streets) + 5 < 25
    assert len({round(float(world.ground[0]), 2) for world in streets}) > 20
    exposures = torch.stack([world.light[21] for world in streets])
    assert exposures.max() > 1.5 * exposures.min()


def test_long_drives_are_filled_to_their_end():
    world = make_world(5, WorldSettings(height=32, width=96, times=60, standing=0, solids=1000))
    last = world.rig.world_from_camera[-1, :3, 3]
    places = world.bodies.world_from_body[-1, :, :3, 3]
    assert ((places - last).norm(dim=1) < 60).sum() > 30


def test_things_fly_before_a_backdrop_all_around():
    world = make_world(4, WorldSettings(mode=THINGS, height=32, width=96))
    assert world.ground is None
    assert (world.solids.label == 255).all()
    assert (world.bodies.instance == 0).sum() >= 1
    assert 0.3 < world.bodies.moving.float().mean() < 1


def test_negative_seeds_are_refused():
    with pytest.raises(ValueError, match="seed must be >= 0, got -1"):
        make_world(-1, SMALL)
