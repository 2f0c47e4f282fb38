from __future__ import annotations

import numpy as np
import pytest
import torch

from offline.datasets.kitti_2015 import read_kitti_2015
from offline.datasets.synthetic import synthetic_sequence
from offline.generate import main
from offline.synthetic.samples import sample_of
from offline.synthetic.settings import WorldSettings
from offline.synthetic.shards import Shards
from offline.synthetic.triplets import make_triplets
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import Bag

SMALL = ["--height", "32", "--width", "96", "--device", "cpu"]


def test_kitti_folders_have_kittis_depth_and_as_many_scenes_as_seeds(tmp_path):
    arguments = ["--format", "kitti", "--count", "2", "--first-seed", "40", *SMALL]
    assert main(["--output", str(tmp_path), *arguments]) == 0
    samples = read_kitti_2015(tmp_path)
    assert [sample.name for sample in samples] == ["000000_10", "000001_10"]
    # Our reader takes 0.54 m and the calibration's focal length for granted.
    depth, disparity = samples[0].known("depth"), samples[0].known("disparity_occ_0")
    known = np.isfinite(disparity)
    focal = 721.5377 * 96 / 1242
    np.testing.assert_allclose(depth[known] * disparity[known], 0.54 * focal, rtol=1e-5)
    assert known.mean() > 0.2
    assert main(["--output", str(tmp_path), *arguments]) == 1


def test_shards_hold_the_triplets_of_their_seeds_and_runs_add_up(tmp_path, capsys):
    for first, batch in ((7, 2), (9, 1)):
        arguments = ["--format", "shards", "--count", "2", "--batch", str(batch), *SMALL]
        assert main(["--output", str(tmp_path), "--first-seed", str(first), *arguments]) == 0
    assert "2 samples in 1 files" in capsys.readouterr().out
    shards = Shards(tmp_path)
    assert [shards.name(n) for n in range(4)] == [f"street_{n:06d}" for n in range(7, 11)]
    expected = sample_of(make_triplets([8], WorldSettings(height=32, width=96)), 0)
    for name, value in shards[1].items():
        assert torch.equal(value, expected[name]), name


def test_shards_hold_flying_things_too(tmp_path):
    arguments = ["--format", "shards", "--count", "1", "--mode", "things", "--rays", "2", *SMALL]
    assert main(["--output", str(tmp_path), *arguments]) == 0
    assert Shards(tmp_path).name(0) == "things_000000"
    assert (Shards(tmp_path)[0]["labels"] == 255).all()


def test_a_recording_is_the_drive_of_its_seed(tmp_path):
    bag = tmp_path / "bag"
    arguments = ["--format", "bag", "--count", "2", "--first-seed", "3", *SMALL]
    assert main(["--output", str(bag), *arguments]) == 0
    with Bag(bag) as recording:
        messages = list(recording.messages(["/left/image_rect"]))
    assert len(messages) == 2
    image = cdr.image_pixels(cdr.typestore().deserialize_cdr(messages[0].data, cdr.IMAGE))
    drive = synthetic_sequence(2, seed=3, height=32, width=96)
    np.testing.assert_array_equal(image, drive.left.pictures[0].pixels("rgb8")[0])


def test_what_cannot_be_written_is_told(tmp_path, capsys):
    arguments = ["--format", "bag", "--mode", "things", *SMALL]
    assert main(["--output", str(tmp_path / "bag"), *arguments]) == 1
    assert "mode of a recording must be street, got things" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--output", str(tmp_path), "--format", "kitti", "--first-seed", "-1"])
