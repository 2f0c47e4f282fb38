"""The wheel is the published one."""

from __future__ import annotations

import numpy as np

from scene_perception.flow_wheel import wheel_colors


def middlebury(flow, radius):
    """The wheel of the flow-code's colorcode.cpp, pixel by pixel, without its integer floors."""
    ramp = {name: np.arange(n) / n for name, n in zip("abcdef", (15, 6, 4, 11, 13, 6), strict=True)}
    zero, one = np.zeros_like, np.ones_like
    parts = [
        (one(ramp["a"]), ramp["a"], zero(ramp["a"])),
        (1 - ramp["b"], one(ramp["b"]), zero(ramp["b"])),
        (zero(ramp["c"]), one(ramp["c"]), ramp["c"]),
        (zero(ramp["d"]), 1 - ramp["d"], one(ramp["d"])),
        (ramp["e"], zero(ramp["e"]), one(ramp["e"])),
        (one(ramp["f"]), zero(ramp["f"]), 1 - ramp["f"]),
    ]
    wheel = np.concatenate([np.stack(part, axis=1) for part in parts])
    u, v = flow[..., 0] / radius, flow[..., 1] / radius
    length = np.hypot(u, v)[..., None]
    place = (np.arctan2(-v, -u) / np.pi + 1) / 2 * (len(wheel) - 1)
    low = np.floor(place).astype(int)
    weight = (place - low)[..., None]
    hue = (1 - weight) * wheel[low] + weight * wheel[(low + 1) % len(wheel)]
    return 255 * np.where(length <= 1, 1 - length * (1 - hue), 0.75 * hue)


def test_flow_agrees_with_the_published_formula():
    random = np.random.default_rng(0)
    # Just above "right" the published wheel jumps from its last colour to its first.
    length, angle = random.uniform(0, 2, (50, 60)), random.uniform(0.02, 6.26, (50, 60))
    length[np.abs(length - 1) < 0.01] = 0.5  # at the rim either side is right
    flow = (np.stack([np.cos(angle), np.sin(angle)], -1) * length[..., None] * 8).astype(np.float32)
    np.testing.assert_allclose(wheel_colors(flow, 8.0), middlebury(flow, 8.0), atol=4)


def test_what_is_not_finite_is_black():
    flow = np.array([[(np.nan, 0), (0, np.inf)]], np.float32)
    assert not wheel_colors(flow, 8.0).any()
