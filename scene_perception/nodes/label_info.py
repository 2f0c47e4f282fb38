"""The latched messages that name the semantic labels.

``vision_msgs/LabelInfo`` is among them where that package is installed (it is not among the
wheels).
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from scene_perception.cityscapes import label_names
from scene_perception.nodes.outputs import label_names_message

LABELS, LABEL_INFO = "semantic/labels", "semantic/label_info"


class LabelInfo(NamedTuple):
    """The type to publish and the message that names every semantic label."""

    message_type: type
    message: object


def label_messages() -> dict[str, object]:
    """Return by topic every message that names the semantic labels."""
    messages: dict[str, object] = {LABELS: label_names_message()}
    info = label_info()
    return messages if info is None else {**messages, LABEL_INFO: info.message}


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
