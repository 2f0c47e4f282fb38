"""Long drives through a street: the world of a seed at 10 Hz, rendered frame by frame.

The camera is like KITTI's. A drive's world is made for a whole number of hundreds of frames, so
that a frame does not depend on how many are asked for. Frame ``i`` is the world's instant
``i + 1``: the first one has a previous frame too, and the last one a next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

import torch
from torch import Tensor

from offline.synthetic.cameras import camera_views
from offline.synthetic.joined import join
from offline.synthetic.make import make_world
from offline.synthetic.render import pictures, sun_maps_of
from offline.synthetic.samples import frame_of
from offline.synthetic.sensor import SensorSettings, draw_sensors, photographed
from offline.synthetic.settings import WorldSettings
from offline.synthetic.shadows import SunMaps
from offline.synthetic.triplet_truth import triplet_truth
from offline.synthetic.visibility import look
from offline.synthetic.world import World
from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera

PERIOD_S = 0.1
FRAME_ID = "camera_optical"
# ROS takes a stamp of zero for "no time yet".
FIRST_STAMP_NS = 1_000_000_000
BASELINE_M = 0.54  # of KITTI's colour cameras
FOCAL = 721.5377 / 1242  # of KITTI, over the image's width
_CAMERA_M = 1.65  # over the road
_SPEED_M_S = (6.0, 12.0)
_LENGTH = 100  # frames that worlds are made for come in steps of so many
_SOLIDS = 30  # a frame, more than a street has
# Images of a frame: how many frames later, and whether the right camera's.
ROLES = {
    "previous": (-1, False),
    "current": (0, False),
    "next": (1, False),
    "previous_right": (-1, True),
    "right": (0, True),
    "next_right": (1, True),
}
_KEPT = 8  # images, and truth of half as many frames

Value = TypeVar("Value")


class Drive:
    """A drive whose frames are rendered when asked for; the latest few are kept.

    Attributes:
        world: at every instant.
        camera: the stereo pair.
        count: of frames.
        sensor: what images are taken with.
    """

    def __init__(
        self,
        world: World,
        count: int,
        sensor: SensorSettings,
        *,
        device: torch.device | str = "cpu",
    ) -> None:
        """Prepare a drive of ``count`` frames: ``world`` has two instants more, or even more."""
        require_size(count, world.height, world.width)
        if (times := len(world.rig.world_from_camera)) < count + 2:
            raise ValueError(f"world of {count} frames must have {count + 2} times, it has {times}")
        self.world, self.count, self.sensor, self._device = world, count, sensor, device
        self.camera = _camera_of(world)
        self._sensors = draw_sensors([world.seed], sensor, device)
        self._image = _kept(_KEPT, self._render_image)
        self._sun = _kept(_KEPT // 2, self._render_sun)
        self._truth = _kept(_KEPT // 2, self._render_truth)

    def world_from_camera(self, frame: int) -> Tensor:
        """Return the left camera's pose, float64. # (4, 4)."""
        return self.world.rig.world_from_camera[frame + 1]

    def image(self, frame: int, *, right: bool = False) -> Tensor:
        """Return what one camera takes, RGB 0..1 in steps of 1/255. # (3, H, W).

        Frames -1 and ``count`` are there too: neighbours of the first and the last one.
        """
        return self._image((frame + 1, right))

    def frame(self, frame: int) -> dict[str, Tensor]:
        """Return a frame with its neighbours and its truth, as ``samples.frame_of``.

        Raises:
            ValueError: for a frame that there is not.
        """
        truth = self.truth(frame)
        images = {
            role: self.image(frame + step, right=right) for role, (step, right) in ROLES.items()
        }
        return {**truth, **images}

    def truth(self, frame: int) -> Mapping[str, Tensor]:
        """Return ``frame`` without its images, which take longer than all truth.

        Raises:
            ValueError: for a frame that there is not.
        """
        if not 0 <= frame < self.count:
            raise ValueError(f"frame of a drive must be 0 ... {self.count - 1}, got {frame}")
        return self._truth(frame)

    def _render_image(self, what: tuple[int, bool]) -> Tensor:
        time, right = what
        joined = join([window(self.world, time, 1)], self._device)
        views = camera_views(joined, [(0, 0, right)])
        image = pictures(joined, views, look(joined, views), self._sun(time))
        number = torch.tensor([2 * time + right], device=image.device)
        return photographed(image, self._sensors, number)[0]

    def _render_sun(self, time: int) -> SunMaps | None:
        return sun_maps_of(join([window(self.world, time, 1)], self._device), [(0, 0, False)])

    def _render_truth(self, frame: int) -> Mapping[str, Tensor]:
        joined = join([window(self.world, frame, 3)], self._device)
        views = camera_views(joined, [(0, t, right) for right in (False, True) for t in range(3)])
        blank = torch.zeros(()).expand(1, 3, 3, joined.height, joined.width)
        found = frame_of(triplet_truth(joined, views, look(joined, views), blank, blank), 0)
        return {name: value for name, value in found.items() if name not in ROLES}


def open_drive(
    count: int,
    *,
    seed: int = 0,
    height: int = 375,
    width: int = 1242,
    device: torch.device | str = "cpu",
) -> Drive:
    """Return the drive of ``seed`` at 10 Hz.

    Raises:
        ValueError: for a negative count or seed, or an image below 16x16 px.
    """
    require_size(count, height, width)
    world = _world(seed, drive_settings(count, height, width))
    return Drive(world, count, SensorSettings(), device=device)


@lru_cache(maxsize=2)
def _world(seed: int, settings: WorldSettings) -> World:
    return make_world(seed, settings)  # as long as several images take


def drive_settings(count: int, height: int, width: int) -> WorldSettings:
    """Return the settings of a drive's world."""
    frames = _LENGTH * max(1, -(-count // _LENGTH))
    return WorldSettings(
        height=height,
        width=width,
        times=frames + 2,
        rate_hz=1 / PERIOD_S,
        focal=(FOCAL, FOCAL),
        baseline_m=(BASELINE_M, BASELINE_M),
        camera_height_m=(_CAMERA_M, _CAMERA_M),
        speed_m_s=_SPEED_M_S,
        standing=0.0,
        turning=0.0,
        solids=_SOLIDS * frames,
    )


def require_size(count: int, height: int, width: int) -> None:
    """Raise ValueError for a drive that cannot be rendered."""
    if count < 0 or min(height, width) < 16:
        raise ValueError(
            f"a sequence must have >= 0 frames of at least 16x16 px, "
            f"got {count} frames of {width}x{height} px"
        )


def stamp_ns(frame: int) -> int:
    """Return the time of a frame."""
    return FIRST_STAMP_NS + round(frame * PERIOD_S * 1e9)


def window(world: World, first: int, count: int) -> World:
    """Return the world at ``count`` instants from ``first`` on."""
    times = slice(first, first + count)
    bodies = replace(world.bodies, world_from_body=world.bodies.world_from_body[times])
    rig = replace(world.rig, world_from_camera=world.rig.world_from_camera[times])
    return replace(world, bodies=bodies, rig=rig)


def _camera_of(world: World) -> StereoCamera:
    k = world.rig.intrinsics
    intrinsics = Intrinsics(
        fx=float(k[0, 0]),
        fy=float(k[1, 1]),
        cx=float(k[0, 2]),
        cy=float(k[1, 2]),
        width=world.width,
        height=world.height,
    )
    return StereoCamera(intrinsics, intrinsics, world.rig.baseline_m)


def _kept(size: int, render: Callable[..., Value]) -> Callable[..., Value]:
    return lru_cache(maxsize=size)(render)
