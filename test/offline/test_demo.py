import json

import cv2
import pytest

from offline.demo import main, missing_outputs
from offline.recording import Summary


def test_demo_draws_and_counts_every_output(tmp_path):
    output = tmp_path / "demo"
    assert main(["--count", "4", "--output", str(output)]) == 0
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["complete"]
    assert metrics["messages"]["/depth/image_rect"] == 4
    assert metrics["messages"]["/flow/image"] == 2
    assert {"dsnet", "flow_decoder", "publish", "total"} <= metrics["latency_ms"].keys()
    assert cv2.imread(str(output / "contact_sheet.png")).shape[1] > 1000
    assert cv2.VideoCapture(str(output / "demo.mp4")).get(cv2.CAP_PROP_FRAME_COUNT) == 2


def test_folder_without_images_is_refused(tmp_path, capsys):
    assert main(["--frames", str(tmp_path), "--output", str(tmp_path / "demo")]) == 1
    assert "error:" in capsys.readouterr().err


def test_fewer_than_three_frames_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--count", "2"])
    assert "at least 3" in capsys.readouterr().err


def test_missing_output_is_named_with_both_counts():
    stamps = {
        "/depth/image_rect": [1, 2, 3, 4],
        "/semantic/image": [1, 2, 3, 4],
        "/flow/image": [2],
        "/motion_mask/image": [2, 3],
        "/motion_probability/image": [2, 3],
        "/ego_motion": [2, 3],
    }
    problems = missing_outputs(Summary(stamps_ns=stamps), 4)
    assert problems == ["/flow/image: expected 2 messages for 4 frames, recorded 1"]
