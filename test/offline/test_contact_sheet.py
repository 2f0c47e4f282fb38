import cv2
import numpy as np
import pytest

from offline.contact_sheet import Video, sheet, stacked


def picture(value):
    return np.full((40, 100, 3), value, np.uint8)


def test_sheet_has_a_column_per_frame_and_a_row_per_caption():
    columns = [{"camera": picture(10), "depth": picture(200)} for _ in range(3)]
    result = sheet(columns, ["a", "b", "c"], headline="h", width=50)
    bar, tile, gap = 26, 26 + 20, 4
    assert result.shape == (bar + 2 * (tile + gap), 3 * (50 + gap), 3)
    assert result[bar + tile + gap + 40, 25].tolist() == [200, 200, 200]


def test_warning_adds_a_highlighted_line():
    columns = [{"camera": picture(0)}]
    plain = sheet(columns, ["a"], headline="h", width=300)
    warned = sheet(columns, ["a"], headline="h", warning="RANDOM WEIGHTS", width=300)
    assert warned.shape[0] == plain.shape[0] + 26
    red_minus_blue = warned[26:52].astype(int)[..., 0] - warned[26:52].astype(int)[..., 2]
    assert red_minus_blue.max() > 100


def test_sheet_without_frames_is_refused():
    with pytest.raises(ValueError, match="at least one frame"):
        sheet([], [], headline="h")


def test_sheets_are_stacked_at_the_width_of_the_widest():
    result = stacked([picture(200), picture(100)[:, :50]])
    assert result.shape == (2 * (40 + 4), 100, 3)
    assert result[50, 20].tolist() == [100, 100, 100]
    assert result[50, 80].tolist() == [24, 24, 24]


def test_video_keeps_every_frame(tmp_path):
    path = tmp_path / "run.mp4"
    with Video(path, 10.0) as video:
        for value in (0, 100, 200):
            video.add(picture(value))
    capture = cv2.VideoCapture(str(path))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == 3
