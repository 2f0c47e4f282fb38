"""What a world is made of, before anything is rendered: solids, materials, ground, light, camera.

World axes are those of an optical frame that looks along the road: x right, y down, z forward,
metres. A street's ground is the plane y = 0. A world covers a few instants, ``time`` counts them:
the previous, the current and the next frame of a triplet are 0, 1, 2.

Everything is a table of tensors, one row a thing, so that worlds are joined and drawn at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

# Unit shapes in their local frame, each inside [-1, 1] on every axis.
BOX, SPHERE, CYLINDER, CONE, DISC = range(5)
# CYLINDER: x^2 + z^2 <= 1, |y| <= 1, with caps. CONE: apex at y = -1 (up), base radius 1 at y = 1.
# DISC: x^2 + y^2 <= 1 in the plane z = 0, seen from both sides.


@dataclass(frozen=True, eq=False)
class Bodies:
    """Rigid bodies and where they are at each time.

    Attributes:
        world_from_body: of points, rotation and translation, float64. # (T, M, 4, 4)
        instance: number of the thing a body belongs to, from 1 on; 0 for what is no thing. A
            pedestrian's limbs are bodies of one instance. # (M,) int64
        moving: whether the thing it belongs to moves in the world. # (M,) bool
    """

    world_from_body: Tensor
    instance: Tensor
    moving: Tensor


@dataclass(frozen=True, eq=False)
class Solids:
    """Unit shapes, carried into their body's frame by an affine map.

    Attributes:
        shape: ``BOX`` ... ``DISC``. # (N,) int64
        body: row of ``Bodies``. # (N,) int64
        body_from_local: rotation, scale and translation, invertible, float64. # (N, 3, 4)
        material: row of the world's ``materials``. # (N,) int64
        label: Cityscapes train id, 255 in flying things. # (N,) uint8
    """

    shape: Tensor
    body: Tensor
    body_from_local: Tensor
    material: Tensor
    label: Tensor


@dataclass(frozen=True, eq=False)
class Rig:
    """A rectified stereo camera and its way.

    Attributes:
        intrinsics: K of both cameras, px, float64. # (3, 3)
        baseline_m: the right camera is this far along x.
        world_from_camera: of the left one, at each time, float64. # (T, 4, 4)
    """

    intrinsics: Tensor
    baseline_m: float
    world_from_camera: Tensor


@dataclass(frozen=True, eq=False)
class World:
    """One seed's world.

    Attributes:
        seed: that everything in it follows from.
        height: of images, px.
        width: of images, px.
        rig: cameras.
        bodies: what can move.
        solids: what is seen of them.
        materials: colours and patterns, columns as ``materials.py`` defines. # (K, C) float32
        ground: layout of the plane y = 0, as ``ground.py`` defines, float32; None without ground. # (G,)
        light: sun and sky, as ``lighting.py`` defines, float32. # (L,)
        to_sun: unit vector to the sun; None where nothing casts shadows. # (3,) float64
    """  # noqa: E501

    seed: int
    height: int
    width: int
    rig: Rig
    bodies: Bodies
    solids: Solids
    materials: Tensor
    ground: Tensor | None
    light: Tensor
    to_sun: Tensor | None


@dataclass(frozen=True, eq=False)
class Hits:
    """What the pixels of several views see, one row a pixel.

    Attributes:
        world: index in the batch of worlds. # (P,) int64
        solid: row of that world's ``solids``; -1 for the ground, -2 for the sky. # (P,) int64
        material: row of the batch's joined materials; 0 for ground and sky. # (P,) int64
        local: where it is hit, in the frame of the body in metres (the world's for the ground; for
            the sky the ray's direction in the world, of length 1), float32. # (P, 3)
        normal: of the surface, in the world, towards the camera; 0 for the sky. # (P, 3) float32
        body_normal: the same in the body's frame. # (P, 3) float32
        ray: from the camera, in the world, of length 1. # (P, 3) float32
        distance_m: from the camera along the ray, inf for the sky, float32. # (P,)
        footprint_m: side of the square that a pixel covers of the surface. # (P,) float32
        lit: 1 in the sun, 0 in shadow. # (P,) float32
    """

    world: Tensor
    solid: Tensor
    material: Tensor
    local: Tensor
    normal: Tensor
    body_normal: Tensor
    ray: Tensor
    distance_m: Tensor
    footprint_m: Tensor
    lit: Tensor


@dataclass(frozen=True, eq=False)
class Triplets:
    """Rendered stereo triplets and their exact truth, in the pixels of ``left[:, 1]``.

    Truth that is a number has 0 where it is not known; ``..._known`` says where it is. The sky
    has disparity and next disparity 0 and the flow of points at infinity, all known; its depth
    is not. Flow and next disparity are not known for what the next camera has behind it.

    Attributes:
        left: previous, current, next, RGB 0..1, float32. # (B, 3, 3, H, W)
        right: the same from the right camera. # (B, 3, 3, H, W)
        intrinsics: K, px, float64. # (B, 3, 3)
        baseline_m: float64. # (B,)
        world_from_camera: float64. # (B, 3, 4, 4)
        depth: metres along Z. # (B, 1, H, W)
        depth_known: bool. # (B, 1, H, W)
        disparity: px. # (B, 1, H, W)
        next_disparity: of the same point at the next time, px. # (B, 1, H, W)
        flow_forward: to the next frame, px. # (B, 2, H, W)
        flow_backward: to the previous frame, px. # (B, 2, H, W)
        forward_known: of ``flow_forward`` and ``next_disparity``, bool. # (B, 1, H, W)
        backward_known: of ``flow_backward``, bool. # (B, 1, H, W)
        occluded_next: the next left frame does not show the point: outside or hidden. # (B, 1, H, W)
        occluded_previous: the same of the previous left frame. # (B, 1, H, W)
        occluded_right: the same of the right frame of now. # (B, 1, H, W)
        labels: Cityscapes train ids, 255 void, uint8. # (B, H, W)
        instances: number of the thing, 0 for none, int32. # (B, H, W)
        moving: what moves in the world, bool. # (B, 1, H, W)
        seeds: of the worlds.
    """  # noqa: E501

    left: Tensor
    right: Tensor
    intrinsics: Tensor
    baseline_m: Tensor
    world_from_camera: Tensor
    depth: Tensor
    depth_known: Tensor
    disparity: Tensor
    next_disparity: Tensor
    flow_forward: Tensor
    flow_backward: Tensor
    forward_known: Tensor
    backward_known: Tensor
    occluded_next: Tensor
    occluded_previous: Tensor
    occluded_right: Tensor
    labels: Tensor
    instances: Tensor
    moving: Tensor
    seeds: tuple[int, ...]
