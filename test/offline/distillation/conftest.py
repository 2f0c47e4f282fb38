"""A tiny KITTI 2015 with two scenes, one of which is measured."""

import numpy as np
import pytest

from offline.kitti_files import write_disparity, write_flow
from offline.png_files import write_png

SIZE = (64, 128)


@pytest.fixture
def kitti(tmp_path):
    """Scenes 0 and 1; the first one has ground truth of the first disparity alone."""
    folder = tmp_path / "kitti" / "training"
    for name in ("image_2", "image_3"):
        (folder / name).mkdir(parents=True)
        for scene in (0, 1):
            for moment in (10, 11):
                pixels = np.full((*SIZE, 3), 40 * scene + moment, np.uint8)
                pixels[:, ::8] += 100
                write_png(folder / name / f"{scene:06d}_{moment}.png", pixels)
    return folder.parent


@pytest.fixture
def proxies(tmp_path):
    """PNGs of another network for both scenes: disparity 8 px, flow (2, -1) px, half known."""
    flow = np.zeros((*SIZE, 2), np.float32) + np.float32([2, -1])
    known = np.zeros(SIZE, bool)
    known[:, :64] = True
    for kind in ("disparity", "flow"):
        (tmp_path / "others" / kind).mkdir(parents=True)
    for scene in (0, 1):
        name = f"{scene:06d}_10.png"
        write_disparity(tmp_path / "others/disparity" / name, np.full(SIZE, 8.0, np.float32))
        write_flow(tmp_path / "others/flow" / name, flow, known)
    return tmp_path / "others"
