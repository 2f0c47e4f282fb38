"""Where rays meet the unit shapes, and which way their surfaces face there.

Everything is in a shape's local frame, where it lies inside [-1, 1]. Points and directions are
three tensors, of x, y and z, which need only be broadcastable: the origin of a view's rays is one
number for all its pixels. Any floating-point type will do; all shapes but ``DISC`` are convex
bodies that are seen from outside.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from offline.synthetic.world import BOX, CONE, CYLINDER, DISC, SPHERE

Axes = tuple[Tensor, Tensor, Tensor]
KINDS = (BOX, SPHERE, CYLINDER, CONE, DISC)

# Large enough to stand for infinity, small enough for products of them in float32 to be finite.
_FAR = 1e15
_TINY = 1e-30


def entry(kind: int, origin: Axes, direction: Axes) -> tuple[Tensor, Tensor]:
    """Return where rays enter a shape and whether they meet it.

    Args:
        kind: ``BOX`` ... ``DISC``.
        origin: of the rays.
        direction: of the rays, of any length.

    Returns:
        The multiple of ``direction`` at which the shape is entered, negative behind the origin;
        where it is missed, close to that of the nearest point on the shape's outline. And bool.
    """
    return _ENTRIES[kind](origin, direction)


def gradient(kind: int, point: Axes) -> Tensor:
    """Return an outward normal, of any length, at points on the surface. # (P,) x 3 -> (3, P)."""
    return _GRADIENTS[kind](point)


def _slab(origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Return where rays enter and leave -1 <= coordinate <= 1."""
    inverse = direction.reciprocal().clamp_(-_FAR, _FAR)
    middle = inverse * origin
    half = inverse.abs_()
    return middle.add(half).neg_(), half - middle


def _box(origin: Axes, direction: Axes) -> tuple[Tensor, Tensor]:
    enter, leave = _slab(origin[0], direction[0])
    for axis in (1, 2):
        later, sooner = _slab(origin[axis], direction[axis])
        enter, leave = torch.maximum(enter, later), torch.minimum(leave, sooner)
    return enter, enter < leave


def _nearest(origin: tuple[Tensor, ...], direction: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Return where rays pass the local origin most closely, and their squared length.

    Quadratics are solved from there: from a far origin their terms would cancel in float32.
    """
    square = _dot(direction, direction).clamp_(min=_TINY)
    return _dot(origin, direction).div_(square).neg_(), square


def _sphere(origin: Axes, direction: Axes) -> tuple[Tensor, Tensor]:
    middle, square = _nearest(origin, direction)
    room = 1 - _square_at(origin, direction, middle)
    enter = middle - room.clamp(min=0).div_(square).sqrt_()
    return enter, room > 0


def _cylinder(origin: Axes, direction: Axes) -> tuple[Tensor, Tensor]:
    across, along = (origin[0], origin[2]), (direction[0], direction[2])
    middle, square = _nearest(across, along)
    half = (1 - _square_at(across, along, middle)).clamp_(min=0).div_(square).sqrt_()
    enter, leave = _slab(origin[1], direction[1])
    enter = torch.maximum(enter, middle - half)
    return enter, enter < torch.minimum(leave, middle + half)


def _cone(origin: Axes, direction: Axes) -> tuple[Tensor, Tensor]:
    middle, _ = _nearest(origin, direction)
    x, y, z = (o + middle * d for o, d in zip(origin, direction, strict=True))
    radius, growth = (y + 1) / 2, direction[1] / 2
    a = direction[0] ** 2 + direction[2] ** 2 - growth**2
    b = x * direction[0] + z * direction[2] - radius * growth
    c = x**2 + z**2 - radius**2
    room = b * b - a * c
    q = room.clamp(min=0).sqrt_()
    q = -(b + torch.where(b < 0, -q, q))
    first = _ratio(q, a)
    second = torch.where(room > 0, _ratio(c, q), first)
    low, high = torch.minimum(first, second), torch.maximum(first, second)
    # A ray steeper than the cone's side is in the lower of two cones from one root on, forever.
    steep, down = a < 0, direction[1] > 0
    enter = torch.where(steep, torch.where(down, high, -_FAR), low)
    leave = torch.where(steep, torch.where(down, _FAR, low), high)
    top, bottom = _slab(y, direction[1])
    enter = torch.maximum(enter, top)
    return enter + middle, enter < torch.minimum(leave, bottom)


def _disc(origin: Axes, direction: Axes) -> tuple[Tensor, Tensor]:
    meet = -origin[2] * direction[2].reciprocal().clamp_(-_FAR, _FAR)
    return meet, _square_at(origin[:2], direction[:2], meet) <= 1


_ENTRIES: dict[int, Callable[[Axes, Axes], tuple[Tensor, Tensor]]] = {
    BOX: _box,
    SPHERE: _sphere,
    CYLINDER: _cylinder,
    CONE: _cone,
    DISC: _disc,
}


def _dot(a: tuple[Tensor, ...], b: tuple[Tensor, ...]) -> Tensor:
    total = a[0] * b[0]
    for one, other in zip(a[1:], b[1:], strict=True):
        total = total + one * other
    return total


def _square_at(
    origin: tuple[Tensor, ...], direction: tuple[Tensor, ...], multiple: Tensor
) -> Tensor:
    """Return the squared distance from the local origin (or axis) at a multiple."""
    total = torch.zeros_like(multiple)
    for start, step in zip(origin, direction, strict=True):
        total += (multiple * step).add_(start).square_()
    return total


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    return (numerator / denominator).nan_to_num_(0.0, _FAR, -_FAR)


def _box_gradient(point: Axes) -> Tensor:
    x, y, z = point
    wide, high, deep = x.abs(), y.abs(), z.abs()
    across = wide >= torch.maximum(high, deep)
    along = ~across & (deep > high)
    return torch.stack(
        [
            torch.where(across, x, 0),
            torch.where(across | along, 0, y),
            torch.where(along, z, 0),
        ]
    )


def _cylinder_gradient(point: Axes) -> Tensor:
    x, y, z = point
    cap = y * y > x * x + z * z
    return torch.stack([x * ~cap, y * cap, z * ~cap])


def _cone_gradient(point: Axes) -> Tensor:
    x, y, z = point
    radius = (y + 1) / 2
    base = 1 - y < ((x * x + z * z).sqrt() - radius).abs()
    return torch.stack([x * ~base, torch.where(base, 1.0, -radius / 2), z * ~base])


def _disc_gradient(point: Axes) -> Tensor:
    zero = torch.zeros_like(point[0])
    return torch.stack([zero, zero, zero + 1])


_GRADIENTS: dict[int, Callable[[Axes], Tensor]] = {
    BOX: _box_gradient,
    SPHERE: torch.stack,
    CYLINDER: _cylinder_gradient,
    CONE: _cone_gradient,
    DISC: _disc_gradient,
}
