"""``vision_msgs/LabelInfo``, where that package is installed (it is not among the wheels)."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from scene_perception.cityscapes import label_names


class LabelInfo(NamedTuple):
    """The type to publish and the message that names every semantic label."""

    message_type: type
    message: object


def label_info() -> LabelInfo | None:
    """Return the label names as a LabelInfo; None without vision_msgs or with an older one."""
    try:
        package = import_module("vision_msgs.msg")
    except ImportError:
        return None
    if not hasattr(package, "LabelInfo"):
        return None
    message = package.LabelInfo()
    for label, name in label_names().items():
        message.class_map.append(package.VisionClass(class_id=int(label), class_name=name))
    return LabelInfo(package.LabelInfo, message)
