"""Adapting to a drive: what is written and what is refused."""

import json

import cv2
import numpy as np
import pytest

from offline.adapt import main
from scene_perception.checkpoints.omeganet import load_omeganet
from scene_perception.checkpoints.weights import save_weights
from scene_perception.engines.random_weights import random_omeganet
from scene_perception.models.dsnet import DSNet

_CALIBRATION = """image_width: 128
image_height: 128
projection_matrix: {rows: 3, cols: 4, data: [100, 0, 64, 0, 0, 100, 64, 0, 0, 0, 1, 0]}
"""


def _frame(index):
    """Return a wall and a strip before it, which moves four times as fast."""
    far, near = (
        cv2.resize(np.random.default_rng(seed).uniform(0, 255, (24, 48, 3)), (256, 128))
        for seed in (0, 1)
    )
    frame = far[:, index : index + 128].copy()
    frame[40:100] = np.roll(near, -4 * index, 1)[40:100, :128]
    return frame.astype(np.uint8)


def _write(folder, indices):
    folder.mkdir()
    for number, index in enumerate(indices):
        cv2.imwrite(str(folder / f"{number:06d}.png"), _frame(index))
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "omeganet.safetensors"
    save_weights(path, random_omeganet(0).state_dict(), {"model": "omeganet"})
    return path


def _arguments(bag, weights, output, *more):
    return [
        *("--bag", str(bag), "--weights", str(weights), "--output", str(output)),
        *("--height", "128", "--width", "128", "--device", "cpu", "--batch-size", "1", *more),
    ]


def test_a_drive_lowers_the_error_of_the_frames_held_out(tmp_path, weights, capsys):
    folder = _write(tmp_path / "drive", range(20))
    (tmp_path / "camera.yaml").write_text(_CALIBRATION)
    np.savetxt(tmp_path / "poses.txt", [_pose(n) for n in range(20)])
    given = ("--calibration", str(tmp_path / "camera.yaml"), "--poses", str(tmp_path / "poses.txt"))
    fast = ("--steps", "4", "--checks", "1", "--learning-rate", "0.0002")
    output = tmp_path / "adapted"
    assert main(_arguments(folder, weights, output, *given, *fast)) == 0
    report = json.loads((output / "report.json").read_text())
    before, after = (report[when]["photometric"] for when in ("before", "after"))
    assert after["flow"] < 0.9 * before["flow"]
    # Four steps are too few for depth: the best is kept, as far as rounding lets it.
    assert after["views"] <= before["views"] * (1 + 1e-5)
    assert after["unmoved"] == before["unmoved"] > 0
    assert report["after"]["pose_of_all"]["frames"] == 19
    assert "held-out frames" in capsys.readouterr().out
    start, adapted = load_omeganet(weights), load_omeganet(output / "adapted.safetensors")
    statistics = [name for name in start.state_dict() if "running" in name]
    changed = [
        n for n in statistics if not (start.state_dict()[n] == adapted.state_dict()[n]).all()
    ]
    assert not changed


def _pose(index):
    pose = np.eye(4)[:3]
    pose[0, 3] = 0.1 * index
    return pose.ravel()


def test_a_still_recording_is_refused(tmp_path, weights, capsys):
    folder = _write(tmp_path / "still", [0] * 20)
    assert main(_arguments(folder, weights, tmp_path, "--learned-intrinsics")) == 2
    assert "the camera seems to stand" in capsys.readouterr().err


def test_unknown_intrinsics_are_refused_unless_they_are_learnt(tmp_path, weights, capsys):
    folder = _write(tmp_path / "drive", range(3))
    assert main(_arguments(folder, weights, tmp_path)) == 2
    assert "must have intrinsics, it has none; give --calibration" in capsys.readouterr().err


def test_too_short_a_recording_is_refused(tmp_path, weights, capsys):
    folder = _write(tmp_path / "drive", range(6))
    assert main(_arguments(folder, weights, tmp_path, "--learned-intrinsics")) == 2
    assert "at least 8 moving triplets" in capsys.readouterr().err


def test_weights_of_another_model_are_refused(tmp_path, capsys):
    path = tmp_path / "dsnet.safetensors"
    save_weights(path, DSNet().state_dict(), {"model": "dsnet"})
    assert main(_arguments(tmp_path, path, tmp_path)) == 2
    assert "must be of omeganet, they are of dsnet" in capsys.readouterr().err
