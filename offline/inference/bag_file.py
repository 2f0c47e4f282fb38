"""Estimates as a recording with the topics and messages of the live node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from offline.inference.estimates import Estimates, Settings
from offline.inference.moments import Image, Moment
from scene_perception.cityscapes import label_names
from scene_perception.frame import MetricScale
from scene_perception.pipelines.ego_motion import mean_velocity
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagWriter

_IMAGES = {
    "depth": ("/depth/image_rect", "32FC1"),
    "labels": ("/semantic/image", "mono8"),
    "flow": ("/flow/image", "32FC2"),
    "motion_mask": ("/motion_mask/image", "mono8"),
    "motion_probability": ("/motion_probability/image", "32FC1"),
}


class _Message(NamedTuple):
    topic: str
    type: str
    data: bytes
    latched: bool = False


class Recording:
    """A bag whose log times are the frames' stamps.

    Args:
        path: folder of the recording; must not exist.
        settings: resolution and scale of the estimates.

    Raises:
        BagError: if ``path`` exists.
    """

    def __init__(self, path: Path, settings: Settings) -> None:
        self._writer = BagWriter(path)
        self._settings = settings

    def write(self, moment: Moment, image: Image, estimates: Estimates) -> None:
        """Append the messages of one moment."""
        for message in self._messages(moment, estimates):
            if message.topic not in self._writer.counts:
                self._writer.add_topic(message.topic, message.type, latched=message.latched)
            elif message.latched:
                continue
            self._writer.write(message.topic, moment.stamp_ns, message.data)

    def close(self) -> None:
        """Write the index and the metadata."""
        self._writer.close()

    def _messages(self, moment: Moment, estimates: Estimates) -> Iterator[_Message]:
        stamp_ns, frame_id = moment.stamp_ns, moment.frame_id()
        for name, array in estimates.items():
            if name in _IMAGES:
                topic, encoding = _IMAGES[name]
                yield _Message(topic, cdr.IMAGE, cdr.image(array, encoding, stamp_ns, frame_id))
        if "depth" in estimates:
            yield from self._depth_extras(moment, estimates["depth"].shape[::-1])
        if "labels" in estimates:
            names = json.dumps(label_names())
            yield _Message("/semantic/labels", cdr.STRING, cdr.string(names), latched=True)
        if "next_from_current" in estimates and moment.next_stamp_ns is not None:
            seconds = (moment.next_stamp_ns - stamp_ns) * 1e-9
            motion = mean_velocity(estimates["next_from_current"], self._scale, seconds)
            twist = cdr.twist(motion.linear_m_s, motion.angular_rad_s, stamp_ns, frame_id)
            yield _Message("/ego_motion", cdr.TWIST, twist)

    def _depth_extras(self, moment: Moment, size: tuple[int, ...]) -> Iterator[_Message]:
        scale = self._scale
        unit = {
            "unit": "m" if scale.is_metric else "relative",
            "source": scale.source,
            "factor": scale.factor if scale.is_metric else None,
        }
        yield _Message("/depth/unit", cdr.STRING, cdr.string(json.dumps(unit)), latched=True)
        intrinsics = moment.intrinsics()
        if intrinsics is not None:
            camera = intrinsics.scaled(size[0], size[1])
            info = cdr.camera_info(camera, moment.stamp_ns, moment.frame_id())
            yield _Message("/depth/camera_info", cdr.CAMERA_INFO, info)

    @property
    def _scale(self) -> MetricScale:
        source = self._settings.scale.source
        return MetricScale(self._settings.factor, source, is_metric=source != "none")
