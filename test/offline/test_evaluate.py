"""One command prints the table, writes it, and says what is wrong with what it was given."""

import csv
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from offline.datasets.generated import generated_samples
from offline.evaluate import main
from offline.kitti_files import write_disparity, write_flow
from scene_perception.checkpoints.weights import save_weights
from scene_perception.engines.random_weights import random_omeganet

SMALL = ("--height", "128", "--width", "192")
COUNT = 3


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "omeganet.safetensors"
    save_weights(path, random_omeganet().state_dict(), {"model": "omeganet"})
    return str(path)


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """Return a small generated street as KITTI 2015 with its multi-view frames and labels."""
    root = tmp_path_factory.mktemp("street") / "training"
    for sample in generated_samples(COUNT, height=96, width=320):
        scene = sample.name
        for role, moment in (("previous", "09"), ("current", "10"), ("next", "11")):
            write(root / "image_2" / f"{scene}_{moment}.png", sample.image(role)[..., ::-1])
        name = f"{scene}_10.png"
        for pixels in ("occ", "noc"):
            folder = made(root / f"flow_{pixels}")
            write_flow(folder / name, *sample.known(f"flow_{pixels}"))
            for time in "01":
                folder = made(root / f"disp_{pixels}_{time}")
                write_disparity(folder / name, sample.known(f"disparity_{pixels}_{time}"))
        write(root / "obj_map" / name, sample.known("object_map"))
        write(root / "semantic" / name, sample.known("label_ids"))
        calibration = made(root / "calib_cam_to_cam") / f"{scene}.txt"
        calibration.write_text("P_rect_02: 185 0 160 0 0 185 48 0 0 0 1 0\n")
    return str(root)


