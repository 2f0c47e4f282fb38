"""``replay_node``'s settings; all are read once at start."""

from __future__ import annotations

from dataclasses import dataclass, field

from scene_perception.settings import setting


@dataclass(frozen=True)
class ImagesConfig:
    """How a folder of images is played; recordings do not need it."""

    fps: float = setting(10.0, "frames per second of a folder", minimum=0.01, maximum=1000.0)
    frame_id: str = setting("camera_optical", "optical frame of a folder's camera")
    calibration: str = setting(
        "", "camera_calibration YAML file of a folder's (rectified) images, for camera_info"
    )
    fx: float = setting(0.0, "focal length instead of calibration, px", minimum=0.0, maximum=1e6)
    fy: float = setting(0.0, "focal length, px; 0 is fx", minimum=0.0, maximum=1e6)
    cx: float = setting(-1.0, "principal point, px; -1 is the middle", minimum=-1.0, maximum=1e6)
    cy: float = setting(-1.0, "principal point, px; -1 is the middle", minimum=-1.0, maximum=1e6)


@dataclass(frozen=True)
class ReplayConfig:
    """What is played, how fast, and what it waits for."""

    source: str = setting("", "rosbag2 folder, .mcap or .db3 file, or a folder of images")
    topics: str = setting("", "topics to play, separated by commas; empty plays all")
    pace: str = setting(
        "time",
        "time plays as recorded; consumer also waits for the answer to each frame on pace_topic",
        choices=("time", "consumer"),
    )
    rate: float = setting(
        1.0,
        "times real time; with pace consumer the most, with pace time the speed",
        minimum=0.01,
        maximum=100.0,
    )
    loop: bool = setting(False, "start again at the end; stamps and /clock then jump back")
    exit_at_end: bool = setting(True, "end with the recording; false keeps latched topics alive")
    clock: bool = setting(True, "publish the recorded time on /clock")
    clock_hz: float = setting(
        40.0, "rate of /clock between messages, Hz", minimum=1.0, maximum=1000.0
    )
    wait_for_subscribers_s: float = setting(
        30.0, "how long to wait for the first subscriber, s; 0 plays at once", minimum=0.0,
        maximum=3600.0,
    )  # fmt: skip
    delay_s: float = setting(
        1.0, "time for discovery to settle after the first subscriber, s", minimum=0.0, maximum=60.0
    )
    pace_topic: str = setting(
        "depth/image_rect", "where the consumer answers a frame with the frame's stamp"
    )
    answers_behind: int = setting(
        0,
        "with pace consumer, wait for the answer to the frame this many before the newest: 1 for "
        "a node that describes a frame once the next one is there, as stereo_node does",
        minimum=0,
        maximum=10,
    )
    frame_topic: str = setting(
        "", "recorded topic whose messages are the frames; empty is the first of images"
    )
    answer_timeout_s: float = setting(
        20.0, "how long to wait for the answer to a frame, s", minimum=0.1, maximum=3600.0
    )
    images: ImagesConfig = field(default_factory=ImagesConfig)
