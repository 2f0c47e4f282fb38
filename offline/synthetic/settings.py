"""What worlds are sampled from."""

from __future__ import annotations

from dataclasses import dataclass

from scene_perception.settings import check, setting

STREET, THINGS = "street", "things"
_RANGES = {
    "focal": (0.3, 4.0),
    "baseline_m": (0.01, 2.0),
    "camera_height_m": (0.5, 2.5),
    "speed_m_s": (0.0, 40.0),
}


@dataclass(frozen=True)
class WorldSettings:
    """Kind of world, size of its images and the ranges its camera is drawn from.

    Raises:
        ValueError: for a setting outside its range.
    """

    mode: str = setting(STREET, "a street, or things that fly", choices=(STREET, THINGS))
    height: int = setting(192, "of images, px", minimum=16)
    width: int = setting(640, "of images, px", minimum=16)
    times: int = setting(3, "frames of a world", minimum=2)
    rate_hz: float = setting(10.0, "frames a second", minimum=0.5, maximum=200.0)
    focal: tuple[float, float] = setting((0.55, 1.1), "focal length over width, least and most")
    baseline_m: tuple[float, float] = setting((0.1, 0.6), "of the stereo camera, least and most")
    camera_height_m: tuple[float, float] = setting((1.5, 1.8), "over the road, least and most")
    speed_m_s: tuple[float, float] = setting((1.0, 15.0), "of the camera, least and most")
    standing: float = setting(0.2, "share of worlds whose camera stands", minimum=0, maximum=1)
    turning: float = setting(
        0.12, "share of short worlds whose camera turns off", minimum=0, maximum=1
    )
    solids: int = setting(250, "most solids of a world", minimum=20)

    def __post_init__(self) -> None:
        check(self)
        for name, (low, high) in _RANGES.items():
            _check_range(name, getattr(self, name), low, high)


def _check_range(name: str, given: tuple[float, float], low: float, high: float) -> None:
    if not (len(given) == 2 and low <= given[0] <= given[1] <= high):
        raise ValueError(
            f"{name} must be least and most within {low} .. {high}, got {given}; "
            f"give two numbers in order"
        )
