"""The demo's pictures: what a node said about its frames, and what exact input gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from offline.contact_sheet import WIDTH, Image, Video, sheet, text_bar
from offline.exact_input import Checked, figures
from offline.recording import pictures
from offline.shows import Show
from offline.synthetic.drive import FIRST_STAMP_NS
from scene_perception import overlays, visualization
from scene_perception.legends import label_legend, validity_legend

COLUMNS = 3
_VIDEO_HZ = 10.0
_EXACT = (
    "exact input: the same geometry on the generated street's exact disparities and flow instead "
    "of a network's; speeds are over the ground, the true ones in brackets"
)


def draw_show(show: Show, source: Path, recording: Path, video: Path, notes: str) -> Image:
    """Return the contact sheet of a run and write the video of all its frames.

    Args:
        show: names the topics.
        source: recording of the frames.
        recording: of what the node said about them.
        video: file to write.
        notes: what a reader must know, highlighted; empty for none.
    """
    headline = f"{show.node}: what {show.network} sees, live from the camera topic"
    stamps = [stamp for stamp, _ in pictures(recording, list(show.rows))]
    chosen = spread(stamps)
    columns, titles = [], []
    with Video(video, _VIDEO_HZ) as frames:
        for stamp, rows in _frames(show, source, recording):
            title = time_text(stamp, stamps[0])
            frames.add(sheet([rows], [title], headline=headline, warning=notes))
            if stamp in chosen:
                columns.append(rows)
                titles.append(title)
    legends = [label_legend(COLUMNS * WIDTH)] if "/semantic/color" in show.rows else []
    return sheet(columns, titles, headline=headline, warning=notes, legends=legends)


def draw_exact(checks: Sequence[Checked]) -> Image:
    """Return the contact sheet of exact input."""
    columns = [_exact_rows(checked) for checked in checks]
    titles = [_exact_title(checked) for checked in checks]
    legends = [validity_legend(COLUMNS * WIDTH)]
    return sheet(columns, titles, headline=_EXACT, legends=legends)


def spread(stamps: Sequence[int]) -> set[int]:
    """Return ``COLUMNS`` of the stamps, or what there is, evenly spread."""
    places = np.linspace(0, max(len(stamps) - 1, 0), COLUMNS + 2)[1:-1].round().astype(int)
    return {stamps[place] for place in places} if stamps else set()


def time_text(stamp_ns: int, first_ns: int) -> str:
    """Return when a frame was, counted from the first, for people."""
    return f"t = {(stamp_ns - first_ns) * 1e-9:.1f} s"


def _frames(show: Show, source: Path, recording: Path) -> Iterator[tuple[int, dict[str, Image]]]:
    camera = pictures(source, [show.camera])
    for stamp, images in pictures(recording, list(show.rows)):
        view = next(image[show.camera] for taken, image in camera if taken == stamp)
        yield stamp, {"camera": view, **{show.rows[topic]: images[topic] for topic in show.rows}}


def _exact_rows(checked: Checked) -> dict[str, Image]:
    motion = checked.motion
    return {
        "disparity": visualization.color_disparity(checked.estimate.disparity),
        "optical flow": visualization.color_flow(motion.flow),
        "3D velocity relative to the camera": visualization.color_scene_flow(motion.velocity),
        "validity": visualization.color_validity(motion.validity),
        "moving objects": _exact_objects(checked),
    }


def _exact_objects(checked: Checked) -> Image:
    """Return the image with numbered objects above their speeds, at the sheet's size."""
    motion = checked.motion
    tinted = overlays.overlay_mask(motion.depth.image, motion.motion_mask)
    scale = WIDTH / tinted.shape[1]
    size = (WIDTH, round(tinted.shape[0] * scale))
    small = cv2.resize(tinted, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    boxes = [_scaled(thing.box, scale) for thing in motion.objects]
    numbers = [str(number + 1) for number in range(len(boxes))]
    speeds = [
        f"{number}: {thing['speed_m_s']:.2f} m/s ({thing['true_speed_m_s']:.2f})"
        for number, thing in zip(numbers, figures(checked)["objects"], strict=True)
    ]
    return np.vstack(
        [
            overlays.overlay_boxes(small, boxes, numbers),
            text_bar("   ".join(speeds) or "nothing moves", WIDTH),
        ]
    )


def _scaled(box: tuple[int, int, int, int], scale: float) -> tuple[int, int, int, int]:
    left, top, width, height = (round(side * scale) for side in box)
    return left, top, width, height


def _exact_title(checked: Checked) -> str:
    found = figures(checked)
    measured, true = found["camera_speed_m_s"], found["true_camera_speed_m_s"]
    camera = "unknown" if measured is None else f"{measured:.2f} m/s"
    return f"{time_text(found['stamp_ns'], FIRST_STAMP_NS)}, camera {camera} ({true:.2f})"
