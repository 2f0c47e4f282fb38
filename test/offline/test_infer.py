from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from offline import infer
from offline.golden.stand_ins import golden_image
from offline.inference.run import Done
from scene_perception.checkpoints.weights import save_weights
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import Bag

SMALL = ("--height", "128", "--width", "128", "--random-weights", "--cpu")


@pytest.fixture
def folder(tmp_path) -> Path:
    """Four frames, 120x90 px."""
    images = tmp_path / "images"
    images.mkdir()
    for number in range(4):
        cv2.imwrite(str(images / f"frame_{number}.png"), golden_image(number, 90, 120))
    return images


def run(model: str, folder: Path, *more: str) -> int:
    out = str(folder.parent / "out")
    return infer.main([model, "--input", str(folder), "--output", out, *SMALL, *more])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


FRAMES = [f"frame_{number}.png" for number in range(4)]


def test_a_folder_gives_pictures_of_all_that_the_model_says(folder, capsys):
    assert run("omeganet", folder) == 0
    color = folder.parent / "out" / "color"
    assert names(color) == ["depth", "flow", "motion", "semantics"]
    assert names(color / "depth") == names(color / "semantics") == FRAMES
    assert names(color / "flow") == names(color / "motion") == FRAMES[1:3]
    assert cv2.imread(str(color / "flow" / "frame_1.png")).shape == (90, 120, 3)
    said = capsys.readouterr()
    assert "4 frames written" in said.out
    assert "RANDOM WEIGHTS" in said.err
    assert "depth is relative" in said.err


def test_arrays_and_kitti_files_say_the_same(folder):
    formats = ("--formats", "npy", "kitti", "--scale", "10", "--max-depth", "12")
    assert run("sgdepth", folder, *formats) == 0
    out = folder.parent / "out"
    assert names(out) == ["depth", "npy", "poses.txt", "semantics"]
    depth = np.load(out / "npy" / "depth" / "frame_2.npy")
    stored = cv2.imread(str(out / "depth" / "frame_2.png"), cv2.IMREAD_UNCHANGED)
    assert np.nanmax(depth) <= 12
    np.testing.assert_array_equal(stored, np.floor(np.nan_to_num(depth) * 256))
    labels = np.load(out / "npy" / "labels" / "frame_2.npy")
    np.testing.assert_array_equal(
        cv2.imread(str(out / "semantics" / "frame_2.png"), cv2.IMREAD_UNCHANGED), labels
    )
    poses = np.loadtxt(out / "poses.txt").reshape(-1, 3, 4)
    step = np.load(out / "npy" / "next_from_current" / "frame_0.npy")
    np.testing.assert_allclose(poses[0], np.eye(4)[:3])
    np.testing.assert_allclose(poses[1], np.linalg.inv(step)[:3], atol=1e-8)
    assert len(poses) == 4


def test_a_bag_has_the_nodes_topics_with_the_frames_stamps(folder):
    assert run("omeganet", folder, "--formats", "bag", "--limit", "3", "--fps", "20") == 0
    with Bag(folder.parent / "out" / "bag") as bag:
        counts = {topic.name: topic.count for topic in bag.topics}
        stamps = [cdr.header_stamp_ns(m.data) for m in bag.messages(["/depth/image_rect"])]
    assert counts == {
        "/depth/image_rect": 3,
        "/depth/unit": 1,
        "/semantic/image": 3,
        "/semantic/labels": 1,
        "/flow/image": 2,
        "/motion_mask/image": 2,
        "/motion_probability/image": 2,
        "/ego_motion": 2,
    }
    assert np.diff(stamps).tolist() == [50_000_000] * 2


def test_the_arrays_of_a_video_are_those_of_its_frames(folder):
    video = folder.parent / "drive.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"FFV1"), 10, (120, 90))
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no lossless video")
    for name in FRAMES:
        writer.write(cv2.imread(str(folder / name)))
    writer.release()
    options = ("--formats", "npy", "--tasks", "depth")
    assert run("insta_dm", folder, *options) == 0
    assert run("insta_dm", video, *options) == 0
    depth = folder.parent / "out" / "npy" / "depth"
    assert names(depth) == [
        *(f"{n:06d}.npy" for n in range(4)),
        *(f"frame_{n}.npy" for n in range(4)),
    ]
    for number in range(4):
        of_video, of_file = (
            np.load(depth / name) for name in (f"{number:06d}.npy", f"frame_{number}.npy")
        )
        np.testing.assert_allclose(of_video, of_file, rtol=0.05)


