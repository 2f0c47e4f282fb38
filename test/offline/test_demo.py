import json
import re

import cv2
import pytest

from offline.demo import main
from offline.shows import STEREO


def test_demo_draws_and_counts_every_output(tmp_path):
    output = tmp_path / "demo"
    size = ["--height", "188", "--width", "621"]
    counts = ["--count", "3", "--stereo-count", "3"]
    assert main([*counts, *size, "--output", str(output)]) == 0
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["complete"]
    mono, stereo = metrics["mono"], metrics["stereo"]
    assert mono["messages"]["/depth/image_rect"] == 3
    assert mono["messages"]["/flow/image"] == 1
    assert {"dsnet", "flow_decoder", "publish", "total"} <= mono["latency_ms"].keys()
    assert (mono["frames"], stereo["frames"]) == (3, 3)
    assert {stereo["messages"][topic] for topic in STEREO.short} == {2}
    assert {"stereo_encoder", "scene_flow_decoder", "total"} <= stereo["latency_ms"].keys()
    assert {"depth", "semantics", "flow", "motion"} <= mono["errors"].keys()
    assert 0 <= mono["errors"]["depth"]["abs_rel"] < 10
    assert {"depth", "flow", "scene_flow"} <= stereo["errors"].keys()
    assert all(entry["objects"] for entry in metrics["exact_input"])
    assert len(metrics["exact_input"]) == 2
    assert cv2.imread(str(output / "contact_sheet.png")).shape[1] > 1000
    for name, pictures in (("mono", 1), ("stereo", 2)):
        video = cv2.VideoCapture(str(output / f"{name}.mp4"))
        assert video.get(cv2.CAP_PROP_FRAME_COUNT) == pictures


def test_folder_without_images_is_refused(tmp_path, capsys):
    assert main(["--frames", str(tmp_path), "--output", str(tmp_path / "demo")]) == 1
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "least"), [("--count", 3), ("--stereo-count", 2)])
def test_too_few_frames_for_motion_are_refused(capsys, option, least):
    with pytest.raises(SystemExit):
        main([option, str(least - 1)])
    assert f"{option} must be at least {least}" in capsys.readouterr().err


def test_make_passes_on_every_option_for_a_users_own_data(repository, capsys):
    makefile = (repository / "Makefile").read_text()
    passed = set(
        re.findall(r"--[a-z-]+", makefile[makefile.index("\ndemo:") : makefile.index("\nweights:")])
    )
    assert passed == {"--frames", "--weights", "--stereo-weights"}
    with pytest.raises(SystemExit):
        main(["--help"])
    assert passed <= set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