def made(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write(path, pixels):
    assert cv2.imwrite(str(made(path.parent) / path.name), pixels)


@pytest.fixture
def street_options(street, weights, tmp_path):
    """Return what every evaluation of OmegaNet on the small street is told."""
    network = ["--model", "omeganet", "--weights", weights, *SMALL]
    data = ["--data", street, "--dataset", "kitti_2015", "--truth", "kitti2015"]
    return [*network, *data, "--pictures", "1", "--output", str(tmp_path / "out")]


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    """Return a folder of ground truth and one of predictions, called as KITTI's."""
    root = tmp_path_factory.mktemp("kit")
    for folder in ("gt/disp_occ_0", "gt/disp_occ_1", "gt/flow_occ", "gt/obj_map", "mine/disp_0"):
        (root / folder).mkdir(parents=True)
    name, shape = "000000_10.png", (20, 40)
    write_disparity(root / "gt/disp_occ_0" / name, np.full(shape, 20.0))
    write_disparity(root / "gt/disp_occ_1" / name, np.full(shape, 20.0))
    write_flow(root / "gt/flow_occ" / name, np.zeros((*shape, 2)))
    cv2.imwrite(str(root / "gt/obj_map" / name), np.zeros(shape, np.uint8))
    mine = np.full(shape, 20.0)
    mine[:, :10] = 24.0
    write_disparity(root / "mine/disp_0" / name, mine)
    return root


def test_a_network_is_evaluated_and_reported(street_options, tmp_path, capsys):
    assert main(["depth", *street_options, "--limit", "2"]) == 0
    printed = capsys.readouterr().out
    assert "abs_rel" in printed
    assert "2 of 2 samples scored" in printed
    report = json.loads((tmp_path / "out" / "depth.json").read_text())
    with (tmp_path / "out" / "depth.csv").open() as file:
        frames = [float(row["abs_rel"]) for row in csv.DictReader(file)]
    assert report["figures"]["abs_rel"] == pytest.approx(np.mean(frames), rel=1e-12)
    assert "kitti_2015" in report["settings"]["data"]
    assert (tmp_path / "out" / "depth.html").stat().st_size > 10_000


def test_several_tasks_need_one_command(street_options, tmp_path):
    tasks = ["flow", "motion", "semantics"]
    assert main([*tasks, *street_options]) == 0
    assert {path.stem for path in (tmp_path / "out").glob("*.json")} == set(tasks)


def test_two_processes_give_the_same_files_as_one(street_options, tmp_path, repository):
    tasks = ["depth", "semantics", "flow", "--scaling", "sequence"]
    arguments = [*tasks, *street_options[:-1]]
    assert main([*arguments, str(tmp_path / "one")]) == 0
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command = [*torchrun, "-m", "offline.evaluate", *arguments, str(tmp_path / "two")]
    ended = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    written = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(written) == 9
    for name in written:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_predictions_in_files_are_evaluated(kit, tmp_path, capsys):
    arguments = ["scene_flow", "--predictions", str(kit / "mine"), "--data", str(kit / "gt")]
    assert main([*arguments, "--output", str(tmp_path)]) == 0
    figures = json.loads((tmp_path / "scene_flow.json").read_text())["figures"]
    assert figures["d1_all"] == 25.0
    assert "fl_all" not in figures


def test_a_missing_prediction_ends_the_run_naming_it(kit, tmp_path, capsys):
    arguments = ["flow", "--predictions", str(tmp_path), "--data", str(kit / "gt")]
    assert main([*arguments, "--output", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "000000_10" in told
    assert "must have the ground truth 'flow_noc'" in told


def test_a_truncated_png_is_named(kit, tmp_path, capsys):
    folder = tmp_path / "disp_0"
    folder.mkdir()
    whole = (kit / "mine/disp_0/000000_10.png").read_bytes()
    (folder / "000000_10.png").write_bytes(whole[: len(whole) // 2])
    arguments = ["scene_flow", "--predictions", str(tmp_path), "--data", str(kit / "gt")]
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 2
    assert "000000_10.png cannot be read" in capsys.readouterr().err


def test_predictions_of_another_size_are_refused(kit, tmp_path, capsys):
    folder = tmp_path / "disp_0"
    folder.mkdir()
    write_disparity(folder / "000000_10.png", np.full((10, 40), 20.0))
    arguments = ["scene_flow", "--predictions", str(tmp_path), "--data", str(kit / "gt")]
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 2
    assert "disparity must be (20, 40)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("folder", "told"),
    [("nowhere", "--data must be the folder of kitti_raw, "), (".", "must have dates such as")],
)
def test_a_wrong_root_folder_is_named(weights, tmp_path, capsys, folder, told):
    arguments = ["depth", "--model", "omeganet", "--weights", weights, *SMALL]
    assert main([*arguments, "--data", str(tmp_path / folder)]) == 2
    assert told in capsys.readouterr().err


def test_a_checkpoint_of_another_model_is_refused(street_options, capsys):
    assert main(["depth", *street_options, "--model", "sgdepth"]) == 2
    told = capsys.readouterr().err
    assert "weights of sgdepth must be of sgdepth" in told
    assert "holds omeganet" in told


def test_a_task_that_the_model_cannot_do_is_refused(street_options, capsys):
    assert main(["scene_flow", *street_options]) == 2
    assert "omeganet with these weights can do (depth" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["faces", "--from-bag", "x"], "TASK must be one of depth"),
        (["--predictions", "x"], "TASK must be given"),
        (["--from-bag", "x"], "--dataset must be given where TASK is not"),
        (["depth"], "predictions must come from one of"),
        (["depth", "--predictions", "x", "--from-bag", "y"], "predictions must come from one of"),
        (["depth", "--random-weights"], "--model must be given"),
        (["depth", "--predictions", "x", "--flip"], "--flip must go with --weights"),
        (["depth", "--from-bag", "x", "--inverse-depth"], "--inverse-depth must go with"),
        (["depth", "--predictions", "x", "--limit", "0"], "--limit must be at least 1, got 0"),
        (["depth", "--predictions", "x", "--pictures", "-1"], "--pictures must be at least 0"),
    ],
)
def test_options_that_do_not_go_together_are_refused(capsys, arguments, told):
    with pytest.raises(SystemExit):
        main(arguments)
    assert told in capsys.readouterr().err
