from __future__ import annotations

import math

import pytest
import torch

from offline.synthetic import shapes
from offline.synthetic.world import BOX, CONE, CYLINDER, DISC, SPHERE


def cast(kind: int, origin: list[float], direction: list[float], dtype=torch.float64):
    rays = [tuple(torch.tensor([value], dtype=dtype) for value in v) for v in (origin, direction)]
    depth, met = shapes.entry(kind, *rays)
    return depth.item(), met.item()


@pytest.mark.parametrize(
    ("kind", "origin", "direction", "depth"),
    [
        (BOX, [0.5, -0.5, -3], [0, 0, 1], 2.0),
        (BOX, [0.5, -0.5, -3], [0, 0, 4], 0.5),
        (BOX, [-4, 0, -4], [1, 0, 1], 3.0),
        (BOX, [0, 5, 0], [0, -1, 0], 4.0),
        (SPHERE, [0, 0, -3], [0, 0, 1], 2.0),
        (SPHERE, [0.6, 0, -3], [0, 0, 1], 2.2),
        (CYLINDER, [0.6, 0.9, -3], [0, 0, 1], 2.2),
        (CYLINDER, [0.6, -3, 0.6], [0, 1, 0], 2.0),
        (CYLINDER, [0.5, -2, 0], [0, 2, 0], 0.5),
        (CYLINDER, [-2, 0, 0], [1, 0, 0], 1.0),
        (CONE, [0, 0, -3], [0, 0, 1], 2.5),
        (CONE, [0, 3, 0], [0, -1, 0], 2.0),
        (CONE, [0.5, 3, 0.5], [0, -1, 0], 2.0),
        (CONE, [0, -3, 0], [0, 1, 0], 2.0),
        (CONE, [0.25, -3, 0], [0, 1, 0], 2.5),
        (DISC, [0.9, 0, -3], [0, 0, 1], 3.0),
        (DISC, [0, 0.9, 3], [0, 0, -2], 1.5),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rays_enter_where_they_should(kind, origin, direction, depth, dtype):
    found, met = cast(kind, origin, direction, dtype)
    assert met
    assert found == pytest.approx(depth, rel=1e-6 if dtype == torch.float32 else 1e-12)


@pytest.mark.parametrize(
    ("kind", "origin", "direction"),
    [
        (BOX, [1.01, 0, -3], [0, 0, 1]),
        (BOX, [-4, 0, -1.5], [1, 0, 1]),
        (SPHERE, [0.8, 0.7, -3], [0, 0, 1]),
        (CYLINDER, [0, 1.01, -3], [0, 0, 1]),
        (CYLINDER, [0.8, -3, 0.8], [0, 1, 0]),
        (CONE, [0.9, 0, -3], [0, 0, 1]),
        (CONE, [0, -2, -3], [0, 0, 1]),
        (CONE, [0.9, -3, 0.9], [0, 1, 0]),
        (DISC, [0.8, 0.7, -3], [0, 0, 1]),
        (DISC, [0, 0.1, -3], [1, 0, 0]),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rays_that_pass_by_meet_nothing(kind, origin, direction, dtype):
    assert not cast(kind, origin, direction, dtype)[1]


def test_the_cone_above_its_apex_is_not_there():
    assert not cast(CONE, [-3, -2, 0], [1, 0, 0])[1]
    # Through where its double would be, then into its side at x = 0.25, y = -0.5.
    depth, met = cast(CONE, [1.75, -2, 0], [-1, 1, 0])
    assert met
    assert depth == pytest.approx(1.5)


@pytest.mark.parametrize("kind", [SPHERE, CYLINDER, CONE])
def test_float32_finds_small_things_far_away(kind):
    """A solid of 5 cm at 60 m: local numbers are 1200 times its size."""
    origin, direction = [700.0, -300.0, -900.0], [-700.3, 300.2, 900.1]
    exact, met = cast(kind, origin, direction)
    rough, also = cast(kind, origin, direction, torch.float32)
    assert met
    assert also
    assert rough == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("kind", shapes.KINDS)
def test_points_of_entry_lie_on_the_surface_and_its_normal_meets_the_ray(kind):
    generator = torch.Generator().manual_seed(kind)
    origin = torch.nn.functional.normalize(
        torch.randn(3, 4000, generator=generator).double(), dim=0
    )
    aim = torch.rand(3, 4000, generator=generator).double() * 2 - 1
    origin *= 4
    depth, met = shapes.entry(kind, tuple(origin), tuple(aim - origin))
    point = (origin + depth * (aim - origin))[:, met]
    assert met.sum() > 300
    assert point.abs().max() < 1 + 1e-9
    torch.testing.assert_close(_outside(kind, point), torch.zeros(len(point[0])).double())
    normal = shapes.gradient(kind, tuple(point))
    if kind != DISC:
        assert ((normal * (aim - origin)[:, met]).sum(0) < 1e-9).all()


def _outside(kind: int, point: torch.Tensor) -> torch.Tensor:
    """Signed, 0 on the surface."""
    x, y, z = point
    radius = (x**2 + z**2).sqrt()
    values = {
        BOX: point.abs().amax(0) - 1,
        SPHERE: point.norm(dim=0) - 1,
        CYLINDER: torch.maximum(radius, y.abs()) - 1,
        CONE: torch.maximum(radius - (y + 1) / 2, y - 1),
        DISC: z,
    }
    return values[kind]


@pytest.mark.parametrize(
    ("kind", "point", "normal"),
    [
        (BOX, [0.3, -1, 0.2], [0, -1, 0]),
        (SPHERE, [0.6, 0, -0.8], [0.6, 0, -0.8]),
        (CYLINDER, [0.6, 0.5, 0.8], [0.6, 0, 0.8]),
        (CYLINDER, [0.1, -1, 0.1], [0, -1, 0]),
        (CONE, [0.5, 0, 0], [2 / math.sqrt(5), -1 / math.sqrt(5), 0]),
        (CONE, [0.5, 1, 0], [0, 1, 0]),
        (DISC, [0.5, 0.5, 0], [0, 0, 1]),
    ],
)
def test_normals(kind, point, normal):
    found = shapes.gradient(kind, tuple(torch.tensor([v]).double() for v in point))[:, 0]
    expected = torch.tensor(normal).double()
    torch.testing.assert_close(found / found.norm(), expected)