def test_options_of_the_published_scripts_are_taken(folder):
    out = folder.parent / "out"
    triple = [f"--{name}={folder / FRAMES[n]}" for n, name in enumerate(("src1", "tgt", "src2"))]
    published = ["--tasks", "inverse_depth", "motion_mask", "--tau", "0.3", "--dest", str(out)]
    assert infer.main(["omeganet", *triple, *published, *SMALL]) == 0
    assert names(out / "color") == ["depth", "motion"]
    assert names(out / "color" / "motion") == ["frame_1.png"]
    sizes = ["--inference-resize-height", "128", "--inference-resize-width", "128"]
    paths = ["--image-path", str(folder), "--output-path", str(out / "sgdepth")]
    assert infer.main(["sgdepth", *paths, *sizes, "--random-weights", "--limit", "1"]) == 0
    (folder / "list.txt").write_text("frame_3.png\nframe_1.png\n")
    paths = ["--dataset-dir", str(folder), "--dataset-list", str(folder / "list.txt")]
    sizes = ["--img-height", "128", "--img-width", "128", "--output-dir", str(out / "insta_dm")]
    assert infer.main(["insta_dm", *paths, *sizes, "--random-weights"]) == 0
    assert names(out / "insta_dm" / "color" / "depth") == ["frame_1.png", "frame_3.png"]


def test_the_mirrored_image_changes_depth(folder):
    options = ("--formats", "npy", "--tasks", "depth", "--limit", "1")
    file = folder.parent / "out" / "npy" / "depth" / "frame_0.npy"
    assert run("insta_dm", folder, *options) == 0
    alone = np.load(file)
    assert run("insta_dm", folder, *options, "--flip") == 0
    assert not np.array_equal(alone, np.load(file))


def test_a_damaged_image_ends_the_run_and_leaves_what_was_written(folder, capsys):
    (folder / FRAMES[2]).write_bytes(b"damaged")
    assert run("insta_dm", folder, "--formats", "kitti", "bag", "--tasks", "depth") == 2
    assert f"frame_2: image {folder / FRAMES[2]} is damaged" in capsys.readouterr().err
    out = folder.parent / "out"
    assert names(out / "depth") == FRAMES[:2]
    with Bag(out / "bag") as bag:
        assert {topic.name: topic.count for topic in bag.topics}["/depth/image_rect"] == 2


def test_a_damaged_image_can_be_passed_over(folder, capsys):
    (folder / FRAMES[2]).write_bytes(b"damaged")
    assert run("insta_dm", folder, "--skip-missing", "--tasks", "depth") == 0
    said = capsys.readouterr()
    assert "3 frames written" in said.out
    assert "1 lack outputs" in said.out
    assert "frame_2.png is damaged" in said.err


@pytest.mark.parametrize(
    ("model", "tasks", "message"),
    [
        ("sgdepth", ["flow"], "tasks of sgdepth with these weights are depth, semantics, pose"),
        ("omeganet", ["depth", "flow"], "flow needs the images previous, current, next"),
    ],
)
def test_tasks_that_model_or_input_cannot_serve_are_refused(folder, capsys, model, tasks, message):
    assert run(model, folder / FRAMES[0], "--tasks", *tasks) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", "nowhere"], "input nowhere must be an image, a folder, a video or a bag"),
        (["--input", "nowhere.mcap"], "recording nowhere.mcap does not exist"),
        ([], "give --input or --tgt for the images"),
        (["--src1", "a.png"], "give --input or --tgt for the images"),
        (["--input", "a/x.png", "b/x.png"], "images must have different names"),
        (["--input", "x.png", "--min-depth", "-1"], "min_depth must be >= 0"),
        (["--input", "x.png", "--tau", "2"], "threshold must be <= 1"),
        (["--input", "x.png", "--weights", "w"], "weights must be empty with --random-weights"),
    ],
)
def test_inputs_that_make_no_sense_are_refused(tmp_path, capsys, arguments, message):
    assert infer.main(["omeganet", *arguments, "--output", str(tmp_path), *SMALL]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--limit", "0"], "--limit: must be at least 1"),
        (["--scale", "0"], "--scale: must be > 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(folder, capsys, arguments, message):
    with pytest.raises(SystemExit):
        run("omeganet", folder, *arguments)
    assert message in capsys.readouterr().err


def test_weights_of_another_model_are_named(folder, capsys):
    path = folder.parent / "other.safetensors"
    save_weights(path, {}, {"model": "omeganet"})
    options = ["--weights", str(path), "--output", str(folder.parent / "out")]
    assert infer.main(["sgdepth", "--input", str(folder), *options]) == 2
    assert "weights of sgdepth must be of sgdepth" in capsys.readouterr().err


def test_a_run_that_wrote_nothing_has_failed(folder):
    for name in FRAMES:
        (folder / name).write_bytes(b"damaged")
    assert run("insta_dm", folder, "--skip-missing") == 2


def kitti(*numbers: int) -> Done:
    return Done(written={n: f"{number:06d}_10" for n, number in enumerate(numbers)})


def test_a_long_list_of_gaps_is_cut_off(tmp_path):
    line = infer.report(kitti(0, 9), tmp_path)[-1]
    assert line.endswith("there is no 000001, 000002, 000003, 000004, 000005, ...")


def test_a_whole_split_has_no_gaps(tmp_path):
    assert infer.report(kitti(0, 1, 2), tmp_path) == [f"3 frames written to {tmp_path}"]
