from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from offline import infer
from offline.golden.stand_ins import golden_image, golden_weights
from offline.kitti_files import read_disparity, read_flow
from scene_perception.checkpoints.dwarf import convert
from scene_perception.checkpoints.weights import save_weights

DATA = Path(__file__).resolve().parents[1] / "data" / "dwarf"
SMALL = ("--height", "128", "--width", "128", "--random-weights")


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """The golden case's stand-in weights, converted."""
    path = tmp_path_factory.mktemp("weights") / "dwarf.safetensors"
    shapes = json.loads((DATA / "variables.json").read_text())
    save_weights(path, convert(golden_weights(shapes, "HWIO")), {"model": "dwarf"})
    return path


def write_golden_images(folder: Path) -> list[str]:
    """Write the padded golden case's images and return the options that name them."""
    lefts = [golden_image(seed, 121, 371) for seed in (10, 11)]
    views = [view for left in lefts for view in (left, np.roll(left, -6, axis=1))]
    options = []
    for name, view in zip(("left", "right", "next-left", "next-right"), views, strict=True):
        cv2.imwrite(str(folder / f"{name}.png"), view[..., ::-1])
        options += [f"--{name}", str(folder / f"{name}.png")]
    return options


def test_four_images_give_the_published_scripts_files(tmp_path, weights):
    options = [*write_golden_images(tmp_path), "--weights", str(weights)]
    size = ["--height", "128", "--width", "384"]
    assert infer.main(["dwarf", "--output", str(tmp_path / "out"), *options, *size]) == 0
    golden = np.load(DATA / "outputs_10_padded.npz")
    for kind, name in (("disp_0", "disparity"), ("disp_1", "disparity_change")):
        stored = cv2.imread(str(tmp_path / "out" / kind / "000000_10.png"), cv2.IMREAD_UNCHANGED)
        error = np.abs(stored - golden[f"kitti_{kind}"].astype(int))
        assert error.max() <= 1, name
        assert (error > 0).mean() < 0.02, name
    flow, valid = read_flow(tmp_path / "out" / "flow" / "000000_10.png")
    assert valid.all()
    assert np.abs(flow - golden["flow"]).max() < 1 / 64 + 1e-3


def data_set(root: Path, count: int) -> Path:
    for side, camera in enumerate(("image_2", "image_3")):
        folder = root / "testing" / camera
        folder.mkdir(parents=True)
        for number in range(count):
            for moment in (0, 1):
                image = np.roll(golden_image(10 * number + moment, 100, 120), -4 * side, axis=1)
                cv2.imwrite(str(folder / f"{number:06d}_1{moment}.png"), image[..., ::-1])
    return root


def run(tmp_path: Path, *more: str) -> int:
    data = ["--data", str(tmp_path / "data"), "--split", "testing"]
    return infer.main(["dwarf", *data, "--output", str(tmp_path / "out"), *SMALL, *more])


def test_a_split_gives_maps_and_pictures_of_every_pair(tmp_path):
    data_set(tmp_path / "data", 2)
    assert run(tmp_path, "--color") == 0
    names = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.png")}
    kinds = ("disp_0", "disp_1", "flow")
    expected = [f"{kind}/{n:06d}_10.png" for kind in kinds for n in range(2)]
    assert names == {*expected, *(f"color/{name}" for name in expected)}
    first, second = (
        read_disparity(tmp_path / "out" / "disp_0" / f"{n:06d}_10.png") for n in range(2)
    )
    assert first.shape == second.shape == (100, 120)
    assert np.nanstd(first - second) > 0
    assert cv2.imread(str(tmp_path / "out" / "color" / "flow" / "000001_10.png")).shape == (
        100,
        120,
        3,
    )


def test_a_damaged_image_ends_the_run_or_its_own_pair(tmp_path, capsys):
    data_set(tmp_path / "data", 2)
    (tmp_path / "data" / "testing" / "image_3" / "000000_11.png").write_bytes(b"damaged")
    assert run(tmp_path) == 2
    assert "image_3/000000_11.png is damaged" in capsys.readouterr().err
    assert not any((tmp_path / "out").iterdir())
    assert run(tmp_path, "--skip-missing") == 0
    assert [path.name for path in (tmp_path / "out" / "flow").iterdir()] == ["000001_10.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--left", "a.png", "--right", "b.png"], "all of --left, --right, --next-left"),
        (["--data", "here", "--left", "a.png"], "either --data FOLDER or all of"),
        (["--data", "nowhere"], "KITTI scene flow folder nowhere must have training/image_2"),
    ],
)
def test_images_that_are_not_said_are_asked_for(tmp_path, capsys, arguments, message):
    assert infer.main(["dwarf", *arguments, "--output", str(tmp_path), *SMALL]) == 2
    assert message in capsys.readouterr().err


def test_weights_of_another_model_are_named(tmp_path, capsys):
    path = tmp_path / "other.safetensors"
    save_weights(path, {}, {"model": "omeganet"})
    data_set(tmp_path / "data", 1)
    options = ["--data", str(tmp_path / "data"), "--split", "testing", "--weights", str(path)]
    assert infer.main(["dwarf", *options, "--output", str(tmp_path / "out")]) == 2
    assert "holds omeganet" in capsys.readouterr().err


def test_two_cameras_images_are_taken_pair_by_pair(tmp_path):
    for side in ("left", "right"):
        (tmp_path / side).mkdir()
        for number in range(3):
            image = np.roll(golden_image(number, 100, 120), -4 * (side == "right"), axis=1)
            cv2.imwrite(str(tmp_path / side / f"{number}.png"), image)
    inputs = ["--input", str(tmp_path / "left"), "--right-input", str(tmp_path / "right")]
    options = ["--output", str(tmp_path / "out"), "--formats", "npy", *SMALL]
    assert infer.main(["dwarf", *inputs, *options]) == 0
    assert sorted(path.name for path in (tmp_path / "out" / "npy").iterdir()) == [
        "disparity",
        "flow",
        "next_disparity",
    ]
    files = (tmp_path / "out" / "npy" / "disparity").iterdir()
    assert sorted(path.name for path in files) == ["0.npy", "1.npy"]
