"""A road, a wall and a car that crosses, cast analytically: right geometry without a renderer."""

from dataclasses import dataclass

import torch

ROAD, BUILDING, CAR = 0, 2, 13
_GROUND, _WALL, _BOX = range(3)
_LABELS = torch.tensor([ROAD, BUILDING, CAR], dtype=torch.uint8)
_FAR = 1e6


@dataclass(frozen=True)
class Scene:
    """Seen at times -1, 0 and 1 by a stereo camera that drives and turns."""

    size: int = 128
    shift: float = 0.0

    baseline_m = 0.5

    @property
    def intrinsics(self):
        centre = (self.size - 1) / 2
        focal = 0.8 * self.size
        return torch.tensor(
            [[focal, 0, centre], [0, focal, centre], [0, 0, 1]], dtype=torch.float64
        )

    def world_from_camera(self, time):
        angle = torch.tensor(0.01 * time, dtype=torch.float64)
        pose = torch.eye(4, dtype=torch.float64)
        pose[0, 0] = pose[2, 2] = angle.cos()
        pose[0, 2], pose[2, 0] = angle.sin(), -angle.sin()
        pose[:3, 3] = torch.tensor([0.05 * time, 0.0, 0.4 * time], dtype=torch.float64)
        return pose

    def box_at(self, time):
        """Return the car's displacement."""
        return torch.tensor([0.2 * time, 0.0, 0.1 * time], dtype=torch.float64)

    def cast(self, pixels, time, *, right=False):
        """Return depth (N,), points of the world at that time (N, 3) and surfaces (N,)."""
        pose = self.world_from_camera(time)
        ones = torch.ones(len(pixels), 1, dtype=torch.float64)
        rays = torch.cat([pixels, ones], 1) @ torch.linalg.inv(self.intrinsics).T @ pose[:3, :3].T
        origin = pose[:3, 3] + (self.baseline_m * pose[:3, 0] if right else 0)
        ground = (1.2 - origin[1]) / rays[:, 1].clamp(min=1e-9)
        wall = (15.0 - origin[2]) / rays[:, 2]
        box = (6.0 + self.box_at(time)[2] - origin[2]) / rays[:, 2]
        inside = origin + box[:, None] * rays - self.box_at(time)
        left, top = -1.5 + self.shift, -0.3
        hit = (inside[:, 0] > left) & (inside[:, 0] < left + 2) & (inside[:, 1] > top)
        depths = torch.stack([ground, wall, torch.where(hit, box, _FAR)])
        depth, surface = depths.min(0)
        return depth, origin + depth[:, None] * rays, surface

    def image(self, time, *, right=False):
        """Return colours that stick to the surfaces. # (3, H, W)."""
        _, points, surface = self.cast(self.pixels(), time, right=right)
        points = torch.where((surface == _BOX)[:, None], points - self.box_at(time), points)
        rates = torch.tensor([[1.0, 0.0, 0.6], [0.7, 0.9, 0.0], [1.5, 2.0, 0.0]])[surface]
        phase = (points * rates).sum(1) + self.shift + surface
        colours = [
            0.5 + 0.25 * (phase * k).sin() + 0.2 * (points[:, 0] * k).cos() for k in (1, 2, 3)
        ]
        return torch.stack(colours).view(3, self.size, self.size).float().clamp(0, 1)

    def pixels(self):
        y, x = torch.meshgrid(*(torch.arange(self.size),) * 2, indexing="ij")
        return torch.stack([x, y], -1).view(-1, 2).double()

    def seen_from(self, time, *, right=False):
        """Return where a camera sees what now shows, its depth there, and what hides it."""
        _, points, surface = self.cast(self.pixels(), 0)
        points = points + (surface == _BOX)[:, None] * self.box_at(time)
        camera = torch.linalg.inv(self.world_from_camera(time))
        moved = points @ camera[:3, :3].T + camera[:3, 3]
        if right:
            moved = moved - torch.tensor([self.baseline_m, 0, 0], dtype=torch.float64)
        seen = moved @ self.intrinsics.T
        place = seen[:, :2] / seen[:, 2:]
        first, _, _ = self.cast(place, time, right=right)
        outside = ((place < 0) | (place > self.size - 1)).any(1)
        return place, moved[:, 2], outside | (first < moved[:, 2] * 0.999)

    def sample(self):
        """Return every name of a batch."""
        depth, _, surface = self.cast(self.pixels(), 0)
        places = {time: self.seen_from(time) for time in (-1, 1)}
        focal = self.intrinsics[0, 0] * self.baseline_m
        known = torch.ones(1, self.size, self.size, dtype=torch.bool)
        motion = {
            time: torch.linalg.inv(self.world_from_camera(time)) @ self.world_from_camera(0)
            for time in (-1, 1)
        }
        return {
            "previous": self.image(-1),
            "current": self.image(0),
            "next": self.image(1),
            "right": self.image(0, right=True),
            "next_right": self.image(1, right=True),
            "intrinsics": self.intrinsics.float(),
            "baseline_m": torch.tensor(self.baseline_m),
            "depth": self.plane(depth),
            "disparity": self.plane(focal / depth),
            "disparity_known": known,
            "next_disparity": self.plane(focal / places[1][1]),
            "next_disparity_known": known,
            "flow_forward": self.plane(places[1][0] - self.pixels()),
            "flow_forward_known": known,
            "flow_backward": self.plane(places[-1][0] - self.pixels()),
            "flow_backward_known": known,
            "occluded_next": self.plane(places[1][2]),
            "occluded_previous": self.plane(places[-1][2]),
            "occluded_right": self.plane(self.seen_from(0, right=True)[2]),
            "labels": _LABELS[surface].view(self.size, self.size),
            "instances": (surface == _BOX).int().view(self.size, self.size),
            "moving": self.plane(surface == _BOX),
            "next_from_current": motion[1].float(),
            "previous_from_current": motion[-1].float(),
        }

    def plane(self, values):
        """Return (N,) or (N, C) as an image, float32 or bool. # (C, H, W)."""
        image = values.view(self.size, self.size, -1).permute(2, 0, 1).contiguous()
        return image if image.dtype == torch.bool else image.float()
