from __future__ import annotations

import torch

from offline.synthetic.affine import block, upright
from offline.synthetic.assembly import Assembly, Part
from offline.synthetic.palette import COLUMNS, PLAIN, Material
from offline.synthetic.world import BOX, Rig

CLOCK = (0.0, 0.1, 0.2)


def _rig() -> Rig:
    intrinsics = torch.tensor([[100.0, 0, 99.5], [0, 100, 49.5], [0, 0, 1]]).double()
    return Rig(intrinsics, 0.5, torch.eye(4).double().repeat(3, 1, 1))


def _box(assembly: Assembly, size: float = 1.0) -> list[Part]:
    material = assembly.material(Material(PLAIN, (0.5, 0.5, 0.5)))
    return [Part(BOX, block((0, 0, 0), (size, size, size)), material, 13)]


def _finished(assembly: Assembly, most: int = 100):
    return assembly.finished(_rig(), (100, 200), most)


def test_scenery_is_no_thing_and_things_are_numbered_from_one():
    assembly = Assembly(0, CLOCK)
    assembly.scenery(_box(assembly), upright(0, 10, 0))
    for x in (2.0, 4.0):
        assembly.thing([(_box(assembly), [upright(x, 10, 0)] * 3)])
    bodies, solids, materials = _finished(assembly)
    assert bodies.instance.tolist() == [0, 1, 2]
    assert solids.body.tolist() == [0, 1, 2]
    assert solids.label.tolist() == [13] * 3
    assert materials.shape == (3, COLUMNS)


def test_all_limbs_of_a_thing_move_where_one_does():
    assembly = Assembly(0, CLOCK)
    still, walks = [upright(0, 10, 0)] * 3, [upright(0, 10 + t, 0) for t in CLOCK]
    assembly.thing([(_box(assembly), still), (_box(assembly), walks)])
    assembly.thing([(_box(assembly), still)])
    bodies, _, _ = _finished(assembly)
    assert bodies.moving.tolist() == [True, True, False]
    torch.testing.assert_close(
        bodies.world_from_body[:, 1, 2, 3], 10 + torch.tensor(CLOCK).double()
    )


def test_what_is_never_in_view_is_left_out():
    assembly = Assembly(0, CLOCK)
    for z in (-30.0, 10.0, 50.0):
        assembly.thing([(_box(assembly), [upright(0, z, 0)] * 3)])
    assembly.thing([(_box(assembly), [upright(80, 50, 0)] * 3)])
    bodies, _, _ = _finished(assembly)
    assert bodies.instance.tolist() == [2, 3]


def test_of_too_much_the_near_and_the_large_is_kept_and_things_stay_whole():
    assembly = Assembly(0, CLOCK)
    pair = _box(assembly) + _box(assembly)
    assembly.thing([(pair, [upright(0, 40, 0)] * 3)])
    assembly.thing([(_box(assembly, 8), [upright(0, 60, 0)] * 3)])
    assembly.thing([(pair, [upright(0, 10, 0)] * 3)])
    bodies, solids, _ = _finished(assembly, most=4)
    assert bodies.instance.tolist() == [2, 3]
    assert len(solids.shape) == 3
