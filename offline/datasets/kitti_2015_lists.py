"""KITTI 2015's lists by rule: omegaNet's and DWARF's are enumerations.

They are written as published, line by line, for an image folder (omegaNet) or a split's
folder (DWARF). Frames are numbered 00 ... 20 in each scene; 10 is the one with ground truth.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from offline.datasets.kitti_2015_files import MOMENT

SCENES = 200
_ABLATION_SCENES = 160  # the other 40 are what the ablation is tested on
_PAIRS = 20  # of the multi-view extension's 21 frames

Lines = tuple[str, ...]


def _omeganet() -> Lines:
    return tuple(
        " ".join(f"{scene:06d}_{moment:02d}.png" for moment in (MOMENT - 1, MOMENT, MOMENT + 1))
        for scene in range(SCENES)
    )


def _omeganet_semantic() -> Lines:
    return tuple(f"{scene:06d}_{MOMENT}.png" for scene in range(SCENES))


def _images(scene: int, moment: int) -> str:
    return " ".join(
        f"{camera}/{scene:06d}_{time:02d}.png"
        for time in (moment, moment + 1)
        for camera in ("image_2", "image_3")
    )


def _measured(scenes: int) -> Lines:
    kinds = ("disp_occ_0", "disp_occ_1", "flow_occ")
    return tuple(_labelled(scene, MOMENT, kinds) for scene in range(scenes))


def _proxies(scenes: int, left_out: int | None = None) -> Lines:
    """Return lines whose labels are another network's, that of Ilg et al. (2018)."""
    kinds = ("ILG/disp_0", "ILG/disp_1", "ILG/flow")
    moments = (moment for moment in range(_PAIRS) if moment != left_out)
    return tuple(
        _labelled(scene, moment, kinds) for scene, moment in product(range(scenes), moments)
    )


def _labelled(scene: int, moment: int, kinds: tuple[str, ...]) -> str:
    labels = " ".join(f"{kind}/{scene:06d}_{moment:02d}.png" for kind in kinds)
    return f"{_images(scene, moment)} {labels}"


_RULES: dict[str, Callable[[], Lines]] = {
    "omeganet": _omeganet,
    "omeganet_semantic": _omeganet_semantic,
    "dwarf_test": lambda: tuple(_images(scene, MOMENT) for scene in range(SCENES)),
    "kitti_200": lambda: _measured(SCENES),
    "kitti_160": lambda: _measured(_ABLATION_SCENES),
    "kitti_multiview": lambda: _proxies(SCENES),
    "kitti_multiview_partial": lambda: _proxies(_ABLATION_SCENES),
    "kitti_mixed": lambda: (
        *_proxies(_ABLATION_SCENES, left_out=MOMENT),
        *_measured(_ABLATION_SCENES),
    ),
}

LISTS = tuple(_RULES)


def list_lines(name: str) -> Lines:
    """Return the lines of one of ``LISTS``, as published.

    ``omeganet``: "t-1 t t+1"; ``omeganet_semantic``: "t"; ``dwarf_test``: "left_t right_t
    left_t+1 right_t+1"; DWARF's training lists the same with "disparity_t disparity_t+1
    flow" after it.

    Raises:
        ValueError: for another name.
    """
    if name not in _RULES:
        raise ValueError(f"list of KITTI 2015 must be one of {', '.join(LISTS)}, got {name!r}")
    return _RULES[name]()
